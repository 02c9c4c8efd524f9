"""The downloader of a worker among others: all of them together keep to a host's pace."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from scrapy import signals

from carsets.catalog.connection import CatalogError
from carsets.catalog.host_pace import Knock
from carsets.cluster.host_desk import HostDesk
from carsets.crawl_state import CrawlState
from carsets.net.downloader import PoliteDownloader
from carsets.net.failures import Refused
from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

WEB = ("http:", "https:")


class SharedDownloader(PoliteDownloader):
    """Ask, before a request is sent, whether the other workers leave room for it.

    What this worker alone may do is decided before, as ever: concurrency, delay, and pauses.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        state = CrawlState.of(crawler)
        self._state = state
        self._desk = HostDesk(lambda news: state.catalog.pace_hosts(state.run_id, news))
        self._numbers = count(1)
        self._has_joined = False
        self._handlers = self.handlers
        self.handlers = _Gate(self)  # type: ignore[assignment]

    def pause(self, slot_key: str, seconds: float) -> None:
        """Send nothing to a slot for so many seconds, in any worker."""
        super().pause(slot_key, seconds)
        self._desk.pause(slot_key, seconds)

    async def send(self, request: Request) -> Response:
        """Download when the host may be sent one more. Raises Refused without a catalog."""
        if not request.url.startswith(WEB):
            return await self._handlers.download_request_async(request)
        slot_key = request.meta[self.DOWNLOAD_SLOT]
        slot = self.slots[slot_key]
        knock = Knock(
            f"{self._state.run_id}.{next(self._numbers)}",
            slot_key[:255],
            slot.download_delay(),
            slot.concurrency,
        )
        try:
            self._join()
            await self._desk.enter(knock)
        except CatalogError as error:
            raise Refused(Outcome.CANCELLED, str(error)) from None
        try:
            return await self._handlers.download_request_async(request)
        finally:
            self._desk.end(knock)

    def _join(self) -> None:
        """Enter spiders that keep no books (``Ledger`` enters the others): hosts count them too."""
        members, spider = self._state.membership, self.crawler.spider
        if self._has_joined or spider is None:
            return
        self._has_joined = True  # once: who has left does not come back
        if not members.is_member:
            members.join(spider.name, "")
            self.signals.connect(members.leave, signals.spider_closed)


class _Gate:
    """Stands where Scrapy's downloader expects its handlers."""

    def __init__(self, downloader: SharedDownloader) -> None:
        self._downloader = downloader

    async def download_request_async(self, request: Request) -> Response:
        """Let the downloader decide when."""
        return await self._downloader.send(request)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._downloader._handlers, name)
