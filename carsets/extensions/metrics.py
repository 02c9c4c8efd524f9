"""Shows Prometheus what a crawl is doing: at a port, in a file for node_exporter, or both."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Self

from prometheus_client import (
    CollectorRegistry,
    PlatformCollector,
    ProcessCollector,
    write_to_textfile,
)
from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call

from carsets.crawl_state import CrawlState
from carsets.items import CarImage
from carsets.ledger.books import run_ended
from carsets.metrics.ended import EndedRun
from carsets.metrics.live import BENCHED, LiveNumbers
from carsets.metrics.places import read_ports, read_textfile, serve
from carsets.outcomes import Outcome
from carsets.signals import image_replaced, query_page_read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapy import Spider
    from scrapy.crawler import Crawler

    from carsets.ledger.books import Books
    from carsets.outcomes import QueryOutcome

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"


class Metrics:
    """Offer the numbers of one crawl. What goes wrong here is a warning: the crawl goes on."""

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self.crawler = crawler
        self.source = crawler.spidercls.name
        self.ports = read_ports(settings.get("METRICS_PORT"))
        self.host = str(settings.get("METRICS_HOST") or LOOPBACK)
        self.textfile = read_textfile(settings.get("METRICS_TEXTFILE"), self.source)
        self.interval = settings.getfloat("METRICS_INTERVAL", 15.0)
        self.registry = CollectorRegistry()
        self.server: Any = None
        self.clock: Any = None
        for receiver, signal in (
            (self.open, signals.spider_opened),
            (self.count_kept, signals.item_scraped),
            (self.count_page, query_page_read),
            (self.count_replaced, image_replaced),
            (self.end, run_ended),
            (self.close, signals.engine_stopped),
        ):
            crawler.signals.connect(receiver, signal)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        if not read_ports(settings.get("METRICS_PORT")) and not settings.get("METRICS_TEXTFILE"):
            raise NotConfigured("neither METRICS_PORT nor METRICS_TEXTFILE is set")
        return cls(crawler)

    # --- Where it is read ---------------------------------------------------------------------

    def open(self, spider: Spider) -> None:
        """Begin to tell."""
        run = CrawlState.of(self.crawler).run_id
        live = LiveNumbers(self.source, run, self.crawler.stats, self.state)
        self.registry.register(live)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        if self.ports:
            try:
                self.server, port = serve(self.ports, self.host, self.registry)
            except OSError as error:
                logger.warning("METRICS_PORT: %s; this crawl shows none", error.strerror or error)
            else:
                logger.info("Metrics: http://%s:%d/metrics", self.host, port)
        if self.textfile is not None:
            self.clock = create_looping_call(self.write)
            self.clock.start(self.interval, now=True)

    def write(self) -> None:
        """Write the file beside its place and rename it: it is whole or not there."""
        assert self.textfile is not None
        try:
            self.textfile.parent.mkdir(parents=True, exist_ok=True)
            write_to_textfile(str(self.textfile), self.registry)
        except OSError as error:
            logger.warning("METRICS_TEXTFILE %s: %s", self.textfile, error.strerror)

    def end(self, books: Books) -> None:
        """Tell how it ended, for those who look later."""
        self.registry.register(EndedRun(books))
        if self.clock is not None:
            self.clock.stop()
            self.clock = None
            self.write()

    def close(self) -> None:
        """Let go of the port, also after a crawl that never began."""
        if self.clock is not None:
            self.clock.stop()
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()

    # --- What nobody else counts --------------------------------------------------------------

    def count_kept(self, item: object) -> None:
        """Count the bytes of a stored image."""
        if isinstance(item, CarImage) and item.outcome is Outcome.STORED:
            self.crawler.stats.inc_value("carsets/kept_bytes", item.size)

    def count_page(self, outcome: QueryOutcome) -> None:
        """Count an answer of the source by how it reads."""
        self.crawler.stats.inc_value(f"carsets/page/{outcome.value}")
        if outcome.ends_source:
            self.crawler.stats.set_value(BENCHED, 1)

    def count_replaced(self, replaced: Mapping[str, Outcome]) -> None:
        """Count stored images that gave way to better copies of themselves."""
        self.crawler.stats.inc_value("carsets/replaced", len(replaced))

    def state(self) -> dict[str, tuple[float, str]]:
        """Return what is under way now, by the name of its metric, with its meaning."""
        flight = CrawlState.of(self.crawler).in_flight
        engine = self.crawler._engine  # .engine complains before the crawl has begun
        slot = engine._slot if engine is not None else None
        queued = len(slot.scheduler) if slot is not None else 0  # type: ignore[arg-type]
        active = len(engine.downloader.active) if engine is not None else 0
        return {
            "carsets_images_in_flight": (flight.count, "Images between download and storage"),
            "carsets_bytes_in_flight": (flight.bytes, "Their bytes"),
            "carsets_requests_queued": (queued, "Requests that wait in the scheduler"),
            "carsets_requests_active": (active, "Requests with the downloader"),
        }
