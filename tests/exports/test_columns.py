"""What every table has in common: the columns, and texts that can be written."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carsets.exports.columns import (
    COLUMNS,
    NAMES,
    json_text,
    json_without_nul,
    public_url,
    values_of,
    whole,
    without_nul,
)
from carsets.release.record import Record


def values(record):
    return dict(zip(NAMES, values_of(record), strict=True))


def test_names_are_there_once():
    assert len(set(NAMES)) == len(NAMES)


def test_every_fact_of_a_record_has_a_column():
    spread = {"license": "license", "split": "split", "denied": "denied_labels"}
    assert {spread.get(name, name) for name in Record.__slots__} <= set(NAMES)


def test_what_nobody_said_is_none_and_what_is_required_is_there(make_record):
    bare = make_record(
        title="", author="", author_url="", phash="", view="", page_url="", thumbnail_url="",
        labels={}, top_labels=(), car_score=None, license_read_at="", fetched_at="",
    )  # fmt: skip
    found = values(bare)
    assert [found[n] for n in ("title", "author", "phash", "make", "label", "car_score")] == [
        None
    ] * 6
    for column in COLUMNS:
        assert not column.required or found[column.name] is not None, column.name


def test_the_license_is_told_in_full(make_record):
    found = values(make_record())
    assert found["license"] == "by-2.0"
    assert found["license_spdx"] == "CC-BY-2.0"
    assert found["license_evidence"] == "api"
    assert found["license_url"] == "https://creativecommons.org/licenses/by/2.0/"


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://a.test/1.jpg", "https://a.test/1.jpg"),
        ("HTTP://A.test/1.jpg", "HTTP://A.test/1.jpg"),
        ("file:///home/eve/cars/1.jpg", None),
        ("data:image/png;base64,AA", None),
        ("javascript:alert(1)", None),
        ("", None),
    ],
)
def test_only_addresses_that_others_can_ask_leave(url, public):
    assert public_url(url) == public


def test_numbers_that_are_none_do_not_leave(make_record):
    nan = float("nan")
    found = values(make_record(car_score=nan, top_labels=(("car", nan),), extra={"a": [nan, 1]}))
    assert found["car_score"] is None
    assert found["top_labels"] == [{"label": "car", "score": None}]
    assert json_text(found["extra"]) == '{"a":[null,1]}'


@given(st.text(st.characters()))
def test_every_text_becomes_one_that_can_be_written(text):
    assert whole(text).encode().decode() == whole(text)
    assert len(whole(text)) == len(text)


@given(st.text())
def test_texts_without_halves_stay_as_they_are(text):
    assert whole(text) == text
    assert json.loads(json_text({"a": text})) == {"a": text}


@given(st.text(st.sampled_from('\\u0\0a"n')))
def test_only_nul_itself_is_taken_out_of_json(text):
    assert json.loads(json_without_nul(json_text(text))) == without_nul(text)
