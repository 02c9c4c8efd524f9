"""What the spider, the steps and the extensions of one crawl share."""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from collections import deque
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self
from weakref import WeakKeyDictionary

from scrapy import signals

from carsets.catalog.catalog import Catalog
from carsets.catalog.known_urls import KnownUrls
from carsets.catalog.unsigned import url_hash
from carsets.cluster.membership import Membership
from carsets.cluster.shared_quota import SharedQuota
from carsets.cluster.switch import is_switched_on
from carsets.cluster.url_desk import UrlDesk
from carsets.items import CarImage
from carsets.ledger.quota import Quota
from carsets.outcomes import Outcome
from carsets.places import Places
from carsets.setting_checks import check_settings
from carsets.vision.copies import Copies

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from scrapy.crawler import Crawler

    from carsets.catalog.tombstones import Tombstones

logger = logging.getLogger(__name__)


class CrawlState:
    """One crawl's dataset, and the limits under which its images travel.

    Made on first use and found again through the crawler, so that no part has to know which
    other part was built first.
    """

    _of_crawlers: ClassVar[WeakKeyDictionary[Crawler, CrawlState]] = WeakKeyDictionary()

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        check_settings(settings)
        self.run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(3)}"
        self.places = Places.from_settings(settings)
        self.in_flight = InFlight(
            settings.getint("IMAGES_IN_FLIGHT"), settings.getint("IMAGES_IN_FLIGHT_BYTES")
        )
        self.is_shared = is_switched_on(settings)  # whether other workers may be there
        self.planned: Collection[str] = ()  # ids of the queries that share the limit
        self.quota = SharedQuota(self._share_limit) if self.is_shared else Quota()
        self.stop_reason = ""  # why the run has to end early: "" while all is well
        self._crawler = crawler
        self._catalog: Catalog | None = None
        self._opening = threading.Lock()
        for signal in (signals.item_scraped, signals.item_dropped, signals.item_error):
            crawler.signals.connect(self._let_go, signal)

    @classmethod
    def of(cls, crawler: Crawler) -> Self:
        """Return the state of this crawl."""
        if crawler not in cls._of_crawlers:
            cls._of_crawlers[crawler] = cls(crawler)
        return cls._of_crawlers[crawler]  # type: ignore[return-value]

    @property
    def catalog(self) -> Catalog:
        """The dataset's catalog, opened (and made) on first use, whichever thread that is in."""
        with self._opening:
            if self._catalog is None:
                self._catalog = Catalog.open(self.places.catalog_url)
            return self._catalog

    @cached_property
    def membership(self) -> Membership:
        """This worker's place among the others. Of use only if the run ``is_shared``."""
        lease = self._crawler.settings.getfloat("LEASE_SECONDS")
        return Membership(self.catalog, self.run_id, lease, self._lose_lease)

    def _lose_lease(self, error: Exception) -> None:
        logger.error("The run stops: %s", error)
        self.stop("lease_lost")

    def _share_limit(self, outstanding: int, wants_more: bool) -> tuple[int, int]:
        return self.catalog.share_limit(
            self.run_id,
            limit=self.quota.limit,
            outstanding=outstanding,
            wants_more=wants_more,
            planned=self.planned,
        )

    @cached_property
    def url_desk(self) -> UrlDesk:
        """Where a URL is claimed before it is fetched. Of use only if the run ``is_shared``."""
        most = self._crawler.settings.getint("URL_MAX_ATTEMPTS")
        return UrlDesk(lambda hashes: self.catalog.claim_urls(self.run_id, hashes, most))

    async def known(self, urls: Iterable[str]) -> list[str]:
        """Return those of the URLs that have ended, or that somebody is about to fetch."""
        if not self.is_shared:
            return [url for url in urls if url in self.known_urls]
        by_hash = {url_hash(url): url for url in urls}
        most = self._crawler.settings.getint("URL_MAX_ATTEMPTS")
        found = await asyncio.to_thread(self.catalog.known_among, list(by_hash), most)
        return [url for number, url in by_hash.items() if number in found or url in self.known_urls]

    @cached_property
    def known_urls(self) -> KnownUrls:
        """The URLs that must not be fetched again."""
        return KnownUrls.load(self.catalog, self._crawler.settings.getint("URL_MAX_ATTEMPTS"))

    @cached_property
    def tombstones(self) -> Tombstones:
        """What was removed on request and must not come back."""
        return self.catalog.tombstones()

    @cached_property
    def copies(self) -> Copies:
        """The fingerprints of the dataset's pictures."""
        settings = self._crawler.settings
        copies = Copies(
            settings.getint("NEAR_DUPLICATE_DISTANCE"),
            settings.getint("NEAR_DUPLICATE_DHASH_DISTANCE"),
        )
        for batch in self.catalog.fingerprints_after(0):
            copies.take_in(batch)
        return copies

    def load(self) -> None:
        """Read what the dataset holds. Slow for a large one: call it in a thread, once."""
        _ = self.known_urls, self.tombstones, self.copies

    def stop(self, reason: str) -> None:
        """Ask the crawl to end, for a reason that the receipt will give."""
        if not self.stop_reason:
            self.stop_reason = reason
            asyncio.ensure_future(self._crawler.engine.close_spider_async(reason=reason))  # noqa: RUF006

    @property
    def stopping(self) -> bool:
        """Whether the run is being ended early, by us, a signal or an extension."""
        if self.stop_reason:
            return True
        engine = self._crawler._engine  # .engine complains before the crawl has begun
        slot = engine._slot if engine is not None else None
        return slot is not None and slot.closing is not None

    def _let_go(self, item: Any) -> None:
        if not isinstance(item, CarImage):
            return
        if item.admitted:
            item.admitted = False
            self.in_flight.leave(item.size)
            self.quota.settle(kept=item.outcome is Outcome.STORED)
        item.body = None


class InFlight:
    """Bound the images between download and storage, by number and by bytes.

    Scrapy does not bound media requests: everything that a page yields is let loose at once.
    """

    def __init__(self, most: int, most_bytes: int) -> None:
        self.most = most
        self.most_bytes = most_bytes
        self.count = 0
        self.bytes = 0
        self.peak = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    def _room(self) -> bool:
        return self.count < self.most and (self.bytes < self.most_bytes or not self.count)

    async def enter(self) -> None:
        """Wait for a place; first come, first served."""
        if self._waiting or not self._room():
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn  # whoever wakes us has already counted us
        else:
            self._count_in()

    def hold(self, size: int) -> None:
        """Count the bytes of an image that has arrived."""
        self.bytes += size

    def leave(self, size: int) -> None:
        """Give a place back, and its bytes."""
        self.count -= 1
        self.bytes -= size
        while self._waiting and self._room():
            turn = self._waiting.popleft()
            if not turn.done():
                self._count_in()
                turn.set_result(None)

    def _count_in(self) -> None:
        self.count += 1
        self.peak = max(self.peak, self.count)
