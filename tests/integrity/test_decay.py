"""Shares, their margins, and the report."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carsets.integrity.decay import MOST_HOSTS, OTHERS, DecayReport, Share, Tally, host_of


@given(st.integers(1, 10**6), st.data())
def test_the_interval_solves_wilsons_equation(whole, data):
    part = data.draw(st.integers(0, whole))
    low, high = Share(part, whole).interval
    assert 0 <= low <= part / whole <= high <= 1
    for bound in {low, high} - {0.0, 1.0}:  # |p - b| = z * sqrt(b (1 - b) / n)
        margin = 1.959963984540054 * math.sqrt(bound * (1 - bound) / whole)
        assert abs(part / whole - bound) == pytest.approx(margin, rel=1e-4, abs=1e-9)


def test_a_published_interval():
    # Newcombe 1998, table I: 81 of 263 by the score method without continuity correction.
    low, high = Share(81, 263).interval
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_of_nothing_nothing_is_known():
    assert Share(0, 0).interval == (0.0, 1.0)


def test_what_could_not_be_reached_is_not_decay():
    tally = Tally()
    tally.verdicts.update(same_bytes=8, gone=1, unreachable=5, relicensed=1)
    assert (tally.decay.part, tally.decay.whole) == (1, 10)


def test_hosts_beyond_the_most_are_counted_together():
    report = DecayReport(run_id="x")
    for number in range(MOST_HOSTS + 5):
        report.take(f"h{number}.test", "urls", "gone", "")
    assert len(report.hosts) == MOST_HOSTS + 1
    assert report.hosts[OTHERS].rows == 5
    assert report.as_json()["decay"]["part"] == MOST_HOSTS + 5
    assert any("more (--json" in line for line in report.lines())


@pytest.mark.parametrize("url", ["http://[", "", "file:///a.jpg", "data:,1"])
def test_odd_addresses_have_no_host(url):
    assert host_of(url) == ""
