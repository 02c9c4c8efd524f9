"""What a plan costs: plain arithmetic."""

import dataclasses

import pytest

import carsets.settings
from carsets.queries.estimate import DEFAULTS, Assumptions, SourceFacts, estimate, together

# The engine of 2016: a hundred results a page, 0.58 queries a second.
ENGINE = SourceFacts(name="engine", page_size=100, seconds_per_request=1 / 0.581)


def test_the_crawl_of_2016_takes_just_shy_of_24_hours():
    whole = estimate(ENGINE, queries=10_460, per_query=100)
    assert [round(hours, 1) for hours in whole.stages] == [5.0, 10.0, 0.1, 7.9]
    assert round(whole.hours, 1) == 23.1
    assert whole.overlapped_hours == whole.download_hours


def test_the_crawl_of_2016_keeps_what_it_kept():
    whole = estimate(ENGINE, queries=10_460, per_query=100)
    assert (whole.asked, whole.images, whole.cars) == (1_046_000, 950_000, 840_000)
    assert whole.kept == 825_720  # 98.3 % of the cars


@pytest.mark.parametrize(
    ("page_size", "max_results", "per_query", "pages", "results"),
    [
        (35, 0, 100, 3, 100),
        (35, 0, 35, 1, 35),
        (35, 0, 36, 2, 36),
        (20, 240, 1000, 12, 240),
        (0, 0, 1000, 1, 1000),
        (500, 4000, 10, 1, 10),
    ],
)
def test_requests_follow_from_page_size_and_cap(page_size, max_results, per_query, pages, results):
    source = SourceFacts(name="x", page_size=page_size, max_results=max_results)
    assert source.pages_per_query(per_query) == pages
    assert source.results_per_query(per_query) == results
    assert estimate(source, queries=7, per_query=per_query).requests == 7 * pages


def test_time_follows_from_the_pace():
    slow = SourceFacts(name="x", page_size=10, seconds_per_request=3)
    assert estimate(slow, queries=1200, per_query=10).list_hours == pytest.approx(1.0)


def test_a_limit_ends_the_run_early():
    whole = estimate(ENGINE, queries=1000, per_query=100)
    part = estimate(ENGINE, queries=1000, per_query=100, limit=whole.kept // 4)
    assert part.kept == pytest.approx(whole.kept / 4, rel=0.01)
    assert part.requests == pytest.approx(whole.requests / 4, rel=0.01)
    assert part.hours == pytest.approx(whole.hours / 4, rel=0.01)
    assert estimate(ENGINE, queries=1000, per_query=100, limit=10**9) == whole


def test_bytes_follow_from_the_images():
    assumed = Assumptions(image_share=0.5, car_share=0.5, unique_share=1.0, image_bytes=1000)
    whole = estimate(ENGINE, queries=10, per_query=100, assumed=assumed)
    assert (whole.images, whole.kept) == (500, 250)
    assert (whole.downloaded_bytes, whole.stored_bytes) == (500_000, 250_000)


def test_a_million_small_images_are_17_5_gigabytes():
    everything = Assumptions(image_share=1.0, car_share=1.0, unique_share=1.0)
    assert estimate(ENGINE, 10_000, 100, assumed=everything).small_bytes == 17_500_000_000


def test_sources_side_by_side_share_all_but_the_list():
    one = estimate(ENGINE, queries=100, per_query=100)
    two = estimate(SourceFacts(name="slow", seconds_per_request=60), queries=100, per_query=10)
    both = together([one, two])
    assert both.list_hours == max(one.list_hours, two.list_hours)
    assert both.download_hours == one.download_hours + two.download_hours
    assert both.kept == one.kept + two.kept
    assert both.requests == one.requests + two.requests
    assert together([one]) == one


def test_every_assumption_is_a_setting_with_the_same_default():
    for field in dataclasses.fields(Assumptions):
        name = f"PLAN_{field.name.upper()}"
        assert getattr(carsets.settings, name) == pytest.approx(getattr(DEFAULTS, field.name))
