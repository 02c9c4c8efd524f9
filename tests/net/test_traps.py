"""Every trap of Scrapy 2.19 that a crawl of ours can meet: sprung without our code, harmless with.

Each pair of tests runs the same crawl with the settings of stock Scrapy and with ours.
"""

import select
import subprocess
import sys
from pathlib import Path

import pytest

MANY = 40


def images(web, path, count=MANY):
    return [web.url(f"{path}{'&' if '?' in path else '?'}n={number}") for number in range(count)]


# --- The limit per host at delay 0 ------------------------------------------------------------


def test_the_limit_per_host_at_delay_0_is_broken_by_stock_scrapy(web, crawl):
    crawl(
        images(web, "ok?sleep=0.2"),
        stock=True,
        CONCURRENT_REQUESTS=96,
        CONCURRENT_REQUESTS_PER_DOMAIN=4,
    )
    assert web.most_at_once > 4


@pytest.mark.parametrize("limit", [1, 4])
def test_the_limit_per_host_at_delay_0_is_held(web, crawl, limit):
    done = crawl(images(web, "ok?sleep=0.02"), CONCURRENT_REQUESTS_PER_DOMAIN=limit)
    assert done.outcomes == ["200"] * MANY
    assert web.most_at_once == limit
    assert web.connections <= limit + 1  # one more for robots.txt


def test_the_delay_between_requests_is_held_too(web, crawl):
    crawl(images(web, "ok", 5), DOWNLOAD_DELAY=0.2, DOWNLOAD_DELAY_JITTER=0)
    times = web.times()
    assert len(times) == 5
    assert times[-1] - times[0] > 0.7


# --- robots.txt at first contact --------------------------------------------------------------


def test_robots_txt_leaks_at_first_contact_in_stock_scrapy(web, crawl):
    web.robots, web.robots_status, web.robots_delay = "User-agent: *\nDisallow: /", "200 OK", 0.2
    crawl(images(web, "ok", 8), stock=True, ROBOTSTXT_OBEY=True)
    assert len(web.paths()) > 0


def test_robots_txt_is_obeyed_by_the_first_requests_as_by_the_last(web, crawl):
    web.robots, web.robots_status, web.robots_delay = "User-agent: *\nDisallow: /", "200 OK", 0.2
    done = crawl(images(web, "ok", 8))
    assert web.paths() == []
    assert len(web.hits) == 1, "robots.txt is asked once"
    assert done.outcomes == ["robots_denied"] * 8
    assert done.report["stats"]["robotstxt/forbidden"] == 8


def test_robots_txt_rules_for_carsets_count_above_those_for_all(web, crawl):
    web.robots = "User-agent: *\nDisallow: /\n\nUser-agent: carsets\nDisallow: /status\n"
    web.robots_status = "200 OK"
    done = crawl([web.url("ok"), web.url("status/404")])
    assert done.outcome(web.url("ok")) == "200"
    assert done.outcome(web.url("status/404")) == "robots_denied"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("404 No", "200"),
        ("403 No", "200"),
        ("500 No", "http_5xx"),
        ("503 No", "http_5xx"),
        ("429 No", "http_429"),
    ],
)
def test_a_failing_robots_txt_denies_for_this_run_and_a_missing_one_allows(
    web, crawl, status, outcome
):
    web.robots_status = status
    done = crawl(images(web, "ok", 2))
    assert done.outcomes == [outcome] * 2
    if outcome != "200":
        assert web.paths() == []


def test_a_redirect_asks_the_robots_txt_of_the_next_host(web, crawl):
    web.robots, web.robots_status = "User-agent: *\nDisallow: /ok", "200 OK"
    url = web.url("redirect/1")
    done = crawl([url])
    assert done.outcome(url) == "robots_denied"
    assert web.paths() == ["/redirect/1"]


def test_the_pages_of_a_source_are_asked_without_robots_txt_unless_set(web, crawl):
    web.robots, web.robots_status = "User-agent: *\nDisallow: /", "200 OK"
    pages = {"pages": [web.url("page")], "source": True}
    done = crawl(config=pages)
    assert done.report["pages"] == {web.url("page"): 200}
    assert done.log.count("SEARCH_ROBOTSTXT_OBEY is off") == 1
    done = crawl(config=pages, SEARCH_ROBOTSTXT_OBEY=True)
    assert done.report["pages"] == {web.url("page"): "Refused"}


