"""Tasks for Label Studio, checked by the validators of its own SDK."""

import json
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest

import carsets.exports.labelstudio
from carsets.exports.labelstudio import LabelStudioFormat, plain
from tests.exports.hostile_texts import HALF, NUL, TITLES
from tests.exports.image_releases import (
    LABELS,
    ask,
    files_of,
    hand_out,
    picture,
    readers_python,
)

SDK = """
import json, sys
from pathlib import Path
from label_studio_sdk.label_interface import LabelInterface
folder = Path(sys.argv[1])
interface = LabelInterface((folder / "label_config.xml").read_text())
interface.validate()
files = sorted(folder.glob("tasks/*.json"))
tasks = [task for file in files for task in json.loads(file.read_text())]
wrong = []
for number, task in enumerate(tasks):
    # Of a task with predictions the validator of this version asks for one that it does not pass.
    if not interface.validate_task({"data": task["data"]}):
        wrong.append([number, "task"])
    if not all(interface.validate_prediction(one) for one in task["predictions"]):
        wrong.append([number, "prediction"])
known = interface.validate_prediction(
    {"result": [{"id": "x", "from_name": "make", "to_name": "image", "type": "choices",
                 "value": {"choices": ["nobody has heard of it"]}}]}
)
print(json.dumps({"tasks": len(tasks), "wrong": wrong, "takes anything": known}))
"""


def tasks_of(path):
    return [
        task
        for file in sorted(path.glob("tasks/*.json"))
        for task in json.loads(file.read_text("ascii"))
    ]


@pytest.fixture
def pairs(make_record):
    return [
        (
            make_record(
                n,
                label=label,
                labels={"make": label, "model": label, "color": "red"},
                split=("train", "test")[n % 5 == 0],
                title=TITLES[n % len(TITLES)],
                car_score=(0.93, None, 0.2)[n % 3],
                human_labels=frozenset({"make"}),
            ),
            picture(n, ("JPEG", "PNG", "WEBP", "GIF")[n % 4]),
        )
        for n, label in enumerate(LABELS)
    ]


@pytest.fixture
def facts(make_facts):
    return make_facts(classes=tuple(sorted(LABELS)), splits={"train": 21, "test": 6}, total=27)


def test_the_sdk_takes_every_task_and_prediction(folder, facts, pairs):
    hand_out(LabelStudioFormat(folder, facts), pairs)
    told = json.loads(ask(SDK, folder.path, python=readers_python()))
    assert told == {"tasks": 27, "wrong": [], "takes anything": False}


def test_the_sdk_takes_images_of_which_nothing_is_known(folder, make_record, make_facts):
    record = make_record(1, labels={}, car_score=None)
    hand_out(LabelStudioFormat(folder, make_facts(label="", classes=())), [(record, picture(1))])
    assert tasks_of(folder.path)[0]["predictions"] == []
    told = json.loads(ask(SDK, folder.path, python=readers_python()))
    assert (told["tasks"], told["wrong"]) == (1, [])


def test_predictions_say_what_is_known_and_how_surely(folder, facts, pairs):
    hand_out(LabelStudioFormat(folder, facts), pairs)
    by_id = {task["data"]["image_id"]: task for task in tasks_of(folder.path)}
    for record, _ in pairs:
        [prediction] = by_id[record.image_id]["predictions"]
        said = {one["from_name"]: one["value"] for one in prediction["result"]}
        assert said["make"] == {"choices": [plain(record.label)]}
        assert said["color"] == {"text": ["red"]}
        seen = {0.93: ["car"], 0.2: ["not a car"], None: None}[record.car_score]
        assert said.get("seen", {}).get("choices") == seen
        assert prediction.get("score") == {0.93: 0.93, 0.2: 0.8, None: None}[record.car_score]
        assert prediction["model_version"] == "carsets 1.0"
        assert by_id[record.image_id]["data"]["human_labels"] == ["make"]


def test_the_server_finds_every_image_below_the_folder_of_the_release(folder, facts, pairs):
    hand_out(LabelStudioFormat(folder, replace(facts, name=folder.path.name)), pairs)
    for task in tasks_of(folder.path):
        address = urlsplit(task["data"]["image"])
        assert address.path == "/data/local-files/"
        [place] = parse_qs(address.query)["d"]
        assert (folder.path.parent / place).is_file()


def test_odd_names_of_releases_survive_the_address(folder, make_record, make_facts):
    name = "my cars & more+ü?#%41"
    hand_out(LabelStudioFormat(folder, make_facts(name=name)), [(make_record(1), picture(1))])
    [task] = tasks_of(folder.path)
    assert parse_qs(urlsplit(task["data"]["image"]).query)["d"][0].startswith(f"{name}/images/")


def test_without_image_files_it_names_addresses(folder, make_record, make_facts):
    records = [make_record(1), make_record(2, url="file:///home/eve/2.jpg")]
    facts = make_facts(mode="urls", splits={"": 2})
    hand_out(LabelStudioFormat(folder, facts), [(record, None) for record in records])
    told = [task["data"]["image"] for task in tasks_of(folder.path)]
    assert told == [records[0].url, ""]


def test_tasks_come_in_files_that_a_server_can_take(folder, facts, pairs, monkeypatch):
    monkeypatch.setattr(carsets.exports.labelstudio, "AT_ONCE", 7)
    hand_out(LabelStudioFormat(folder, facts), pairs)
    counts = {
        path.name: len(json.loads(path.read_text())) for path in folder.path.glob("tasks/*.json")
    }
    assert counts == {
        "train-000000.json": 7,
        "train-000001.json": 7,
        "train-000002.json": 7,
        "test-000000.json": 6,
    }


@pytest.mark.parametrize("label", [*TITLES[1:], NUL, HALF])
def test_any_class_can_be_chosen(folder, make_record, make_facts, label):
    facts = make_facts(classes=(label,))
    hand_out(LabelStudioFormat(folder, facts), [(make_record(1, label=label), picture(1))])

    config = ElementTree.fromstring((folder.path / "label_config.xml").read_text("utf-8"))
    choices = {
        group.get("name"): [choice.get("value") for choice in group]
        for group in config.iter("Choices")
    }

    [prediction] = tasks_of(folder.path)[0]["predictions"]
    chosen = {one["from_name"]: one["value"].get("choices") for one in prediction["result"]}
    assert chosen["make"] == choices["make"]


def test_a_killed_pass_goes_on_and_gives_the_same_bytes(open_folder, facts, pairs, monkeypatch):
    monkeypatch.setattr(carsets.exports.labelstudio, "AT_ONCE", 5)
    first = open_folder()
    half = LabelStudioFormat(first, facts)
    for record, image in pairs[:10]:
        first.put(half.image_path(record, image.extension), image.data)
        half.add(record, image)
    del half
    first.close()

    again = open_folder()
    assert again.has("tasks/train-000000.json")
    hand_out(LabelStudioFormat(again, facts), pairs)

    whole = open_folder("whole")
    hand_out(LabelStudioFormat(whole, facts), pairs)
    assert files_of(again.path) == files_of(whole.path)
