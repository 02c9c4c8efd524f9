"""When we ask again, how long we wait, and when we stop."""

from datetime import UTC, datetime

import pytest

from carsets.net.retry import retry_after

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"120", 120),
        ("0", 0),
        (" 7 ", 7),
        ("99999999999999999999", 999999999999),
        ("Sun, 22 Nov 2026 12:01:30 GMT", 90),
        ("Sunday, 22-Nov-26 12:01:30 GMT", 90),
        ("Sun, 22 Nov 2026 13:01:30 +0100", 90),
        ("Sun, 22 Nov 2026 12:01:30 -0000", 90),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("-5", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("Sun, 99 Nov 2026 12:01:30 GMT", None),
        ("²", None),
        (b"\xff\xfe", None),
    ],
)
def test_reads_both_forms_of_retry_after(value, seconds):
    assert retry_after(value, NOW) == seconds


def test_a_date_in_retry_after_is_honored_in_a_crawl(web, crawl):
    done = crawl([web.url("status/503/d?times=1&retry-date=3")])
    times = web.times()
    assert done.outcomes == ["200"]
    assert times[1] - times[0] > 1.5, "3 s, less what is left of this second, which dates lose"


def test_waits_longer_before_each_try(web, crawl):
    done = crawl([web.url("status/500/e")], RETRY_BACKOFF=0.4, RETRY_TIMES=2)
    times = web.times()
    assert done.outcomes == ["500"]
    assert len(times) == 3
    assert times[1] - times[0] > 0.19
    assert times[2] - times[1] > 0.39


def test_other_hosts_go_on_while_one_is_paused(web, crawl):
    paused = web.url("status/429/f?retry-after=2&times=1")
    other = [web.url(f"ok?{n}", host="localhost") for n in range(5)]
    done = crawl([paused, *other], ADDRESS_ALLOWED=["127.0.0.1", "localhost"])
    assert done.outcomes == ["200"] * 6
    by_path = {path: when for when, path, _ in web.hits}
    first, last = min(web.times()), max(web.times())
    assert by_path["/ok?4"] < last
    assert last - first > 1.9


def test_a_host_that_keeps_failing_is_benched_for_images(web, crawl):
    urls = [web.url(f"status/500/{n}") for n in range(20)]
    done = crawl(urls, HOST_MAX_FAILURES=4, RETRY_TIMES=0, CONCURRENT_REQUESTS_PER_DOMAIN=1)
    assert done.outcomes.count("host_benched") >= 14
    assert len(web.paths()) <= 6
    assert len(done.images) == 20, "every URL ends"
    assert done.report["stats"]["carsets/hosts_benched"] == 1
    assert done.log.count("No more images from 127.0.0.1 in this run") == 1


def test_a_host_that_asks_to_wait_again_and_again_does_not_hold_the_crawl(web, crawl):
    urls = [web.url(f"status/429/{n}?retry-after=1") for n in range(10)]
    limits = {"RETRY_AFTER_MAX": 1, "CONCURRENT_REQUESTS_PER_DOMAIN": 1}
    done = crawl(urls, **limits)
    assert len(done.images) == 10
    assert done.outcomes.count("host_benched") >= 7
    assert len(web.paths()) <= 4


def test_a_success_in_between_clears_the_host(web, crawl):
    urls = []
    for n in range(6):
        urls += [web.url(f"status/500/{n}"), web.url(f"ok?{n}")]
    done = crawl(urls, HOST_MAX_FAILURES=3, RETRY_TIMES=0, CONCURRENT_REQUESTS_PER_DOMAIN=1)
    assert done.outcomes.count("200") == 6
    assert "host_benched" not in done.outcomes


def test_a_source_is_still_asked_when_its_host_is_benched_for_images(web, crawl):
    images = [web.url(f"status/500/{n}") for n in range(4)]
    pages = {"pages": [web.url(f"page?{n}") for n in range(3)], "source": True}
    done = crawl(images, HOST_MAX_FAILURES=1, RETRY_TIMES=0, config=pages)
    assert set(done.report["pages"].values()) == {200}
