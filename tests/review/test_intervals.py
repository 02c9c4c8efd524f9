"""Wilson's interval against published values, and what weighted samples are worth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carsets.review.intervals import Part, estimate, wilson, worth_of_groups


# R. G. Newcombe, "Two-sided confidence intervals for the single proportion" (1998), table I,
# method 3.
@pytest.mark.parametrize(
    ("part", "whole", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_published_values(part, whole, low, high):
    assert wilson(part / whole, whole) == pytest.approx((low, high), abs=5e-5)


@settings(deadline=None)  # the first call imports scipy
@given(st.integers(0, 300), st.integers(1, 300))
def test_the_same_as_another_implementation(part, whole):
    stats = pytest.importorskip("scipy.stats")
    part = min(part, whole)
    theirs = stats.binomtest(part, whole).proportion_ci(method="wilson")
    assert wilson(part / whole, whole) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_an_evenly_drawn_sample_has_the_plain_interval():
    parts = [Part(6000, 60, 9), Part(3000, 30, 4), Part(1000, 10, 2)]
    found = estimate(parts)
    assert found.share == pytest.approx(0.15)
    assert found.images <= 100
    assert (found.low, found.high) == pytest.approx(wilson(0.15, 100), abs=0.002)


def test_strata_count_by_their_size_and_not_by_their_sample():
    found = estimate([Part(9900, 100, 0), Part(100, 100, 50)])
    assert found.share == pytest.approx(0.005)
    assert found.low <= 0.005 <= found.high < 0.05


def test_few_images_that_stand_for_many_leave_a_wide_margin():
    narrow = estimate([Part(5000, 100, 10), Part(5000, 100, 10)])
    wide = estimate([Part(5000, 190, 19), Part(5000, 10, 1)])
    assert narrow.share == wide.share == pytest.approx(0.1)
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_a_stratum_without_answers_is_like_the_others():
    assert estimate([Part(100, 10, 1), Part(900, 0, 0)]).share == pytest.approx(0.1)
    nothing = estimate([Part(100, 0, 0)])
    assert (nothing.low, nothing.high) == (0.0, 1.0)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    random = np.random.default_rng(3)
    sizes, drawn, truth = (6000, 3000, 1000), (60, 20, 40), (0.02, 0.1, 0.3)
    real = sum(s * t for s, t in zip(sizes, truth, strict=True)) / sum(sizes)
    held = 0
    for _ in range(2000):
        wrong = random.binomial(drawn, truth)
        found = estimate(Part(*p) for p in zip(sizes, drawn, wrong.tolist(), strict=True))
        held += found.low <= real <= found.high
    assert 0.93 <= held / 2000 <= 0.99


def test_images_of_one_group_are_worth_no_more_than_one():
    assert worth_of_groups([1] * 50) == 50
    assert worth_of_groups([50]) == 1
    assert 1 < worth_of_groups([10, 10, 30]) < 3
