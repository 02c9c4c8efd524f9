"""Times are counted in little memory, and spread over units that a plot can show."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carsets.report import timeline as module
from carsets.report.timeline import Timeline

TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2029, 12, 31)).map(
    lambda when: when.replace(microsecond=0)
)


def told(times):
    timeline = Timeline()
    for when in times:
        timeline.take(f"{when.isoformat()}+00:00")
    return timeline


@settings(deadline=None)
@given(st.lists(TIMES, max_size=40), st.integers(1, 60))
def test_nothing_is_lost_whatever_the_unit(times, most):
    timeline = told(times)
    unit, points = timeline.spread(most)
    assert sum(number for _, number in points) == len(times)
    assert unit == "month" or len(points) <= most + 1
    starts = [start for start, _ in points]
    assert starts == sorted(set(starts))
    for start, number in points:
        kept = module.UNITS[unit]
        same = [t for t in times if t.isoformat()[:kept] == start.isoformat()[:kept]]
        assert number == len(same)


@pytest.mark.parametrize(
    ("apart", "unit"),
    [
        (timedelta(seconds=1), "second"),
        (timedelta(minutes=1), "minute"),
        (timedelta(hours=1), "hour"),
        (timedelta(days=1), "day"),
        (timedelta(days=40), "month"),
    ],
)
def test_the_unit_fits_the_time_that_it_took(apart, unit):
    first = datetime(2026, 2, 27, 22, 58, 40, tzinfo=UTC)
    timeline = told((first + number * apart).replace(tzinfo=None) for number in range(60))
    assert timeline.spread(80)[0] == unit


def test_a_long_crawl_takes_no_more_memory_than_a_short_one(monkeypatch):
    monkeypatch.setattr(module, "MOST_UNITS", 50)
    first = datetime(2026, 1, 1)
    times = [first + timedelta(minutes=37 * number) for number in range(4_000)]
    timeline = told(times)
    assert len(timeline.counts) <= 50
    assert timeline.unit == "month"
    assert timeline.counts == Counter(when.isoformat()[:7] for when in times)


def test_a_month_without_images_is_there_too():
    timeline = told([datetime(2025, 12, 31), datetime(2026, 3, 1)])
    assert [number for _, number in timeline.spread(4)[1]] == [1, 0, 0, 1]


@pytest.mark.parametrize("text", ["", "yesterday", "2026-13-01T00:00:00", "2026-01-01"])
def test_what_is_no_time_is_counted_as_unknown(text):
    timeline = Timeline()
    timeline.take(text)
    assert (timeline.unknown, timeline.counts, timeline.spread(5)) == (1, {}, ("second", []))