def test_crawl_delay_is_ignored_by_stock_scrapy_and_applied_here(web, crawl):
    web.robots, web.robots_status = "User-agent: *\nCrawl-delay: 1", "200 OK"
    crawl(images(web, "ok", 3), stock=True, ROBOTSTXT_OBEY=True)
    stock = web.times()
    assert stock[-1] - stock[0] < 1
    web.hits.clear()
    crawl(images(web, "ok", 3), DOWNLOAD_DELAY_JITTER=0)
    times = web.times()
    assert times[-1] - times[0] > 1.9
    web.hits.clear()
    web.robots = "User-agent: *\nCrawl-delay: 86400"
    crawl(images(web, "ok", 2), DOWNLOAD_DELAY_JITTER=0, ROBOTSTXT_CRAWL_DELAY_MAX=0.1)
    assert len(web.times()) == 2, "an absurd delay is bounded"


# --- Retry-After ------------------------------------------------------------------------------


def test_retry_after_is_ignored_by_stock_scrapy(web, crawl):
    crawl([web.url("status/429/a?retry-after=5&times=2")], stock=True)
    times = web.times()
    assert len(times) == 3
    assert times[-1] - times[0] < 5


def test_retry_after_is_honored(web, crawl):
    done = crawl([web.url("status/429/b?retry-after=1&times=1")])
    times = web.times()
    assert done.outcomes == ["200"]
    assert times[1] - times[0] > 0.95


def test_overlapping_pauses_do_not_shorten_each_other(web, crawl):
    urls = [web.url(f"status/503/{n}?retry-after={n % 2}&times=1") for n in range(4)]
    done = crawl(urls, CONCURRENT_REQUESTS_PER_DOMAIN=4)
    times = web.times()
    assert done.outcomes == ["200"] * 4
    assert len(times) == 8
    assert min(times[4:]) - max(times[:4]) > 0.5, "the longest pause holds for all"


def test_a_pause_beyond_the_ceiling_is_left_to_a_later_run(web, crawl):
    first = web.url("status/429/c?retry-after=3600")
    done = crawl([first, *images(web, "ok", 6)], CONCURRENT_REQUESTS_PER_DOMAIN=1)
    assert done.outcome(first) == "429"
    assert len(web.paths()) == 1
    assert done.outcomes.count("host_benched") == 6
    assert done.report["seconds"] < 60


# --- Redirects, other hosts, data: ------------------------------------------------------------


def test_redirected_images_are_lost_by_stock_scrapy_and_followed_here(web, crawl):
    url = web.url("redirect/2")
    assert crawl([url], stock=True).outcome(url) == "302"
    assert crawl([url]).outcome(url) == "200"


def test_allowed_domains_eats_images_of_other_hosts_in_stock_scrapy(web, crawl):
    allowed = {"allowed_domains": ["example.org"]}
    done = crawl([web.url("ok")], stock=True, config=allowed)
    assert web.paths() == []
    assert done.outcomes == ["error"], "here it would at least be counted"
    assert crawl([web.url("ok")], config=allowed).outcomes == ["200"]


def test_our_image_requests_say_that_they_may_go_anywhere():
    from carsets.net.requests import image_request

    assert image_request("http://example.org/a.jpg").meta["allow_offsite"] is True


# --- Deprecated interfaces --------------------------------------------------------------------


def test_a_deprecated_interface_is_an_error_in_our_crawls(web, crawl):
    deprecated = {"DOWNLOADER_MIDDLEWARES": {"deprecated_middleware.Deprecated": 900}}
    done = crawl([web.url("ok")], **deprecated)
    assert "ScrapyDeprecationWarning" in done.report.get("exception", "")
    done = crawl([web.url("ok")])
    assert "exception" not in done.report
    assert "deprecat" not in done.log.lower()


# --- Items from start() -----------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "closes"), [("item", False), ("request", True)])
def test_a_crawl_closes_with_an_item_under_way_unless_it_came_from_start(kind, closes):
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "start_items.py"), kind],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == "OPENED\n"
        # Closing begins 0.3 s later and the item takes 1 s: what has not closed by then hangs.
        ready, _, _ = select.select([process.stdout], [], [], 30 if closes else 5)
        assert bool(ready) is closes
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
