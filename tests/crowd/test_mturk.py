"""A batch for Mechanical Turk, and its results: there and back."""

import csv
import json
import re
import stat

import pytest
from parsel import Selector

from tests.crowd.mturk_results import read_batch, write_results
from tests.release.conftest import jpeg


def standing(data):
    return {
        review.image_id: (review.rater, review.decision, review.labels)
        for review in data.catalog.every_review()
        if not review.undone
    }


@pytest.fixture
def batch(data, tasks, six):
    """Return the rows of a batch that asks of six images whether a car is on them."""
    code, _, err = tasks("export", "mturk", data.folder / "batch", "-n", 6)
    assert (code, err) == (0, ""), err
    return read_batch(data.folder / "batch")


def test_the_batch_asks_about_the_most_doubted_first(batch, six):
    assert [row["image_id"] for row in batch] == six
    assert [row["image_url"] for row in batch] == [
        f"https://live.flickr.test/{n}.jpg" for n in range(1, 7)
    ]
    assert list(batch[0]) == [
        "image_url",
        "text",
        "image_id",
        "question",
        "label",
        "value",
        "choices",
    ]


def test_the_template_names_only_columns_of_the_table_and_loads_nothing_else(data, batch):
    text = (data.folder / "batch" / "template.html").read_text("utf-8")
    assert set(re.findall(r"\$\{(\w+)\}", text)) <= set(batch[0])
    assert re.findall(r'value="([^"]+)"', text) == ["yes", "no", "cannot tell"]
    assert "<script" not in text
    assert "http" not in text


def test_the_majority_becomes_decisions_and_the_rest_waits(data, tasks, six, batch):
    answers = [
        {"A1": "yes", "A2": "yes", "A3": "no"},
        {"A1": "no", "A2": "no", "A3": "no"},
        {"A1": "yes", "A2": "no"},  # a tie
        {"A1": "no"},  # too few
        {"A1": "cannot tell", "A2": "cannot tell", "A3": "yes"},
        {"A1": "yes", "A2": "yes", "bad1": "no", "bad2": "no", "bad3": "no"},  # rejected ones
    ]
    results = write_results(data.folder / "r.csv", batch, answers)
    code, out, _ = tasks("import", "mturk", results)
    assert code == 0
    decisions = [standing(data)[one] for one in six]
    words = ["keep", "drop", "skip", "skip", "skip", "keep"]
    assert decisions == [("mturk", word, None) for word in words]
    assert "14 answers: 3 images decided, 3 left to scrapy review" in out
    notes = [review.note for review in data.catalog.every_review()]
    assert "yes 2, no 1 of 3" in notes[0]
    # What people could not agree on is still open to whoever sits down at the review page.
    page = data.desk().page("ann", {"state": "open"})
    assert [item["image_id"] for item in page["items"]] == six[2:5]


def test_importing_twice_changes_nothing_and_more_answers_count_anew(data, tasks, six, batch):
    few = [{"A1": "yes", "A2": "yes"}] * 6
    results = write_results(data.folder / "r.csv", batch, few)
    tasks("import", "mturk", results)
    before = list(data.catalog.every_review())
    code, out, _ = tasks("import", "mturk", results)
    assert code == 0
    assert "0 decisions are new, 6 were known" in out
    assert list(data.catalog.every_review()) == before
    more = [{"A1": "yes", "A2": "yes", "A3": "no", "A4": "no", "A5": "no"}] * 6
    tasks("import", "mturk", write_results(data.folder / "r.csv", batch, more))
    assert {word for _, word, _ in standing(data).values()} == {"drop"}


def test_what_people_here_have_decided_stays(data, tasks, six, batch):
    data.review_by("ann", six[0], "keep")
    data.review_by("ann", six[1], "relabel", {"make": "Opel"})  # says nothing of the verdict
    results = write_results(data.folder / "r.csv", batch, [{"A1": "no", "A2": "no"}] * 6)
    _, out, _ = tasks("import", "mturk", results)
    assert "1 were decided here already" in out
    assert standing(data)[six[0]] == ("ann", "keep", None)
    assert standing(data)[six[1]] == ("mturk", "drop", None)


