"""No host gives more than its share of bytes a day, over all runs and all workers of a catalog.

What hosts give is counted on the wire (``HostLoad``), and told to the catalog now and then: no
image waits for that. So the cap is passed by what is under way when it is reached, and by what
other workers have fetched since they last told.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self, cast

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.httpobj import urlparse_cached

from carsets.crawl_state import CrawlState
from carsets.net.failures import Refused
from carsets.net.host_load import HostLoad
from carsets.net.requests import is_image_request
from carsets.outcomes import Outcome
from carsets.problems import UserError
from carsets.spiders.base import CarsetsSpider

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from carsets.net.downloader import PoliteDownloader

logger = logging.getLogger(__name__)


def today() -> str:
    """Return the day for which bytes are counted: UTC's."""
    return datetime.now(UTC).date().isoformat()


class DailyCap:
    """Refuse images of a host that has given its bytes of today.

    ``most`` is in bytes, 0 for no cap; ``exceptions`` are hosts with a cap of their own.
    """

    def __init__(
        self, crawler: Crawler, *, most: int, exceptions: Mapping[str, int], interval: float
    ) -> None:
        self.crawler = crawler
        self.most = most
        self.exceptions = exceptions
        self.interval = interval  # seconds between two talks with the catalog
        self.load = HostLoad.of(crawler)
        self.day = today()
        self.told: dict[str, int] = {}  # host -> bytes of this run that the catalog knows of
        self.others: dict[str, int] = {}  # host -> bytes that others and earlier runs had of it
        self.reached: set[str] = set()
        self._talk: asyncio.Task[None] | None = None
        self._telling = asyncio.Lock()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not issubclass(crawler.spidercls, CarsetsSpider):
            raise NotConfigured("not a source of images")  # scrapy shell keeps no catalog
        settings = crawler.settings
        given = settings.getdict("HOST_BYTES_PER_DAY_EXCEPT")
        cap = cls(
            crawler,
            most=settings.getint("HOST_BYTES_PER_DAY"),
            exceptions={str(host).lower(): int(most) for host, most in given.items()},
            interval=settings.getfloat("HOST_BYTES_INTERVAL", 5.0),
        )
        crawler.signals.connect(cap.open, signals.spider_opened)
        crawler.signals.connect(cap.response_downloaded, signals.response_downloaded)
        crawler.signals.connect(cap.close, signals.engine_stopped)
        return cap

    async def open(self) -> None:
        """Learn what the hosts have given today, before anything is asked of them."""
        if self.most or any(self.exceptions.values()):
            await self._tell()
            self._talk = asyncio.ensure_future(self._go_on_telling())

    async def close(self) -> None:
        """Tell the rest."""
        if self._talk is not None:
            self._talk.cancel()
            self._talk = None
            await self._tell()

    def process_request(self, request: Request) -> None:
        """Refuse an image of a host that has given enough."""
        if is_image_request(request):
            host = urlparse_cached(request).hostname or ""
            if self._has_given_enough(host):
                raise Refused(Outcome.HOST_DAY_LIMIT, host)

    def response_downloaded(self, request: Request, response: Response) -> None:
        """End what waits for a host as soon as it has given enough."""
        host = urlparse_cached(request).hostname or ""
        if host in self.reached or not self._has_given_enough(host):
            return
        self.reached.add(host)
        logger.info("No more images from %s today: it has given %s bytes", host, self._given(host))
        slot = request.meta.get("download_slot", host)
        downloader = cast("PoliteDownloader", self.crawler.engine.downloader)
        downloader.refuse_queued_images(slot, Refused(Outcome.HOST_DAY_LIMIT, host))

    def _has_given_enough(self, host: str) -> bool:
        most = self.exceptions.get(host, self.most)
        return bool(most) and self._given(host) >= most

    def _given(self, host: str) -> int:
        return self.others.get(host, 0) + self._received(host) - self.told.get(host, 0)

    def _received(self, host: str) -> int:
        load = self.load.hosts.get(host)
        return (load.received or 0) if load else 0

    async def _go_on_telling(self) -> None:
        while True:
            await asyncio.sleep(self.interval)
            await self._tell()

    async def _tell(self) -> None:
        """Tell the catalog what came since the last time, and hear what others had."""
        async with self._telling:
            received = {host: self._received(host) for host in self.load.hosts}
            news = {host: number - self.told.get(host, 0) for host, number in received.items()}
            day = today()
            try:
                found = await asyncio.to_thread(self._add, day, news)
            except UserError as error:  # the ledger ends the run for the same reason
                logger.warning("What hosts have given could not be written: %s", error)
                return
            if day != self.day:
                self.day = day
                self.reached.clear()
            self.told = received
            self.others = found

    def _add(self, day: str, news: Mapping[str, int]) -> dict[str, int]:
        return CrawlState.of(self.crawler).catalog.add_host_bytes(day, news)
