"""Sources are asked for licenses by their own ids: what is read, and what is not claimed."""

import json

import pytest

from carsets.integrity.licenses_today import SOURCES, read_answer

UUID = "7c829a03-fb24-4b57-9b03-65f43ed19395"


def read(source, answer, ids, status=200):
    body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    return dict(read_answer(SOURCES[source], body, status, ids))


def test_flickr_is_asked_without_the_key_in_the_address():
    question = SOURCES["flickr"].ask(["53"], "secret")
    assert "secret" not in question.url
    assert "secret" in question.body


def test_flickr_names_its_licenses_by_number():
    assert read("flickr", {"photo": {"id": "53", "license": "4"}, "stat": "ok"}, ["53"]) == {
        "53": "by-2.0"
    }
    # A number that nobody knows is told as unknown, which is not what it was.
    new = {"photo": {"id": "53", "license": "99"}, "stat": "ok"}
    assert read("flickr", new, ["53"]) == {"53": "unknown"}


def test_commons_is_asked_for_many_at_once():
    question = SOURCES["commons"].ask(["1", "2"], "")
    assert "pageids=1%7C2" in question.url


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        {"stat": "fail", "code": 1, "message": "Photo not found"},
        {"photo": None},
        {"photo": {"id": "54", "license": "4"}},  # another one than was asked for
        {"query": {"pages": [{"pageid": 53, "missing": True}]}},
        {"query": None},
        {"id": UUID},
        {"detail": "Not found."},
    ],
)
@pytest.mark.parametrize("source", sorted(SOURCES))
def test_what_is_not_answered_is_not_claimed(source, answer):
    assert read(source, answer, ["53", UUID]) == {}


@pytest.mark.parametrize("source", sorted(SOURCES))
def test_errors_name_nothing(source):
    good = {"photo": {"id": "53", "license": "4"}}
    assert read(source, good, ["53"], status=503) == {}


def test_a_recorded_record_of_openverse(shared):
    [path] = (shared / "captures" / "openverse").glob("*EXCERPT.json")
    [record] = records_in(json.loads(path.read_bytes()))
    found = read("openverse", record, [record["id"]])
    assert found == {record["id"]: f"{record['license']}-{record['license_version']}"}


def records_in(value):
    """Return the records in a capture, however deep they lie."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, dict) and {"id", "license", "license_version"} <= value.keys():
        return [value]
    return [record for one in inner for record in records_in(one)]
