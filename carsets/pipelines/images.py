"""Downloads images, after asking whether they are worth fetching."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import urlsplit

from scrapy.pipelines.images import ImagesPipeline
from twisted.python.failure import Failure

from carsets.catalog.connection import CatalogError
from carsets.catalog.workers import LeaseLostError
from carsets.crawl_state import CrawlState
from carsets.licenses import LicensePolicy
from carsets.net.failures import Refused, outcome_of
from carsets.net.opt_outs import SIGNALS
from carsets.net.requests import image_request
from carsets.net.url_gate import UrlGate
from carsets.outcomes import Outcome
from carsets.pipelines.drop import OutcomeDrop
from carsets.pipelines.step import Step
from carsets.reservations import DeniedHosts, ReservationPolicy, read_reservation
from carsets.reservations.policy import note
from carsets.signals import image_found

if TYPE_CHECKING:
    from os import PathLike

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.pipelines.media import FileInfo, FileInfoOrError, MediaPipeline

    from carsets.items import CarImage

# Answers after which a smaller copy of the same image may still be there.
ASK_ALTERNATE = {
    Outcome.HTTP_401,
    Outcome.HTTP_403,
    Outcome.HTTP_404,
    Outcome.HTTP_410,
    Outcome.HTTP_4XX,
    Outcome.TOO_LARGE,
}
# Evidence about rights, type and age; cookies and the like are nobody's business.
KEPT_HEADERS = {
    "content-type",
    "content-length",
    "last-modified",
    "etag",
    "link",
    "x-robots-tag",
    "tdm-reservation",
    "tdm-policy",
    "content-usage",
    "content-signal",
}


def _read_file(path: Path, part: tuple[int, int] | None) -> bytes:
    """Return the bytes of a file, or of a part of it: where it begins, and how many."""
    if part is None:
        return path.read_bytes()
    with path.open("rb") as stream:
        stream.seek(part[0])
        return stream.read(part[1])


class CarImagesPipeline(Step, ImagesPipeline):
    """Fetch the bytes of an image that is worth it, and keep them as they were served.

    The stock pipeline re-encodes every image and with it destroys the evidence of its rights;
    here nothing is decoded and nothing is written: later steps look, and ``StoragePipeline``
    stores.
    """

    name = "images"
    LOG_FAILED_RESULTS: ClassVar[bool] = False  # type: ignore[misc]  # the ledger has the reason

    def __init__(self, store_uri: str | PathLike[str], *, crawler: Crawler) -> None:
        ImagesPipeline.__init__(self, store_uri, crawler=crawler)
        Step.__init__(self, crawler)
        settings = crawler.settings
        self.policy = LicensePolicy(settings.getlist("LICENSE_ALLOWED"))
        self.denied_hosts = DeniedHosts.load(settings.get("RESERVATION_DENIED_HOSTS") or "")
        self.reservations = ReservationPolicy.from_settings(settings)
        self.gate = UrlGate.from_settings(settings)
        self.most_per_host = settings.getint("URLS_PER_HOST")
        self.asked_of_host: dict[str, int] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        cls._update_stores(crawler.settings)
        return cls(CrawlState.of(crawler).places.images_store, crawler=crawler)

    async def open_spider(self) -> None:  # type: ignore[override]
        """Read what the dataset holds, before the first image is found."""
        ImagesPipeline.open_spider(self)
        await asyncio.to_thread(self.state.load)

    async def decide(self, item: CarImage) -> None:
        """Drop what words exclude; fetch the rest."""
        self.crawler.signals.send_catch_log(image_found, spider=self.crawler.spider, item=item)
        if item.outcome:  # a row of the user's list that cannot be read
            raise OutcomeDrop(item.outcome, item.note)
        self._ask_words(item)
        if not await self.state.quota.take():
            raise OutcomeDrop(Outcome.OVER_LIMIT)
        await self.state.in_flight.enter()
        item.admitted = True
        if self.state.stopping:  # Scrapy would go on with all that it has been handed
            raise OutcomeDrop(Outcome.CANCELLED, "the run was being stopped")
        if self.state.is_shared and not item.local_path:
            await self._claim(item.found.image_url)  # not before: what waits here others may do
        await (self._read(item) if item.local_path else self._download(item))
        item.fetched_at = datetime.now(UTC).isoformat(timespec="seconds")
        item.size = len(item.body or b"")
        self.state.in_flight.hold(item.size)

    async def _claim(self, url: str) -> None:
        """Ask the other workers; drop what one of them has fetched, or is about to."""
        try:
            ours = await self.state.url_desk.take(url)
        except LeaseLostError as error:  # Membership ends the run
            raise OutcomeDrop(Outcome.CANCELLED, str(error)) from None
        except CatalogError as error:
            self.state.stop("catalog_failed")
            raise OutcomeDrop(Outcome.CANCELLED, str(error)) from None
        if not ours:
            raise OutcomeDrop(Outcome.KNOWN_URL, "another worker has asked for it")

    def _ask_words(self, item: CarImage) -> None:
        found = item.found
        url = found.image_url
        if not item.local_path:
            try:
                self.gate.require(url)
            except Refused as refusal:
                raise OutcomeDrop(refusal.outcome, refusal.note) from None
        if not self.policy.allows(found.license):
            raise OutcomeDrop(Outcome.LICENSE_EXCLUDED, found.license.code)
        self._ask_page_host(item)
        authors = (found.author, found.author_url)
        if self.state.tombstones.forbid_source((url, found.page_url), authors):
            raise OutcomeDrop(Outcome.REMOVED)
        if url in self.state.known_urls:
            raise OutcomeDrop(Outcome.KNOWN_URL)
        self.state.known_urls.add(url)
        if not item.local_path:
            self._count_host(url)

    def _ask_page_host(self, item: CarImage) -> None:
        """Ask the user's own list: terms stand where a page is, and the image may lie elsewhere."""
        signals = self.denied_hosts.signals(item.found.page_url)
        item.host_signals = signals
        if deciding := self.reservations.deciding(signals):
            raise OutcomeDrop(Outcome.OPTED_OUT, note(deciding))

    def _count_host(self, url: str) -> None:
        host = urlsplit(url).hostname or ""
        asked = self.asked_of_host.get(host, 0)
        if asked >= self.most_per_host:
            raise OutcomeDrop(Outcome.HOST_LIMIT, host)
        self.asked_of_host[host] = asked + 1

    async def _read(self, item: CarImage) -> None:
        path = Path(item.local_path)
        most = self.crawler.settings.getint("DOWNLOAD_MAXSIZE")
        try:
            size = item.local_part[1] if item.local_part else path.stat().st_size
            if size > most:
                raise OutcomeDrop(Outcome.TOO_LARGE, f"more than {most} bytes")
            item.body = await asyncio.to_thread(_read_file, path, item.local_part)
        except FileNotFoundError:
            raise OutcomeDrop(Outcome.HTTP_404, "the file is gone") from None
        except OSError as error:
            raise OutcomeDrop(Outcome.HTTP_403, f"cannot be read: {error.strerror}") from None
        if not item.body:
            raise OutcomeDrop(Outcome.EMPTY)

    async def _download(self, item: CarImage) -> None:
        first: OutcomeDrop | None = None
        for url in (item.found.image_url, *item.found.alternates):
            if self.state.tombstones.forbid_source((url,), ()):
                continue
            item.image_urls = [url]
            try:
                await ImagesPipeline.process_item(self, item)
                self._refuse_removed(item)
                return
            except OutcomeDrop as drop:
                first = first or drop
                if drop.outcome not in ASK_ALTERNATE:
                    break
        raise first or OutcomeDrop(Outcome.REMOVED)

    def _refuse_removed(self, item: CarImage) -> None:
        """Drop what redirects have led to a removed address, or to a removed host."""
        if self.state.tombstones.forbid_source((item.served_url,), ()):
            item.body = None
            raise OutcomeDrop(Outcome.REMOVED, "after redirects")

    async def process_item(self, item: Any) -> Any:  # type: ignore[override]
        """Run the step; Scrapy's own way for an image is what ``_download`` calls."""
        return await Step.process_item(self, item)

    def _get_store(self, uri: str) -> None:  # type: ignore[override]
        """Have no store: nothing is written here, and StoragePipeline tells of one that fails."""

    # --- Scrapy's media pipeline calls the rest -----------------------------------------------

    def get_media_requests(self, item: Any, info: MediaPipeline.SpiderInfo) -> list[Request]:
        """Return the request for the one URL that is being tried."""
        return [image_request(url) for url in item.image_urls]

    def media_to_download(
        self, request: Request, info: MediaPipeline.SpiderInfo, *, item: Any = None
    ) -> None:
        """Always download: where the file goes depends on bytes that are not here yet."""

    async def media_downloaded(
        self,
        response: Response,
        request: Request,
        info: MediaPipeline.SpiderInfo,
        *,
        item: Any = None,
    ) -> FileInfo:
        """Hand the served bytes to the item."""
        if response.status != 200:
            raise Refused(Outcome.of_status(response.status), f"HTTP {response.status}")
        if "/photo_unavailable" in response.url:  # Flickr's redirect for deleted photos
            raise Refused(Outcome.PLACEHOLDER, response.url)
        if not response.body:
            raise Refused(Outcome.EMPTY)
        item.body = response.body
        item.served_url = response.url
        item.host_signals += (response.request or request).meta.get(SIGNALS, [])
        item.served_headers = {
            name: "\n".join(value.decode("latin-1") for value in values)
            for key, values in response.headers.items()
            if (name := key.decode("latin-1").lower()) in KEPT_HEADERS
        }
        # What the headers refuse, no decoder has to look at.
        said = read_reservation(
            item.served_headers, {}, self.reservations, others=item.host_signals
        )
        if said.reserved:
            raise Refused(Outcome.OPTED_OUT, said.note)
        return {"url": request.url, "path": "", "checksum": None, "status": "downloaded"}

    def media_failed(
        self, failure: Failure, request: Request, info: MediaPipeline.SpiderInfo
    ) -> Any:
        """Turn any failure into one that carries its outcome and is logged without traceback."""
        assert failure.value is not None
        refused = Failure(Refused(*outcome_of(failure.value)))  # type: ignore[no-untyped-call]
        return super().media_failed(refused, request, info)

    def item_completed(
        self, results: list[FileInfoOrError], item: Any, info: MediaPipeline.SpiderInfo
    ) -> Any:
        """Drop the item when its download failed."""
        info.downloaded.clear()  # Scrapy keeps an entry a URL for the whole crawl
        for _, result in results:
            if isinstance(result, Failure) and result.value is not None:
                raise OutcomeDrop(*outcome_of(result.value.__cause__ or result.value))
        return item
