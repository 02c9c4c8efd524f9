"""One queue in a real Redis: at least once, in order, and never a place from which code runs."""

from __future__ import annotations

import json
import pickle

import pytest
from scrapy import Request, Spider
from scrapy.settings import Settings

from carsets.addons import ClusterAddon
from carsets.net import json_requests
from carsets.net.json_requests import BadEntryError
from tests.redis_server import redis_server  # noqa: F401 - a fixture

ran: list[str] = []


class Follower(Spider):
    """A spider with methods to name."""

    name = "follower"

    def parse(self, response):
        """Read a page."""

    def lose(self, failure):
        """Hear of a failure."""


class Evil:
    """What a pickle would run."""

    def __reduce__(self):
        return (ran.append, ("ran",))


@pytest.fixture
def client(redis_server):  # noqa: F811 - the fixture
    """Return a client of an empty Redis."""
    redis = pytest.importorskip("redis")
    client = redis.Redis.from_url(redis_server)
    client.flushall()
    yield client
    client.close()


@pytest.fixture
def worker(client):
    """Return a function that makes the queue of one more worker."""
    link_queue = pytest.importorskip("carsets.net.link_queue")

    def make(lease=3600):
        spider = Follower()
        spider.settings = Settings({"LEASE_SECONDS": lease})
        return link_queue.LeasedQueue(client, spider, "carsets:%(spider)s:requests", json_requests)

    return make


def request(number=1, **more):
    return Request(f"https://a.test/{number}", **more)


def expire(client):
    """Let every lease run out: on Redis's clock they ended long ago."""
    for entry in client.zrange("carsets:follower:requests:held", 0, -1):
        client.zadd("carsets:follower:requests:held", {entry: 1})


def test_a_request_comes_back_as_it_was(worker):
    spider = Follower()
    sent = Request(
        "https://a.test/ä?b=1", method="POST", body=b"\x00\xff", headers={"X-One": ["1", "2"]},
        meta={"depth": 2, "tags": ["x"]}, cb_kwargs={"page": 3}, priority=7, dont_filter=True,
        callback=spider.parse, errback=spider.lose,
    )  # fmt: skip
    queue = worker()
    sent = sent.replace(callback=queue.spider.parse, errback=queue.spider.lose)
    queue.push(sent)
    got = queue.pop()
    got.meta.pop("carsets_held")
    for name in ("url", "method", "body", "headers", "meta", "cb_kwargs", "priority", "callback"):
        assert getattr(got, name) == getattr(sent, name), name
    assert got.dont_filter


def test_what_matters_more_is_taken_first_and_once(worker):
    one, other = worker(), worker()
    for number in (1, 2, 3):
        one.push(request(number, priority=number))
    assert [queue.pop().url[-1] for queue in (one, other, one)] == ["3", "2", "1"]
    assert one.pop() is None
    assert len(one) == 3, "while others are at work there may be more to do"


def test_what_a_killed_worker_held_is_taken_over(worker, client):
    killed, other = worker(), worker()
    killed.push(request(1))
    killed.pop()
    assert other.pop() is None
    expire(client)
    again = other.pop()
    assert again.url == "https://a.test/1"
    other.let_go(again)
    assert len(other) == 0


def test_what_was_dealt_with_never_comes_back(worker, client):
    queue = worker()
    queue.push(request(1))
    queue.let_go(queue.pop())
    expire(client)
    assert queue.pop() is None
    assert len(queue) == 0


def test_a_retry_lets_go_of_what_it_repeats(worker, client):
    queue = worker()
    queue.push(request(1))
    first = queue.pop()
    queue.push(first.replace(priority=-1, meta={**first.meta, "retry_times": 1}))
    assert len(queue) == 1
    assert queue.pop().meta["retry_times"] == 1


def test_a_living_worker_keeps_what_it_holds(worker, client):
    queue = worker(lease=30)
    queue.push(request(1))
    queue.pop()
    queue._renewed -= 60  # it has not been asked for a while
    before = client.zrange("carsets:follower:requests:held", 0, -1, withscores=True)[0][1]
    len(queue)
    after = client.zrange("carsets:follower:requests:held", 0, -1, withscores=True)[0][1]
    assert after > before


