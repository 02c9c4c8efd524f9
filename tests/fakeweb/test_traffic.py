"""The counters of the built-in web count, and its switches switch."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from carsets.fakeweb import corpus
from carsets.fakeweb.traffic import Mode

SLOW = "https://slow-{}.any.carsets.test/slow?seconds=0.4"


def test_most_requests_at_once_are_counted_for_each_host(ask, web):
    urls = [SLOW.format("a")] * 5 + [SLOW.format("b")] * 2
    with ThreadPoolExecutor(7) as threads:
        assert {answer.status for answer in threads.map(ask, urls)} == {200}
    stats = web.stats()
    one, other = (stats["hosts"][f"slow-{name}.any.carsets.test"] for name in "ab")
    assert (one["requests"], other["requests"]) == (5, 2)
    assert 2 <= one["most_at_once"] <= 5
    assert other["most_at_once"] <= 2
    assert stats["most_at_once"] > one["most_at_once"]
    assert stats["requests"] == 7


def test_requests_one_after_the_other_are_never_two_at_once(ask, web):
    for _ in range(4):
        ask(SLOW.format("c").replace("0.4", "0.01"))
    counted = web.stats()["hosts"]["slow-c.any.carsets.test"]
    assert counted["most_at_once"] == 1
    assert counted["rate"] > 0
    assert counted["shortest_gap"] > 0


def test_paths_headers_and_bytes_are_told(ask, web):
    ask(
        "https://hostile.carsets.test/ok.jpg", headers={"User-Agent": "carsets test", "Cookie": "a"}
    )
    ask("https://hostile.carsets.test/ok.jpg?again")
    counted = web.stats()["hosts"]["hostile.carsets.test"]
    assert counted["paths"] == {"/ok.jpg": 1, "/ok.jpg?again": 1}
    assert counted["agents"] == {"carsets test": 1, "": 1}
    assert counted["bytes_sent"] > 30_000
    web.reset()
    assert web.stats()["requests"] == 0


def test_mode_begins_and_ends_when_it_is_told_to(ask, web):
    web.mode("www.bing.com", "503", after=1, times=2, retry_after="2")
    statuses = [ask("https://www.bing.com/images/async?q=car").status for _ in range(4)]
    assert statuses == [200, 503, 503, 200]
    web.mode("www.bing.com", "403")
    assert ask("https://www.bing.com/images/async?q=car").status == 403
    assert ask("https://www.bing.com/robots.txt").status == 200
    web.mode("www.bing.com", "")
    assert ask("https://www.bing.com/images/async?q=car").status == 200


def test_mode_can_be_kept_to_some_paths():
    mode = Mode("500", paths="/images", times=1)
    assert [mode.applies(path) for path in ("/a", "/images/x", "/images/x")] == [False, True, False]


def test_unknown_mode_is_an_error_that_names_the_known_ones(web):
    with pytest.raises(ValueError, match="captcha"):
        web.mode("www.bing.com", "no such mode")


def test_bulk_images_are_served_on_many_hosts(ask, web):
    bodies = {ask(corpus.bulk_url(number)).body for number in range(20)}
    assert len(bodies) == 20
    assert len(web.stats()["hosts"]) == 20
