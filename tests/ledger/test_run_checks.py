"""What a run is held against, and what it says when it falls short."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scrapy.settings import Settings

from carsets.ledger.run_checks import BLOCKED, FAILED, NOT_ASKED, Bounds, check_run
from carsets.outcomes import Outcome
from carsets.problems import UserError

OUTCOMES = {Outcome.STORED: 40, Outcome.HTTP_403: 30, Outcome.TIMEOUT: 20, Outcome.NOT_A_CAR: 10}


def failed(bounds, outcomes=OUTCOMES, asked=1, found=None):
    found = sum(outcomes.values()) if found is None else found
    checks = check_run(bounds, found=found, asked=asked, outcomes=outcomes)
    assert all(check.passed is not bool(check.message) for check in checks)
    return {check.name: check.message for check in checks if not check.passed}


@pytest.mark.parametrize(
    ("bounds", "name", "said"),
    [
        (Bounds(found_min=101), "CHECK_FOUND_MIN", "100 images found of 1 queries"),
        (Bounds(blocked_share=0.29), "CHECK_BLOCKED_SHARE", "30% of 100 images blocked (30 http_"),
        (Bounds(error_share=0.19), "CHECK_ERROR_SHARE", "20% of 100 images failed (20 timeout)"),
        (Bounds(kept_share=0.41), "CHECK_KEPT_SHARE", "40.0% of 100 images kept"),
    ],
)
def test_each_check_fails_beyond_its_bound_and_names_its_setting(bounds, name, said):
    problems = failed(bounds)
    assert list(problems) == [name]
    assert said in problems[name]
    assert name in problems[name]
    assert "\n" not in problems[name]


def test_what_is_exactly_the_bound_passes():
    bounds = Bounds(found_min=100, blocked_share=0.3, error_share=0.2, kept_share=0.4)
    assert not failed(bounds)


def test_a_run_that_had_nothing_to_ask_need_not_find():
    assert not failed(Bounds(found_min=1), {}, asked=0)
    assert "CHECK_FOUND_MIN" in failed(Bounds(found_min=1), {}, asked=2)


def test_of_few_images_no_share_is_judged():
    bounds = Bounds(blocked_share=0, kept_share=1, least_images=101)
    assert not failed(bounds)
    assert failed(Bounds(blocked_share=0, kept_share=1, least_images=100))


def test_images_that_no_host_was_asked_for_do_not_count():
    outcomes = {Outcome.STORED: 1, Outcome.HTTP_403: 1, Outcome.KNOWN_URL: 98}
    assert "50% of 2 images" in failed(Bounds(blocked_share=0.4), outcomes)["CHECK_BLOCKED_SHARE"]


def test_no_outcome_is_in_two_groups():
    assert not BLOCKED & FAILED
    assert not NOT_ASKED & (BLOCKED | FAILED)


@settings(deadline=None)  # machines that many share
@given(st.dictionaries(st.sampled_from(list(Outcome)), st.integers(0, 10**7)))
def test_bounds_that_ask_for_nothing_are_always_kept(outcomes):
    assert not failed(Bounds(), outcomes)


# --- The settings -----------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["flickr:0.3,*:0.1", {"flickr": 0.3, "*": "0.1"}])
def test_a_bound_can_differ_between_sources(value):
    settings = Settings({"CHECK_KEPT_SHARE": value})
    assert Bounds.of(settings, "flickr").kept_share == 0.3
    assert Bounds.of(settings, "bing").kept_share == 0.1


def test_a_source_that_is_not_listed_has_the_default():
    settings = {"CHECK_KEPT_SHARE": "flickr:0.3", "CHECK_BLOCKED_SHARE": "", "CHECK_FOUND_MIN": 2}
    bounds = Bounds.of(settings, "bing")
    assert (bounds.kept_share, bounds.blocked_share, bounds.found_min) == (0, 1, 2)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHECK_KEPT_SHARE", "half"),
        ("CHECK_KEPT_SHARE", 1.1),
        ("CHECK_KEPT_SHARE", "nan"),
        ("CHECK_ERROR_SHARE", -0.1),
        ("CHECK_ERROR_SHARE", "bing:2"),
        ("CHECK_BLOCKED_SHARE", ":0.3"),
        ("CHECK_BLOCKED_SHARE", "bing:0.3,0.1"),
        ("CHECK_FOUND_MIN", "1.5"),
        ("CHECK_LEAST_IMAGES", "inf"),
        ("CHECK_LEAST_IMAGES", [3]),
    ],
)
def test_a_bound_that_cannot_be_meant_is_refused(name, value):
    with pytest.raises(UserError, match=name):
        Bounds.of({name: value}, "*")
