"""How many images are kept, and how many are on their way at once."""

import json

import pytest

from carsets.fakeweb.corpus import bulk_url

MUSTANGS = {"query": "red ford mustang"}
# Runs beside a crawl and writes, at its end, what its media pipeline and its bounds remember.
WATCHER = """
import json
from carsets.crawl_state import CrawlState
from carsets.pipelines.images import CarImagesPipeline
from scrapy import signals

class Watcher:
    @classmethod
    def from_crawler(cls, crawler):
        watcher = cls()
        watcher.crawler, watcher.most = crawler, 0
        crawler.signals.connect(watcher.look, signals.item_dropped)
        crawler.signals.connect(watcher.look, signals.item_scraped)
        crawler.signals.connect(watcher.write, signals.spider_closed)
        return watcher

    @property
    def steps(self):
        return self.crawler.engine.scraper.itemproc.middlewares

    def look(self):
        [images] = [step for step in self.steps if isinstance(step, CarImagesPipeline)]
        self.info = images.spiderinfo
        self.most = max(self.most, len(self.info.downloaded))

    def write(self):
        in_flight = CrawlState.of(self.crawler).in_flight
        facts = {
            "downloaded": len(self.info.downloaded),
            "most_downloaded": self.most,
            "waiting": len(self.info.waiting),
            "downloading": len(self.info.downloading),
            "peak": in_flight.peak,
            "left": in_flight.count,
            "bytes": in_flight.bytes,
        }
        with open(self.crawler.settings["WATCHER_FILE"], "w") as file:
            json.dump(facts, file)
"""
WATCHED = """
from carsets.settings import *
EXTENSIONS = {**EXTENSIONS, "watcher.Watcher": 950}
"""


@pytest.fixture
def watched(crawls, tmp_path):
    """Return a function that crawls and also returns what was remembered at the end."""
    (tmp_path / "watcher.py").write_text(WATCHER)
    (tmp_path / "watched.py").write_text(WATCHED)
    path = f"{tmp_path}:{crawls.scrapy.environment()['PYTHONPATH']}"
    environment = {"SCRAPY_SETTINGS_MODULE": "watched", "PYTHONPATH": path}

    def crawl(source, data, arguments, **settings):
        facts = tmp_path / "facts.json"
        run = crawls.run(source, data, arguments, environment, WATCHER_FILE=facts, **settings)
        return run, json.loads(facts.read_text())

    return crawl


def test_exactly_as_many_images_are_kept_as_were_asked_for(crawls, dataset):
    run = crawls.run("bing", dataset.folder, {**MUSTANGS, "limit": 20})
    assert run.returncode == 0, run.stderr
    [receipt] = dataset.receipts
    assert receipt["kept"] == len(dataset.kept()) == 20
    lost = sum(receipt["outcomes"].values()) - 20 - receipt["outcomes"]["over_limit"]
    assert lost >= 4, "some of what came before the limit was bad"
    dataset.assert_whole()
    again = crawls.run("bing", dataset.folder, {**MUSTANGS, "limit": 20})
    assert again.returncode == 0, again.stderr
    assert len(dataset.kept()) == 20


def test_a_limit_holds_over_killed_runs(crawls, dataset):
    for images in (5, 12):
        command = crawls.start("bing", dataset.folder, {**MUSTANGS, "limit": 24})
        while not command.over and len(dataset.files()) < images:
            command._ended.wait(0.02)
        command.kill()
    last = crawls.run("bing", dataset.folder, {**MUSTANGS, "limit": 24})
    assert last.returncode == 0, last.stderr
    assert len(dataset.kept()) == 24
    dataset.assert_whole()


def test_a_larger_limit_goes_on_where_the_smaller_one_stopped(crawls, dataset):
    for limit in (6, 11):
        run = crawls.run("bing", dataset.folder, {**MUSTANGS, "limit": limit})
        assert run.returncode == 0, run.stderr
        assert len(dataset.kept()) == limit
    dataset.assert_whole()


@pytest.mark.parametrize("source", ["bing", "openverse"])
def test_a_plan_that_wants_more_of_a_query_asks_it_for_the_rest(source, crawls, dataset):
    for wanted in (8, 45):
        run = crawls.run(source, dataset.folder, {**MUSTANGS, "per_query": wanted})
        assert run.returncode == 0, run.stderr
    [urls] = dataset.rows("SELECT count(DISTINCT url) FROM sightings")
    assert urls == 45
    assert dataset.receipts[-1]["outcomes"]["known_url"] == 8
    crawls.run(source, dataset.folder, {**MUSTANGS, "per_query": 30})
    assert not any(query["pages"] for query in dataset.receipts[-1]["queries"]), "it has these"
    dataset.assert_whole()


@pytest.mark.parametrize("source", ["bing", "openverse", "flickr"])
def test_no_query_takes_more_than_it_may(source, crawls, dataset):
    plan = {"vehicles": "Honda Civic,Fiat 500", "colors": "red,blue", "per_query": 3}
    run = crawls.run(source, dataset.folder, plan)
    assert run.returncode in {0, 4}, run.stderr
    [receipt] = dataset.receipts
    assert len(receipt["queries"]) == 4
    assert {query["found"] for query in receipt["queries"]} == {3}


def test_images_in_flight_are_bounded_even_without_any_delay(watched, dataset, web, tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("".join(f"{bulk_url(number)}\n" for number in range(240)))
    run, facts = watched(
        "urls",
        dataset.folder,
        {"file": path},
        IMAGES_IN_FLIGHT=12,
        DOWNLOAD_DELAY=0,
        CONCURRENT_REQUESTS_PER_DOMAIN=3,
    )
    assert run.returncode == 0, run.stderr
    assert len(dataset.kept()) == 240
    seen = web.stats()
    assert seen["most_at_once"] <= 12
    assert max(host["most_at_once"] for host in seen["hosts"].values()) <= 3
    assert facts["peak"] == 12
    assert facts["left"] == facts["bytes"] == 0
    # Scrapy keeps an entry for every URL of the whole crawl.
    assert facts["most_downloaded"] <= 12
    assert facts["downloaded"] == facts["waiting"] == facts["downloading"] == 0


def test_bytes_in_flight_are_bounded_too(watched, dataset, tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("".join(f"{bulk_url(number)}\n" for number in range(40)))
    run, facts = watched(
        "urls", dataset.folder, {"file": path}, IMAGES_IN_FLIGHT_BYTES=1, DOWNLOAD_DELAY=0
    )
    assert run.returncode == 0, run.stderr
    assert len(dataset.kept()) == 40
    assert facts["left"] == facts["bytes"] == 0
