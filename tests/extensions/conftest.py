"""A crawl played by hand: the signals that Scrapy, a spider and the steps would send."""

import asyncio
import json
import sqlite3
from contextlib import closing
from types import SimpleNamespace

import pytest
from scrapy import signals
from scrapy.exceptions import DropItem
from scrapy.utils.misc import build_from_crawler
from scrapy.utils.test import get_crawler

from carsets.catalog.rows import ImageRow
from carsets.crawl_state import CrawlState
from carsets.extensions.ledger import Ledger
from carsets.extensions.receipt import Receipt
from carsets.items import CarImage, FoundImage
from carsets.outcomes import Outcome, QueryOutcome
from carsets.pipelines.drop import OutcomeDrop
from carsets.queries import Query
from carsets.signals import image_found, query_ended, query_page_read
from carsets.spiders.base import CarsetsSpider


class PlayedSpider(CarsetsSpider):
    name = "played"
    arguments = frozenset({"list", "token"})


class Play:
    """One crawl with its ledger and receipt."""

    def __init__(self, folder, settings, **given):
        self.crawler = get_crawler(PlayedSpider, {"DATA_DIR": str(folder), **settings})
        self.crawler.spider = self.spider = PlayedSpider.from_crawler(self.crawler, **given)
        self.state = CrawlState.of(self.crawler)
        self.stopped = []
        self.state.stop = self.stopped.append
        self.folder = folder
        self.ledger = build_from_crawler(Ledger, self.crawler)
        self.writer_of_receipt = build_from_crawler(Receipt, self.crawler)  # signals hold weakly
        self.query = Query(text="red Ford Mustang", labels={"make": "Ford", "color": "red"})

    async def send(self, signal, **facts):
        return await self.crawler.signals.send_catch_log_async(
            signal, spider=self.spider, dont_log=Exception, **facts
        )

    async def open(self):
        return await self.send(signals.spider_opened)

    async def close(self, reason="finished"):
        await self.send(signals.spider_closed, reason=reason)

    async def page(self, number, *names, outcome=QueryOutcome.RESULTS, **facts):
        """Read a page, and let its images enter the way."""
        facts = {"note": "", "url": f"https://source.test/{number}", "next": number + 1} | facts
        await self.send(
            query_page_read,
            query=self.query,
            page=number,
            outcome=outcome,
            found=len(names),
            last=False,
            **facts,
        )
        return [await self.find(name, number, rank) for rank, name in enumerate(names, 1)]

    async def end_query(self, outcome=QueryOutcome.RESULTS, note=""):
        await self.send(query_ended, query=self.query, outcome=outcome, note=note)

    async def find(self, name, page=1, rank=1):
        item = CarImage(
            found=FoundImage(image_url=f"https://a.test/{name}.jpg", title=name),
            source="played",
            query=self.query,
            page=page,
            rank=rank,
        )
        await self.send(image_found, item=item)
        return item

    async def keep(self, *items):
        for item in items:
            item.outcome = Outcome.STORED
            await self.send(signals.item_scraped, item=item, response=None)

    async def drop(self, item, outcome, note=""):
        exception = OutcomeDrop(outcome, note)
        await self.send(signals.item_dropped, item=item, exception=exception, response=None)

    async def drop_plainly(self, item):
        exception = DropItem("not mine")
        await self.send(signals.item_dropped, item=item, exception=exception, response=None)

    async def fail(self, item, error):
        failure = SimpleNamespace(value=error)
        await self.send(signals.item_error, item=item, failure=failure, response=None)

    def exit_code(self):
        return self.crawler.stats.get_value("carsets/exit_code")

    def receipt(self):
        path = self.folder / "receipts" / f"{self.state.run_id}.json"
        return json.loads(path.read_text(encoding="utf-8"))

    def outcomes(self):
        """What the catalog says of every URL, read by a plain program."""
        with closing(sqlite3.connect(self.folder / "catalog.sqlite")) as connection:
            rows = connection.execute("SELECT url, outcome FROM sightings").fetchall()
        return {url.removeprefix("https://a.test/").removesuffix(".jpg"): o for url, o in rows}

    def progress(self):
        return self.state.catalog.query_progress("played").get(self.query.query_id)


@pytest.fixture
def play(tmp_path):
    """Play a scene; ``play(scene, **settings)`` returns what is left of the crawl."""

    def run(scene, settings=None, **given):
        async def crawl():
            played = Play(tmp_path / "data", settings or {}, **given)
            await scene(played)
            return played

        return asyncio.run(crawl())

    return run


@pytest.fixture
def image_in_catalog():
    """Put an image into the dataset, as an earlier run would have."""

    def put(crawl):
        row = ImageRow(
            sha256="ab" * 32, md5="cd" * 16, pixel_hash="ef" * 8, phash=1, dhash=2, verdict="keep"
        )
        crawl.state.catalog.admit(row)

    return put