def test_no_worker_is_known_by_name(data, tasks, batch):
    results = write_results(data.folder / "r.csv", batch, [{"A2WORKERID": "yes", "B": "yes"}] * 6)
    tasks("import", "mturk", results)
    data.catalog.close()
    for path in (data.folder / "data").rglob("*"):
        if path.is_file():
            assert b"A2WORKERID" not in path.read_bytes(), path
    salt = data.folder / "data" / "worker-salt"
    assert stat.S_IMODE(salt.stat().st_mode) == 0o600


def test_another_dataset_gives_the_same_worker_another_name(tmp_path):
    from carsets.crowd.workers import pseudonym, read_salt

    names = set()
    for name in ("one", "two", "one"):
        (tmp_path / name).mkdir(exist_ok=True)
        names.add(pseudonym(read_salt(tmp_path / name), "A2WORKERID"))
    assert len(names) == 2


@pytest.mark.parametrize(
    "form",
    [
        lambda answer: {"Answer.answer": answer},
        lambda answer: {
            f"Answer.answer.{one}": str(one == answer).lower() for one in ("yes", "no")
        },
        lambda answer: {"Answer.taskAnswers": json.dumps([{"answer": answer}])},
        lambda answer: {
            "Answer.taskAnswers": json.dumps([{"answer": {"no": answer == "no", "yes": True}}])
        },
    ],
    ids=["radio", "flattened", "json", "json of flags"],
)
def test_all_shapes_of_answers_are_read(data, tasks, six, batch, form):
    results = write_results(data.folder / "r.csv", batch, [{"A": "yes", "B": "yes"}] * 6, form=form)
    assert tasks("import", "mturk", results)[0] == 0
    assert {word for _, word, _ in standing(data).values()} == {"keep"}


def test_empty_answers_are_no_answers(data, tasks, batch):
    results = write_results(data.folder / "r.csv", batch, [{"A": "yes", "B": ""}] * 6)
    assert "6 answers: 0 images decided, 6 left" in tasks("import", "mturk", results)[1]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"Answer.answer": "maybe"}, "'maybe' answers no car question"),
        ({"AssignmentStatus": "Lost"}, "AssignmentStatus 'Lost'"),
        ({"WorkerId": ""}, "WorkerId is missing"),
        ({"AssignmentId": "3X"}, "stands there twice"),
        ({"Input.image_id": "../../etc"}, "image_id is missing or malformed"),
        ({"Input.question": "age"}, "question must be one of"),
        ({"Input.question": "label"}, "do not fit"),
        ({"Input.choices": "a|b"}, "do not fit"),
    ],
)
def test_malformed_answers_are_refused_with_their_line_and_nothing_is_taken(
    data, tasks, batch, changes, says
):
    good = write_results(data.folder / "good.csv", batch, [{"A": "yes", "B": "yes"}] * 6)
    bad = write_results(data.folder / "bad.csv", batch, [{"C": "yes", "D": "no"}] * 6, **changes)
    lines = good.read_text("utf-8").splitlines(keepends=True)
    lines += bad.read_text("utf-8").splitlines(keepends=True)[-2:]
    mixed = data.folder / "mixed.csv"
    mixed.write_text("".join(lines), "utf-8", newline="")
    code, _, err = tasks("import", "mturk", mixed)
    assert code == 2
    assert re.search(r"line 1[45]: ", err)
    assert says in err
    assert err.count("\n") == 1
    assert list(data.catalog.every_review()) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is missing"),
        ("HITId,WorkerId\n1,2\n", "AssignmentId, AssignmentStatus"),
        ('"HITId\n', "nothing was taken"),
        ("a,b\n\xff", "nothing was taken"),
    ],
)
def test_another_file_is_refused_in_one_line(data, tasks, text, says):
    path = data.folder / "other.csv"
    path.write_bytes(text.encode("latin-1"))
    code, _, err = tasks("import", "mturk", path)
    assert code == 2
    assert says in err
    assert err.count("\n") == 1


def test_strangers_labels_run_in_no_spreadsheet_and_come_back_as_they_were(data, tasks):
    evil = '=HYPERLINK("https://evil.test/","click")'
    image_id = data.id(data.add(labels={"make": evil}))
    folder = data.folder / "batch"
    tasks("export", "mturk", folder, "--question", "label", "--label", "make")
    [row] = read_batch(folder)
    assert row["value"] == f"'{evil}"
    for cell in row.values():
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    results = write_results(data.folder / "r.csv", [row], [{"A": "yes", "B": "yes"}])
    assert tasks("import", "mturk", results)[0] == 0
    assert standing(data)[image_id] == ("mturk", "relabel", {"make": evil})


