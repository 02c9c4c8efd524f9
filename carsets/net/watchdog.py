"""Says what is going on when nothing seems to."""

from __future__ import annotations

import logging
from time import monotonic
from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from carsets.signals import query_page_read

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)
HOSTS_NAMED = 5


class Watchdog:
    """Write one line if for WATCHDOG_SECONDS no image ended and no page was read."""

    def __init__(self, crawler: Crawler, seconds: float) -> None:
        self.crawler = crawler
        self.seconds = seconds
        self._last = monotonic()
        self._said = False
        self._loop = create_looping_call(self._look)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        seconds = crawler.settings.getfloat("WATCHDOG_SECONDS", 120.0)
        if seconds <= 0:
            raise NotConfigured
        watchdog = cls(crawler, seconds)
        connect = crawler.signals.connect
        connect(watchdog.spider_opened, signals.spider_opened)
        connect(watchdog.spider_closed, signals.spider_closed)
        for signal in (
            signals.item_scraped,
            signals.item_dropped,
            signals.item_error,
            query_page_read,
        ):
            connect(watchdog.progressed, signal)
        return watchdog

    def spider_opened(self) -> None:
        """Begin to watch."""
        self._last = monotonic()
        self._loop.start(max(0.1, self.seconds / 4), now=False)

    def spider_closed(self) -> None:
        """End."""
        if self._loop.running:
            self._loop.stop()

    def progressed(self) -> None:
        """Note that something ended."""
        self._last = monotonic()
        self._said = False

    def _look(self) -> None:
        silent = monotonic() - self._last
        if silent < self.seconds or self._said:
            return
        self._said = True
        logger.warning("Nothing has ended for %.0f s; %s", silent, self.in_flight())

    def in_flight(self) -> str:
        """Return, in one line, what the crawl is waiting for."""
        engine = self.crawler.engine
        downloader = engine.downloader
        busy = sorted(
            (
                (len(slot.active), len(slot.transferring), key)
                for key, slot in downloader.slots.items()
                if slot.active
            ),
            reverse=True,
        )
        paused_for = getattr(downloader, "paused_for", lambda key: 0.0)
        hosts = []
        for active, transferring, key in busy[:HOSTS_NAMED]:
            pause = paused_for(key)
            paused = f", paused for {pause:.0f} s" if pause else ""
            hosts.append(f"{key or 'data:'} ({transferring} transferring, {active} in all{paused})")
        more = f" and {len(busy) - HOSTS_NAMED} more hosts" if len(busy) > HOSTS_NAMED else ""
        items = engine.scraper.slot.itemproc_size if engine.scraper.slot else 0
        return (
            f"{len(downloader.active)} requests in flight: {', '.join(hosts) or 'none'}{more}; "
            f"{items} items in the pipelines"
        )
