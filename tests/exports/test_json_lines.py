"""JSON lines: an object a line, texts exactly as they were."""

import io
import json

import pyarrow.json
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carsets.exports.columns import NAMES, json_text
from carsets.exports.json_lines import JsonLinesFormat, one_line
from carsets.image_lists import ImageList
from tests.exports.hostile_texts import HALF, NUL, TITLES
from tests.exports.writing import export


@pytest.fixture
def lines(folder, make_facts, make_record):
    """Export records with these titles and return the path of the file."""

    def run(*titles, **facts):
        records = [make_record(n, title=title, **facts) for n, title in enumerate(titles)]
        return export(JsonLinesFormat, folder, make_facts, records) / "images.jsonl"

    return run


def test_every_title_comes_back(lines):
    text = lines(*TITLES, NUL).read_text(encoding="utf-8")
    # Split as Unicode has it: many readers do, and find a line too many.
    found = [json.loads(line) for line in text.splitlines()]
    assert [one["title"] or "" for one in found] == [*TITLES, NUL]
    assert all(tuple(one) == NAMES for one in found)


def test_another_program_reads_it(lines):
    read = pyarrow.json.read_json(
        lines(*TITLES), read_options=pyarrow.json.ReadOptions(block_size=1 << 22)
    )
    assert [title or "" for title in read["title"].to_pylist()] == list(TITLES)


def test_lists_and_objects_stay_what_they_are(lines):
    path = lines("a", tags=("x", "y"), extra={"a": {"b": [1.5]}})
    found = json.loads(path.read_text(encoding="utf-8"))
    assert found["tags"] == ["x", "y"]
    assert found["extra"] == {"a": {"b": [1.5]}}
    assert found["labels"] == {"make": "Ford", "model": "Mustang", "color": "red"}
    assert found["top_labels"] == [
        {"label": "sports car", "score": 0.91}, {"label": "convertible", "score": 0.02}
    ]  # fmt: skip
    assert found["split"] is None


def test_no_character_moves_a_cursor_or_turns_a_line_round(lines):
    text = lines("a\x1b[31m\x9b\u202e\u2028\x7f", HALF).read_text(encoding="utf-8")
    assert all(line.isprintable() for line in text.split("\n"))


def test_carsets_reads_it_as_a_list(lines):
    [row] = ImageList.open(lines("red car")).rows()
    assert (row.problem, row.found.title, row.labels["model"]) == ("", "red car", "Mustang")


@given(st.dictionaries(st.text(), st.text() | st.floats(allow_nan=False, allow_infinity=False)))
def test_anything_comes_back_from_one_line(value):
    line = one_line(json_text(value))
    assert len(line.splitlines()) == 1
    assert json.loads(line) == value
    assert json.load(io.StringIO(line)) == value