@pytest.mark.parametrize(
    "evil", ["<img src=x onerror=alert(1)>", '"><script>alert(1)</script>', "' onload='alert(1)"]
)
def test_strangers_words_are_no_part_of_the_workers_page(data, tasks, evil):
    data.add(labels={"make": evil}, seen={"url": f"https://x.test/a.jpg?{evil}&b=1"})
    folder = data.folder / "batch"
    tasks("export", "mturk", folder, "--question", "label", "--label", "make")
    [row] = read_batch(folder)
    page = (folder / "template.html").read_text("utf-8")
    for name, value in row.items():  # as they are: Mechanical Turk escapes nothing
        page = page.replace(f"${{{name}}}", value)
    tree = Selector(page)
    assert tree.css("h3::text").get() == f"Is this right? make: {evil}"
    assert len(tree.css("img")) == 1
    assert not tree.css("script")
    assert not tree.xpath("//@*[starts-with(name(), 'on')]")
    assert tree.css("img::attr(src)").get().endswith("&b=1")


# --- Other questions ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "answer", "decided"),
    [
        (["--question", "label", "--label", "make"], "yes", ("relabel", {"make": "Ford"})),
        (["--question", "label", "--label", "make"], "no", ("relabel", {"make": ""})),
        (
            ["--question", "choose", "--label", "make", "--choices", "Opel, Ford"],
            "Opel",
            ("relabel", {"make": "Opel"}),
        ),
        (["--question", "choose", "--label", "color"], "blue", ("relabel", {"color": "blue"})),
        (
            ["--question", "choose", "--label", "body"],
            "none of these",
            ("relabel", {"body": ""}),
        ),
        (["--question", "view"], "interior", ("view", {"view": "interior"})),
    ],
)
def test_each_question_decides_what_it_asks(data, tasks, six, options, answer, decided):
    folder = data.folder / "batch"
    code, _, err = tasks("export", "mturk", folder, *options)
    assert code == 0, err
    rows = read_batch(folder)
    assert f'value="{answer}"' in (folder / "template.html").read_text("utf-8")
    results = write_results(data.folder / "r.csv", rows, [{"A": answer, "B": answer}] * 6)
    assert tasks("import", "mturk", results)[0] == 0
    assert standing(data) == dict.fromkeys(six, ("mturk", *decided))


def test_peoples_words_reach_the_next_release(data, tasks, six, batch):
    answers = [{"A": "no", "B": "no"}, *[{"A": "yes", "B": "yes"}] * 5]
    tasks("import", "mturk", write_results(data.folder / "r.csv", batch, answers))
    folder = data.folder / "makes"
    tasks("export", "mturk", folder, "--question", "label", "--label", "make")
    makes = read_batch(folder)
    assert [row["image_id"] for row in makes] == six[1:]  # what was dropped is not asked about
    said = [{"A": "no", "B": "no"}, *[{"A": "yes", "B": "yes"}] * 4]
    tasks("import", "mturk", write_results(data.folder / "m.csv", makes, said))
    code, _, _ = tasks("export", "mturk", folder, "--question", "label", "--label", "make")
    assert code == 3  # everything about makes is decided

    rows = {}
    report = data.release("jsonl", "release")
    for line in (report.path / "images.jsonl").read_text("utf-8").splitlines():
        rows[json.loads(line)["image_id"]] = json.loads(line)
    assert set(rows) == set(six[1:])
    assert rows[six[1]]["make"] is None
    assert rows[six[1]]["denied_labels"] == [{"label": "make", "value": "Ford"}]
    assert all(rows[one]["human_labels"] == ["make"] for one in six[2:])

    path = data.release("openimages", "open").path
    with (path / "train" / "labels.csv").open(encoding="utf-8", newline="") as file:
        people = [row for row in csv.DictReader(file) if row["Source"] == "human"]
    assert {row["ImageID"] for row in people if row["Confidence"] == "1.0"} == set(six[2:])
    assert six[1] in {row["ImageID"] for row in people if row["Confidence"] == "0.0"}


# --- Price --------------------------------------------------------------------------------------


