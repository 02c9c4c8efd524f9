"""Tasks for Label Studio, held against the validators of its own SDK, and its answers."""

import json

import pytest

from carsets.crowd import labelstudio
from tests.exports.image_releases import ask, readers_python

SDK = """
import json, sys, tempfile
from pathlib import Path
from label_studio_sdk.converter import Converter
from label_studio_sdk.label_interface import LabelInterface
folder, exported = Path(sys.argv[1]), Path(sys.argv[2])
config = (folder / "label_config.xml").read_text("utf-8")
interface = LabelInterface(config)
interface.validate()
tasks = [task for file in sorted(folder.glob("tasks-*.json"))
         for task in json.loads(file.read_text("utf-8"))]
annotations = [one for task in json.loads(exported.read_text("utf-8"))
               for one in task["annotations"]]
out = Path(tempfile.mkdtemp())
Converter(config, str(out)).convert_to_json_min(str(exported), str(out), is_dir=False)
print(json.dumps({
    "tasks": [interface.validate_task(task) for task in tasks],
    "annotations": [interface.validate_annotation(one) for one in annotations],
    "unknown": interface.validate_annotation({"result": [
        {"id": "x", "from_name": "answer", "to_name": "image", "type": "choices",
         "value": {"choices": ["perhaps"]}}]}),
    "converted": [one["answer"] for one in json.loads((out / "result.json").read_text("utf-8"))],
}))
"""


def tasks_of(folder):
    return [
        task
        for file in sorted(folder.glob("tasks-*.json"))
        for task in json.loads(file.read_text("ascii"))
    ]


def exported(path, tasks, answers, **changes):
    """Write an export of a project: of each task {person: answer}."""
    whole = [
        {
            "id": number,
            "data": task["data"],
            "annotations": [
                {
                    "id": 100 * number + place,
                    "completed_by": who,
                    "was_cancelled": False,
                    "ground_truth": False,
                    "created_at": "2026-03-01T10:00:00.000000Z",
                    "lead_time": 3.2,
                    "result": [
                        {
                            "id": f"r{number}{place}",
                            "from_name": "answer",
                            "to_name": "image",
                            "type": "choices",
                            "origin": "manual",
                            "value": {"choices": [answer]},
                        }
                    ],
                }
                | changes
                for place, (who, answer) in enumerate(of_task.items())
            ],
            "predictions": [],
        }
        for number, (task, of_task) in enumerate(zip(tasks, answers, strict=True), 1)
    ]
    path.write_text(json.dumps(whole), "utf-8")
    return path


@pytest.fixture
def project(data, tasks, six):
    """Return the folder of a project that asks whether the make is right."""
    folder = data.folder / "project"
    asked = ["--question", "label", "--label", "make"]
    code, _, err = tasks("export", "labelstudio", folder, *asked)
    assert code == 0, err
    return folder


def test_the_sdk_takes_every_task_and_every_answer(data, project):
    answers = [{1: "yes", 2: "no", 3: "cannot tell"}] * 6
    path = exported(data.folder / "project.json", tasks_of(project), answers)
    told = json.loads(ask(SDK, project, path, python=readers_python()))
    assert told["tasks"] == [True] * 6
    assert told["annotations"] == [True] * 18
    assert told["unknown"] is False
    assert told["converted"] == ["yes", "no", "cannot tell"] * 6


def test_the_sdk_takes_choices_with_signs_of_markup(data, tasks, six):
    folder = data.folder / "project"
    choices = 'Škoda,<b>"Opel" & Co</b>'
    code, _, err = tasks(
        "export", "labelstudio", folder, "--question", "choose", "--label", "make",
        "--choices", choices,
    )  # fmt: skip
    assert code == 0, err
    path = data.folder / "project.json"
    exported(path, tasks_of(folder), [{1: '<b>"Opel" & Co</b>', 2: "Škoda"}] * 6)
    told = json.loads(ask(SDK, folder, path, python=readers_python()))
    assert all(told["tasks"])
    assert all(told["annotations"])


