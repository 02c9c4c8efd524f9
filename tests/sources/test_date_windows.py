"""Windows of time that together read everything, once."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carsets.sources.date_windows import MAX_WINDOWS, Reading, Window


def test_halves_touch_and_do_not_overlap():
    assert Window(10, 20).halves == (Window(10, 15), Window(16, 20))
    assert Window(10, 11).halves == (Window(10, 10), Window(11, 11))


@pytest.mark.parametrize("window", [Window(), Window(5, 5), Window(6, 5)])
def test_any_time_and_a_single_second_have_no_halves(window):
    assert window.halves is None
    assert Reading(500, (window,)).split() is None


@pytest.mark.parametrize(
    "text",
    [
        "100@1:any",
        "500@3:1076371200-1700000000",
        "500@1:1-2,3-4,5-5",
        "500@2:5-5.4,5-5.4r,5-5.16,6-9+4711",
        "500@1:1-1.0+-3",
    ],
)
def test_a_place_is_written_and_read_back(text):
    assert str(Reading.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "1",
            "0@1:any",
            "500@0:any",
            "500@1:",
            "500@1:x",
            "500@1:1",
            "500@1:1-2,",
            "a" * 9999,
        ),
        *("500@1:1-2.", "500@1:1-2.x", "500@1:1-2r", "500@1:1-2+", "500@1:1-2+1.5", "500@1:any.4"),
    ],
)
def test_anything_else_is_refused(text):
    with pytest.raises(ValueError, match="not a"):
        Reading.parse(text)


def test_goes_through_pages_then_windows():
    reading = Reading(500, (Window(1, 2), Window(3, 4)))
    assert str(reading.next_page()) == "500@2:1-2,3-4"
    second = reading.next_page().next_window()
    assert str(second) == "500@1:3-4"
    assert str(replace(reading, missing=7).next_window()) == "500@1:3-4+7"
    assert second.next_window() is None


@given(
    photos=st.lists(st.integers(0, 10_000), max_size=200),
    cap=st.integers(1, 20),
    per_page=st.integers(1, 20),
)
def test_every_photo_is_read_exactly_once_but_those_of_one_crowded_second(photos, cap, per_page):
    """Read as a spider does, from a source that answers like Flickr."""
    reading = Reading(per_page, (Window(0, 10_000),))
    found = []
    questions = 0
    while reading:
        questions += 1
        assert len(reading.windows) < MAX_WINDOWS
        reading = Reading.parse(str(reading))
        window = reading.window
        hits = sorted(moment for moment in photos if window.first <= moment <= window.last)
        halves = reading.split() if len(hits) > cap and reading.page == 1 else None
        if halves:
            reading = halves
            continue
        start = (reading.page - 1) * per_page
        found += hits[start : start + per_page]
        more = start + per_page < len(hits)
        reading = reading.next_page() if more else reading.next_window()
    assert sorted(found) == sorted(photos)
    assert questions <= 40 * (len(photos) + 1)