def test_seen_and_queued_is_one_step(worker):
    one, other = worker(), worker()
    assert one.push(request(1), "fingerprint", "seen")
    assert not other.push(request(1), "fingerprint", "seen")
    assert len(one) == 1


EVIL = {
    "pickle": pickle.dumps(Evil()),
    "class": {"url": "https://a.test/", "_class": "tests.net.evil_module.Request"},
    "private": {"url": "https://a.test/", "callback": "__init__"},
    "dotted": {"url": "https://a.test/", "callback": "crawler.stop"},
    "file": {"url": "file:///etc/passwd"},
    "proxy": {"url": "https://a.test/", "meta": {"proxy": "http://evil.test"}},
    "robots": {"url": "https://a.test/", "meta": {"dont_obey_robotstxt": True}},
    "unknown": {"url": "https://a.test/", "callback": "no_such_method"},
    "number": 7,
    "deep": "[" * 100_000,
}


@pytest.mark.parametrize("name", EVIL)
def test_what_others_write_is_thrown_away_and_nothing_runs(name, worker, client):
    entry = EVIL[name]
    text = entry if isinstance(entry, (bytes, str)) else json.dumps(entry)
    client.zadd("carsets:follower:requests", {text: -9})
    queue = worker()
    queue.push(request(1))
    assert queue.pop().url == "https://a.test/1"
    assert queue.pop() is None
    assert ran == []


def test_what_is_no_data_cannot_be_queued(worker):
    with pytest.raises(TypeError):
        worker().push(request(1, meta={"spider": Follower()}))


def test_only_a_web_address_is_a_request():
    with pytest.raises(BadEntryError):
        json_requests.loads("{}")


def test_the_add_on_switches_the_queue_on_and_pickles_off(redis_server):  # noqa: F811
    settings = Settings({"REDIS_URL": redis_server, "CATALOG_URL": ""})
    ClusterAddon().update_settings(settings)
    assert settings["SCHEDULER"] == "carsets.net.link_queue.LinkScheduler"
    assert settings["SCHEDULER_SERIALIZER"] == "carsets.net.json_requests"
    assert not Settings({}).get("REDIS_URL")
    untouched = Settings({"CATALOG_URL": "", "REDIS_URL": ""})
    ClusterAddon().update_settings(untouched)
    assert untouched["SCHEDULER"] == "scrapy.core.scheduler.Scheduler"


def test_sources_that_are_asked_in_queries_keep_scrapy_s_own_scheduler():
    link_queue = pytest.importorskip("carsets.net.link_queue")
    from scrapy.utils.test import get_crawler

    crawler = get_crawler(Follower)
    assert isinstance(link_queue.LinkScheduler.from_crawler(crawler), link_queue.OwnScheduler)


def test_a_spider_that_follows_links_shares_what_is_queued_and_seen(redis_server, client):  # noqa: F811
    link_queue = pytest.importorskip("carsets.net.link_queue")
    from scrapy.utils.test import get_crawler

    class Links(Follower):
        follows_links = True

    def worker():
        switched_on = Settings({"REDIS_URL": redis_server, "CATALOG_URL": "", "LEASE_SECONDS": 60})
        ClusterAddon().update_settings(switched_on)
        ours = ("SCHEDULER_", "REDIS_", "LEASE_")
        crawler = get_crawler(
            Links, {name: switched_on[name] for name in switched_on if name.startswith(ours)}
        )
        crawler.settings.freeze()
        crawler.spider = Links.from_crawler(crawler)
        scheduler = link_queue.LinkScheduler.from_crawler(crawler)
        scheduler.open(crawler.spider)
        return scheduler

    one, other = worker(), worker()
    assert one.enqueue_request(request(1))
    assert not other.enqueue_request(request(1)), "seen by the first"
    got = other.next_request()
    assert got.url == "https://a.test/1"
    one.close("finished")
    assert client.keys("carsets:follower:*"), "the other one is not done"
    other.queue.let_go(got)
    other.close("finished")
    assert client.keys("carsets:follower:*") == []
