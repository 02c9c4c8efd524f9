"""Decisions as a file: out of one catalog, into another, and nothing of a malformed one."""

import json

import pytest

from carsets.problems import UserError
from carsets.review.transfer import read_reviews, write_reviews
from tests.review.review_data import Client, ReviewData, decision, undo


@pytest.fixture
def other(tmp_path):
    """Return a second dataset with the same images."""
    (tmp_path / "other").mkdir()
    made = ReviewData(tmp_path / "other")
    made.add_many(5)
    yield made
    made.catalog.close()


@pytest.fixture
def ids(data):
    ids = data.add_many(5)
    with data.serving("ann", "bob") as server:
        ann, bob = Client(server, "ann"), Client(server, "bob")
        ann.decide(
            decision("a", ids[0], labels={"make": "Škoda"}, note='say "no"\nmore'),
            decision("b", ids[1], "drop"),
            undo("c", "b"),
        )
        bob.decide(decision("d", ids[0], "drop"))
        bob.post("/api/pairs", {"images": ids[:2], "same": False})
    return ids


def everything(data):
    reviews = [review._replace(review_id=0) for review in data.catalog.every_review()]
    return reviews, list(data.catalog.judged_pairs())


def test_a_file_carries_all_of_it_and_twice_is_once(data, other, ids, tmp_path):
    path = tmp_path / "decisions.jsonl"
    assert write_reviews(data.catalog, path) == 4
    counts = read_reviews(other.catalog, path)
    assert (counts["saved"], counts["known"], counts["pairs"]) == (3, 0, 1)
    assert everything(other) == everything(data)
    assert read_reviews(other.catalog, path)["saved"] == 0
    assert everything(other) == everything(data)


def test_what_was_taken_back_since_is_taken_back_there_too(data, other, ids, tmp_path):
    path = tmp_path / "decisions.jsonl"
    write_reviews(data.catalog, path)
    read_reviews(other.catalog, path)
    with data.serving("bob") as server:
        Client(server, "bob").decide(undo("e", "d"))
    write_reviews(data.catalog, path)
    read_reviews(other.catalog, path)
    assert [review.undone for review in other.catalog.every_review()] == [False, True, True]


def test_what_is_about_no_image_here_is_counted(data, other, ids, tmp_path):
    path = tmp_path / "decisions.jsonl"
    write_reviews(data.catalog, path)
    text = path.read_text("utf-8").replace(ids[0], "f" * 16)
    path.write_text(text, "utf-8")
    counts = read_reviews(other.catalog, path)
    assert (counts["saved"], counts["lost"]) == (1, 3)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("nonsense", "not JSON"),
        ("[1]", "an object"),
        ("{}", "image_id"),
        ({"rater": ""}, "rater"),
        ({"rater": "a\x1bb"}, "rater"),
        ({"decision": "delete"}, "decision"),
        ({"reviewed_at": "yesterday"}, "a time"),
        ({"key": "x"}, "key"),
        ({"undone": 1}, "undone"),
        ('{"pair": ["a", "b"], "same": true}', "image_id"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_one_malformed_line_refuses_the_file(data, other, ids, tmp_path, wrong, says):
    path = tmp_path / "decisions.jsonl"
    write_reviews(data.catalog, path)
    lines = path.read_text("utf-8").splitlines()
    if isinstance(wrong, dict):
        wrong = json.dumps(json.loads(lines[1]) | wrong)
    path.write_text("\n".join([*lines, wrong]), "utf-8")
    with pytest.raises(UserError, match=f"line 5: .*{says}.*nothing was taken") as refusal:
        read_reviews(other.catalog, path)
    assert "\n" not in str(refusal.value)
    assert everything(other) == ([], [])