def test_there_and_back(data, tasks, project, six):
    answers = [{1: "yes", 2: "yes"}, {1: "no", 2: "no"}, *[{1: "yes", 2: "no"}] * 4]
    path = exported(data.folder / "project.json", tasks_of(project), answers)
    code, out, _ = tasks("import", "labelstudio", path)
    assert code == 0
    said = {r.image_id: (r.rater, r.decision, r.labels) for r in data.catalog.every_review()}
    assert said[six[0]] == ("labelstudio", "relabel", {"make": "Ford"})
    assert said[six[1]] == ("labelstudio", "relabel", {"make": ""})
    assert {said[one][1] for one in six[2:]} == {"skip"}
    assert "2 images decided, 4 left to scrapy review" in out
    assert "0 decisions are new, 6 were known" in tasks("import", "labelstudio", path)[1]


def test_it_costs_nothing_but_what_you_pay(data, tasks, six):
    out = tasks("export", "labelstudio", data.folder / "p", "--dry-run")[1]
    assert "$0.00" in out
    paid = tasks("export", "labelstudio", data.folder / "p", "--dry-run", "--price", "0.5")[1]
    assert "6 questions x 3 answers x $0.5 = $9.00, and $0.00 for the site: $9.00" in paid


def test_label_studio_can_serve_the_files_of_the_store(data, tasks, six):
    folder = data.folder / "p"
    code, _, err = tasks("export", "labelstudio", folder, "--images", "local")
    assert code == 0, err
    for task in tasks_of(folder):
        place = task["data"]["image"].removeprefix("/data/local-files/?d=")
        assert (data.folder / "data" / place).is_file()


def test_cancelled_annotations_and_other_controls_are_no_answers(data, tasks, project):
    path = data.folder / "project.json"
    exported(path, tasks_of(project), [{1: "yes", 2: "yes"}] * 6, was_cancelled=True)
    code, _, err = tasks("import", "labelstudio", path)
    assert code == 3
    assert "no answer" in err
    other = [{"from_name": "remark", "type": "textarea", "value": {"text": ["nice"]}}]
    exported(path, tasks_of(project), [{1: "yes"}] * 6, result=other)
    assert tasks("import", "labelstudio", path)[0] == 3


def choice(answer):
    return {"from_name": "answer", "type": "choices", "value": {"choices": [answer]}}


@pytest.mark.parametrize("who", [7, "eve", {"id": 7, "email": "e@x.test"}, {"email": "e@x.test"}])
def test_who_it_was_comes_in_several_shapes_and_stays_secret(data, tasks, project, who):
    path = exported(data.folder / "p.json", tasks_of(project), [{1: "yes"}] * 6, completed_by=who)
    assert tasks("import", "labelstudio", path, "--min-answers", 1)[0] == 0
    for review in data.catalog.every_review():
        assert "e@x.test" not in review.note
        assert review.decision == "relabel"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (
            {"result": [{"from_name": "answer", "type": "choices", "value": {"choices": ["x"]}}]},
            "x",
        ),
        ({"result": None}, "without result"),
        ({"result": [1]}, "without from_name"),
        ({"completed_by": None}, "completed_by"),
        ({"completed_by": True}, "completed_by"),
    ],
)
def test_malformed_answers_are_refused_with_their_task(data, tasks, project, changes, says):
    path = exported(data.folder / "p.json", tasks_of(project), [{1: "yes"}] * 6)
    whole = json.loads(path.read_text("utf-8"))
    whole[4]["annotations"][0] |= changes
    path.write_text(json.dumps(whole), "utf-8")
    code, _, err = tasks("import", "labelstudio", path)
    assert code == 2
    assert "task 5: " in err
    assert says in err
    assert err.count("\n") == 1
    assert list(data.catalog.every_review()) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "not JSON"), ("{}", "list of tasks"), ('[{"answer": "yes"}]', "not as JSON-MIN"),
     ("[" * 100_000, "not JSON")],
)  # fmt: skip
def test_another_file_is_refused_in_one_line(data, tasks, text, says):
    path = data.folder / "p.json"
    path.write_text(text, "utf-8")
    code, _, err = tasks("import", "labelstudio", path)
    assert code == 2
    assert says in err
    assert err.count("\n") == 1


def test_tasks_come_in_files_that_a_server_can_take(data, tasks, six, monkeypatch):
    monkeypatch.setattr(labelstudio, "AT_ONCE", 4)
    tasks("export", "labelstudio", data.folder / "p")
    counts = [
        len(json.loads(file.read_text())) for file in sorted(data.folder.glob("p/tasks-*.json"))
    ]
    assert counts == [4, 2]