def test_the_price_is_told_before_anything_is_written(data, tasks, six):
    folder = data.folder / "batch"
    code, out, _ = tasks("export", "mturk", folder, "-n", 5, "--price", "0.05", "--dry-run")
    assert code == 0
    # 5 x 3 x $0.05; the fee of 20 % is 1 cent for each answer.
    assert "5 questions x 3 answers x $0.05 = $0.75, and $0.15 for the site: $0.90" in out
    assert not folder.exists()


def test_a_batch_beyond_the_budget_is_refused(data, tasks, six):
    folder = data.folder / "batch"
    code, _, err = tasks("export", "mturk", folder, "-n", 5, "--price", "0.05", "--budget", "0.89")
    assert code == 2
    assert "costs $0.90, and nothing was written" in err
    assert not folder.exists()
    assert tasks("export", "mturk", folder, "-n", 5, "--price", "0.05", "--budget", "0.90")[0] == 0


# --- What may be shown --------------------------------------------------------------------------


def test_copies_of_yours_need_a_license_that_allows_it(data, tasks):
    free = data.id(data.add())
    data.add(license="arr")
    data.add(license="unknown")
    folder = data.folder / "batch"
    mine = ["export", "mturk", folder, "--images", "https://cars.example/images"]
    code, _, err = tasks(*mine)
    assert code == 2
    assert "--mode cc does not allow 2 of 3 images" in err
    code, out, _ = tasks(*mine, "--only-allowed")
    assert code == 0
    assert "Left out: 2" in out
    [row] = read_batch(folder)
    assert row["image_id"] == free
    assert re.fullmatch(r"https://cars\.example/images/../../[0-9a-f]{64}\.jpg", row["image_url"])
    code, _, _ = tasks(
        "export", "mturk", data.folder / "own", "--images", "https://cars.example/", "--mode",
        "internal",
    )  # fmt: skip
    assert code == 0
    assert len(read_batch(data.folder / "own")) == 3


def test_reserved_images_are_shown_to_nobody_else(data, tasks):
    shown = data.id(data.add())
    data.add(reservation="reserved")
    code, out, _ = tasks("export", "mturk", data.folder / "batch")
    assert code == 0
    assert "its owner reserves the rights" in out
    assert [row["image_id"] for row in read_batch(data.folder / "batch")] == [shown]


def test_images_from_a_disk_have_no_address_to_show(data, tasks):
    data.add(seen={"url": "file:///home/eve/1.jpg"})
    code, out, err = tasks("export", "mturk", data.folder / "batch")
    assert code == 3
    assert "have no address on the web" in out
    assert "no image is left" in err


def test_a_filter_and_a_spot_check_choose_too(data, tasks, six):
    blue = data.id(data.add(labels={"color": "blue"}, body=jpeg(99)))
    tasks("export", "mturk", data.folder / "blue", "--where", "color = 'blue'")
    assert [row["image_id"] for row in read_batch(data.folder / "blue")] == [blue]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--question", "age"], "expected one of: car"),
        (["--question", "label"], "name a --label"),
        (["--question", "label", "--label", "planet"], "name a --label"),
        (["--question", "choose", "--label", "make"], "2 to 30 different --choices"),
        (["--question", "choose", "--label", "make", "--choices", "a,a"], "different"),
        (["--question", "choose", "--label", "make", "--choices", "a,b|c"], "cannot be one"),
        (["--question", "car", "--label", "make"], "takes no --label"),
        (["-n", "0"], "-n '0'"),
        (["--answers", "x"], "--answers 'x'"),
        (["--price", "-1"], "--price '-1'"),
        (["--budget", "NaN"], "--budget 'NaN'"),
        (["--images", "http://insecure.example"], "--images"),
        (["--images", "local"], "cannot reach your disk"),
        (["--images", "https://x.example/", "--mode", "urls"], "--images source"),
        (["--where", "nonsense ("], "--where"),
        (["--spotcheck", "none"], "--spotcheck none"),
    ],
)
def test_wrong_options_are_told_in_one_line(data, tasks, six, args, says):
    code, _, err = tasks("export", "mturk", data.folder / "batch", *args)
    assert code == 2
    assert says in err
    assert err.count("\n") == 1
    assert not (data.folder / "batch").exists()


def test_nothing_is_written_over(data, tasks, six):
    (data.folder / "batch").mkdir()
    code, _, err = tasks("export", "mturk", data.folder / "batch")
    assert code == 2
    assert "is there already" in err
    assert list((data.folder / "batch").iterdir()) == []
