"""A source without a network, run by ``scrapy crawl`` in a process of its own.

``-a images=N`` images on pages of ten; ``-a trouble=...`` says what goes wrong.
"""

import asyncio
import os
import signal
from hashlib import sha256

import scrapy

from carsets.catalog.entries import sighting_row
from carsets.catalog.rows import ImageRow
from carsets.crawl_state import CrawlState
from carsets.items import CarImage, FoundImage
from carsets.outcomes import Outcome, QueryOutcome
from carsets.pipelines.drop import OutcomeDrop
from carsets.problems import UserError
from carsets.queries import Query
from carsets.signals import image_found
from carsets.sources.answers import Answer
from carsets.spiders.base import CarsetsSpider

PAGE = 10


class PlayedSteps:
    """Keep two of three images; a known URL is never looked at again."""

    def __init__(self, crawler):
        self.crawler = crawler
        self.state = CrawlState.of(crawler)
        self.kill_after = int(os.environ.get("KILL_AFTER", "0"))

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)

    async def open_spider(self):
        if self.crawler.spider.given.get("trouble") == "weights":
            raise UserError("there are no weights at /nowhere: set WEIGHTS")
        if self.crawler.spider.given.get("trouble") == "crash":
            raise ZeroDivisionError("a fault")

    async def process_item(self, item):
        self.crawler.signals.send_catch_log(image_found, spider=self.crawler.spider, item=item)
        url = item.found.image_url
        if url in self.state.known_urls:
            raise OutcomeDrop(Outcome.KNOWN_URL)
        await asyncio.sleep(0.002)
        with open("fetched.txt", "a", encoding="utf-8") as log:  # noqa: PTH123
            log.write(url + "\n")
        if self.crawler.spider.given.get("trouble") == "gone" or item.rank % 3 == 0:
            raise OutcomeDrop(Outcome.HTTP_404, "HTTP 404")
        await asyncio.to_thread(self.store, item)
        item.outcome = Outcome.STORED
        if self.kill_after and self.crawler.stats.get_value("carsets/found") >= self.kill_after:
            os.kill(os.getpid(), signal.SIGKILL)
        return item

    def store(self, item):
        """Give the image its place in the catalog, as StoragePipeline does."""
        digest = sha256(item.found.image_url.encode()).hexdigest()
        row = ImageRow(
            sha256=digest,
            md5=digest[:32],
            pixel_hash=digest[:16],
            phash=0,
            dhash=0,
            verdict="keep",
            run_id=self.state.run_id,
        )
        item.image_id = digest[:16]
        sighting = sighting_row(item, Outcome.STORED, self.state.run_id)
        self.state.catalog.admit(row, sighting=sighting)


class PlayedSpider(CarsetsSpider):
    name = "played"
    arguments = frozenset({"images", "trouble"})

    def prepare(self):
        if self.given.get("trouble") == "query":
            raise UserError("query: there is\nno such color")
        self.query = Query(text="red car", labels={"color": "red"})
        self.images = int(self.given.get("images", "6"))

    async def start(self):
        progress = self.state_of_crawl.catalog.query_progress(self.name)
        past = progress.get(self.query.query_id)
        if past is None or past.outcome is None:
            yield self.ask(past.next_page if past else 1)

    def ask(self, page):
        return scrapy.Request(f"data:,{page}", cb_kwargs={"page": page}, dont_filter=True)

    async def parse(self, response, page):
        first = (page - 1) * PAGE + 1
        ranks = range(first, min(first + PAGE, self.images + 1))
        last = first + PAGE > self.images
        blocked = self.given.get("trouble") == "blocked" and page > 1
        outcome = QueryOutcome.BLOCKED if blocked else QueryOutcome.RESULTS
        ranks = [] if blocked else ranks
        self.tell(page, outcome, len(ranks), None if last else page + 1)
        for rank in ranks:
            found = FoundImage(image_url=f"https://a.test/{rank}.jpg")
            yield CarImage(found=found, source=self.name, query=self.query, page=page, rank=rank)
        if last or blocked:
            self.say_end(self.query, outcome, "")
        else:
            yield self.ask(page + 1)

    def tell(self, page, outcome, found, following):
        self.say_page(self.query, page, Answer(outcome=outcome, next=following), found, "data:")
