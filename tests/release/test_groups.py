"""Which images are related: the same author, page, burst; written in many ways."""

from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carsets.catalog.grouping_rows import GroupingRow
from carsets.release.groups import (
    BURST_SECONDS,
    NO_LINK,
    author_key,
    burst_keys,
    page_key,
    read_keys,
    shared_keys,
)


def row(seq=1, image_id="00000000000000aa", superseded_by="", served_url="", **facts):
    return GroupingRow(seq, image_id, superseded_by, served_url, **facts)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"source": "bing", "author": "Ann Lee"}, {"source": "bing", "author": " ann  LEE "}),
        ({"author_url": "https://a.test/ann"}, {"author_url": "http://www.a.test/Ann/#photos"}),
        (
            {"source": "flickr", "author": "Ann", "author_url": "https://a.test/ann"},
            {"source": "openverse", "author": "Ann Lee", "author_url": "https://a.test/ann"},
        ),
    ],
)
def test_one_author(one, other):
    assert author_key(row(**one)) == author_key(row(**other)) != 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"source": "bing", "author": "Ann"}, {"source": "flickr", "author": "Ann"}),
        ({"source": "bing", "author": "Ann"}, {"source": "bing", "author": "Bob"}),
        (
            {"source": "flickr", "author": "John", "author_url": "https://a.test/1"},
            {"source": "flickr", "author": "John", "author_url": "https://a.test/2"},
        ),
    ],
)
def test_two_authors(one, other):
    assert author_key(row(**one)) != author_key(row(**other))


@pytest.mark.parametrize("name", ["", "  ", "Unknown", "unknown  author", "anonymous"])
def test_nobody_is_no_author(name):
    assert author_key(row(source="commons", author=name)) == 0


def test_pages_are_compared_without_their_fragment():
    one = page_key(row(page_url="https://a.test/p?id=1#top"))
    assert one == page_key(row(page_url="http://a.test/p?id=1"))
    assert one != page_key(row(page_url="https://a.test/p?id=2"))
    assert page_key(row()) == 0


def photo(taken, source="bing", url="https://a.test/1.jpg", **facts):
    return row(source=source, url=url, taken=taken, **facts)


def burst(*words, **facts):
    return {key for key in burst_keys(photo(*words, **facts)) if key}


def test_a_burst_is_of_one_source_and_host_and_of_nobody_known():
    there = burst("2026-05-01 12:00:00")
    assert there & burst("2026-05-01T12:00:59+00:00", url="https://a.test/2.jpg")
    assert not there & burst("2026-05-01 12:00:00", url="https://b.test/2.jpg")
    assert not there & burst("2026-05-01 12:00:00", source="yandex")
    assert not burst("2026-05-01 12:00:00", author="Ann")


@pytest.mark.parametrize(
    "taken", ["", "2026", "2026-05-01", "2026-05-01 00:00:00", "yesterday", "9999-99-99", "\0"]
)
def test_without_a_time_of_day_there_is_no_burst(taken):
    assert not burst(taken)


def test_a_host_that_is_none_is_no_fault():
    assert not burst("2026-05-01 12:00:00", url="http://[broken/")


@settings(deadline=None)
@given(st.datetimes(max_value=datetime(9990, 1, 1)), st.integers(0, 10 * BURST_SECONDS))
def test_close_in_time_is_close_and_far_is_far(start, seconds):
    one = start.replace(microsecond=0)
    other = one + timedelta(seconds=seconds)
    here, there = (burst_keys(photo(taken.isoformat())) for taken in (one, other))
    if (0, 0) in {here, there}:
        return  # midnight
    shares_one = here[0] == there[0] or here[1] == there[1]
    if seconds <= BURST_SECONDS:
        assert shares_one
    if seconds >= 2 * BURST_SECONDS:
        assert not shares_one


def test_links_and_near_duplicates_become_places():
    rows = [
        row(4, "00000000000000aa", superseded_by="ffffffffffffffcc"),
        row(7, "00000000000000bb"),
        row(9, "ffffffffffffffcc", superseded_by="00000000000000dd"),  # that one is not there
    ]
    near = [("g", "ffffffffffffffcc"), ("g", "00000000000000bb"), ("h", "00000000000000ee")]
    keys = read_keys([rows[:2], rows[2:]], near)
    assert keys.seq.tolist() == [4, 7, 9]
    assert keys.link.tolist() == [2, NO_LINK, NO_LINK]
    assert keys.near_places.tolist() == [2, 1]
    assert len(set(keys.near.tolist())) == 1
    shared = shared_keys(keys)
    assert shared.places.tolist() == [0, 1, 2]
    assert np.diff(shared.starts).tolist() == [1, 1, 2]
    assert shared.count == 2


def test_nothing_is_read_of_nothing():
    assert len(read_keys([])) == 0
    assert shared_keys(read_keys([])).count == 0
