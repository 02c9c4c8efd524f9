"""What hosts give in a day is counted over runs and workers, and ends."""

import asyncio
from types import SimpleNamespace

import pytest
from scrapy import Request
from scrapy.settings import Settings

from carsets.catalog.catalog import Catalog
from carsets.crawl_state import CrawlState
from carsets.net import daily_cap
from carsets.net.daily_cap import DailyCap
from carsets.net.failures import Refused
from carsets.net.host_load import HostLoad
from carsets.net.requests import image_request
from carsets.outcomes import Outcome


class Worker:
    """A crawler with a cap and nothing else, on a catalog that others use too."""

    def __init__(self, catalog, monkeypatch, **changes):
        self.settings = Settings()
        self.spidercls = daily_cap.CarsetsSpider
        options = {"most": 1000, "exceptions": {}, "interval": 60.0} | changes
        self.cap = DailyCap(self, **options)
        states = getattr(Worker, "states", {})
        Worker.states = states | {id(self): SimpleNamespace(catalog=catalog)}
        monkeypatch.setattr(CrawlState, "of", lambda crawler: Worker.states[id(crawler)])

    def receive(self, host, number):
        load = HostLoad.of(self).begin(host)
        load.received = (load.received or 0) + number

    def tell(self):
        asyncio.run(self.cap._tell())

    def may_ask(self, url):
        try:
            self.cap.process_request(image_request(url))
        except Refused as refusal:
            return refusal.outcome is not Outcome.HOST_DAY_LIMIT
        return True


@pytest.fixture
def catalog(tmp_path):
    catalog = Catalog.open(f"sqlite:///{tmp_path / 'catalog.sqlite'}")
    yield catalog
    catalog.close()


A, B = "http://a.test/1.jpg", "http://b.test/1.jpg"


def test_a_host_that_has_given_enough_is_asked_for_no_more_images(catalog, monkeypatch):
    worker = Worker(catalog, monkeypatch)
    worker.receive("a.test", 999)
    assert worker.may_ask(A)
    worker.receive("a.test", 1)
    assert not worker.may_ask(A)
    assert worker.may_ask(B)
    worker.cap.process_request(Request(A))  # a source's own page


def test_a_later_run_goes_on_counting(catalog, monkeypatch):
    first = Worker(catalog, monkeypatch)
    first.receive("a.test", 600)
    first.tell()
    first.receive("a.test", 300)
    first.tell()
    second = Worker(catalog, monkeypatch)
    second.tell()
    assert second.may_ask(A)
    second.receive("a.test", 100)
    assert not second.may_ask(A)


def test_two_workers_count_together_as_often_as_they_tell(catalog, monkeypatch):
    one, other = Worker(catalog, monkeypatch), Worker(catalog, monkeypatch)
    one.receive("a.test", 600)
    other.receive("a.test", 600)
    assert one.may_ask(A)  # neither has told yet
    assert other.may_ask(A)
    one.tell()
    other.tell()
    assert not other.may_ask(A)
    one.tell()
    assert not one.may_ask(A)
    assert one.cap._given("a.test") == other.cap._given("a.test") == 1200  # nothing twice


def test_another_day_begins_at_nothing(catalog, monkeypatch):
    worker = Worker(catalog, monkeypatch)
    worker.receive("a.test", 5000)
    worker.tell()
    assert not worker.may_ask(A)
    monkeypatch.setattr(daily_cap, "today", lambda: "2999-01-01")
    worker.tell()
    assert worker.may_ask(A)


def test_hosts_made_for_traffic_have_a_cap_of_their_own(catalog, monkeypatch):
    worker = Worker(catalog, monkeypatch, exceptions={"a.test": 0, "b.test": 10})
    worker.receive("a.test", 50_000)
    worker.receive("b.test", 10)
    assert worker.may_ask(A)
    assert not worker.may_ask(B)
    assert Worker(catalog, monkeypatch, most=0).may_ask(A)
