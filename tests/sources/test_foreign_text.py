"""Texts of strangers may neither hang nor break what reads them."""

import time
from contextlib import suppress

import pytest

from carsets.sources.foreign_text import (
    MAX_PAGE_BYTES,
    ForeignTextError,
    pixels,
    read_json,
    to_int,
    to_text,
    without_markup,
)

# Reading 5 MB takes well under a second here. What is not linear takes minutes, so this bound
# tells the two apart on a machine of any speed.
FAR_TOO_LONG = 20


@pytest.mark.parametrize("body", [b'{"a": [1, "\\u00e4"]}', '{"a": [1, "ä"]}'])
def test_reads_json(body):
    assert read_json(body) == {"a": [1, "ä"]}


@pytest.mark.parametrize("body", [b'["half an emoji \\ud83d"]', '["half an emoji \\ud83d"]'])
def test_a_text_that_was_cut_within_a_character_costs_no_page(body):
    [text] = read_json(body)
    assert to_text(text) == "half an emoji"


@pytest.mark.parametrize("text", ["two\nlines", "a\ttab", "\u202ebackwards\n", "\x00zero\n\x1b[1m"])
def test_lines_and_tabs_stay_and_what_hides_goes(text):
    kept = to_text(text)
    assert kept == "".join(c for c in text if c in "\n\t" or c.isprintable()).strip()


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>", b'{"a": 1', b"{} {}", b"\xff\xfe\x00", b"NaN", b"[Infinity]", b"1" * 5000],
)
def test_what_is_no_json_is_one_clear_line(body):
    with pytest.raises(ForeignTextError) as caught:
        read_json(body)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["[", '{"a":', '[{"a":'])
def test_json_nested_without_end_is_refused(text):
    closing = text[::-1].translate(str.maketrans("[{", "]}", '":a'))
    for times in (300, 100_000):
        with pytest.raises(ForeignTextError):
            read_json(text * times + "1" + closing * times)


def test_json_nested_as_real_answers_are_is_read():
    assert read_json("[" * 50 + "]" * 50)


def test_more_than_five_megabytes_are_not_parsed():
    with pytest.raises(ForeignTextError, match="larger"):
        read_json(b" " * MAX_PAGE_BYTES + b"1")


@pytest.mark.parametrize(
    "piece", ["[],", '{"a":0},', '"\\ud800",', "0,", "1e999,", '"', "\\", "[1,[2,[3]]],"]
)
def test_five_hostile_megabytes_take_linear_time(piece):
    body = "[" + piece * (MAX_PAGE_BYTES // len(piece) - 1) + "0]"
    started = time.process_time()
    with suppress(ForeignTextError):
        read_json(body[:MAX_PAGE_BYTES])
    assert time.process_time() - started < FAR_TOO_LONG


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (12, 12),
        ("12", 12),
        (" -3 ", -3),
        ("", None),
        ("1.5", None),
        (1.5, None),
        (True, None),
        (None, None),
        ("٣", None),
        ("9" * 5000, None),
        ([1], None),
    ],
)
def test_numbers_may_come_as_text(value, number):
    assert to_int(value) == number


@pytest.mark.parametrize(
    ("value", "size"),
    [("1024", 1024), (0, None), (-1, None), ("10000000", None), (None, None), ("x", None)],
)
def test_sizes_are_positive_and_possible(value, size):
    assert pixels(value) == size


def test_texts_lose_what_cannot_be_stored_or_shown():
    assert to_text(" a\x00b\ud800c\u202ed\x1b[31m\r ") == "abcd[31m"
    assert to_text("two\nlines\tof text") == "two\nlines\tof text"
    assert to_text("x" * 20_000) == "x" * 10_000
    assert to_text(None) == to_text(3) == to_text(["a"]) == ""
    to_text("\ud800\udfff ok").encode("utf-8")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (
            'Seen at the <b>show</b>, <a href="https://example.org/?a=1&amp;b=2">link</a>.',
            "Seen at the show, link.",
        ),
        ("1 < 2 &amp; 3 > 2", "1 < 2 & 3 > 2"),
        ("&lt;script&gt;", "<script>"),
        ("a<br/>b<!-- c -->", "ab"),
        ("<b", "<b"),
        ("&#x1b;[31mx&#xd800;y", "[31mx\ufffdy"),
        (None, ""),
    ],
)
def test_markup_is_taken_out(value, text):
    assert without_markup(value) == text


def test_markup_without_end_takes_linear_time():
    started = time.process_time()
    for piece in ("<", "<a", "<a <b>", "&#", "&amp"):
        without_markup(piece * 1_000_000)
    assert time.process_time() - started < FAR_TOO_LONG
