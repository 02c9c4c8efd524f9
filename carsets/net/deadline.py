"""The download handler: Scrapy's, with an end to everything.

What Scrapy's own handler already does was measured: DOWNLOAD_TIMEOUT covers connecting, headers
and body together. What it leaves open, and this one closes: a body that drips for the whole of
that time, headers without end (kept in memory at the speed of the network), a URL that takes the
full time again for each redirect and each retry, and the reason why a host name did not resolve.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from scrapy.exceptions import CannotResolveHostError, DownloadTimeoutError
from scrapy.utils.asyncio import create_looping_call
from scrapy.utils.httpobj import urlparse_cached
from twisted.python.failure import Failure

from carsets.net.address_guard import AddressForbidden, refusal_of
from carsets.net.failures import Refused
from carsets.net.host_load import HostLoad, Load
from carsets.net.secret_parameters import wire_url
from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.settings import BaseSettings
    from twisted.internet.interfaces import IAddress
    from twisted.web.http_headers import Headers

SPENT = "carsets_seconds"  # key of request.meta: seconds that earlier attempts at the URL took
HEADERS_MAX = 64 * 1024  # bytes; what browsers allow is about 256 KiB, what servers send is 1 KiB
SWEEP_INTERVAL = 0.5  # seconds between two looks at how fast everything comes in


class CountingProtocol(_LenientHTTP11ClientProtocol):
    """Count the bytes of the answer, and end headers that never end."""

    received = 0  # bytes of the current answer, headers included
    reading: CountingProtocol | None = None  # of the class: whose bytes are being read just now

    def __init__(self, ready: Any, begin: Callable[[Headers], Load]) -> None:
        super().__init__(ready)  # type: ignore[no-untyped-call]
        self._begin = begin
        self._load = Load()

    def request(self, request: Any) -> Any:
        """Begin a new answer: a connection carries several, one after the other."""
        self.received = 0
        self._load = self._begin(request.headers)
        self._load.received = self._load.received or 0
        return super().request(request)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802 (Twisted's name)
        """Read a chunk. Called for every one of them, so as cheap as can be."""
        self.received += len(data)
        self._load.received = (self._load.received or 0) + len(data)
        if self._parser is not None and self._parser.state != "BODY":
            if self.received - len(data) > HEADERS_MAX:
                too_long = Refused(Outcome.TOO_LARGE, f"headers over {HEADERS_MAX} bytes")
                self._giveUp(Failure(too_long))  # type: ignore[no-untyped-call]
                return
            CountingProtocol.reading = self
        super().dataReceived(data)  # type: ignore[no-untyped-call]


class CountingFactory(_LenientHTTP11ClientFactory):
    """Build ``CountingProtocol`` for every new connection."""

    def __init__(self, begin: Callable[[Headers], Load], ready: Any, metadata: Any) -> None:
        super().__init__(ready, metadata)  # type: ignore[no-untyped-call]
        self._begin = begin

    def buildProtocol(self, addr: IAddress | None) -> CountingProtocol:  # noqa: N802
        return CountingProtocol(self._quiescentCallback, self._begin)


@dataclass(slots=True, eq=False)
class Transfer:
    """One attempt at a URL that is on the wire."""

    task: asyncio.Task[Any] | None
    started: float  # monotonic seconds
    protocol: CountingProtocol | None = None  # known when the headers are there
    body_began: float = 0.0
    too_slow: str = ""


class DeadlineDownloadHandler(HTTP11DownloadHandler):
    """Download over HTTP within bounds of time, and say why a host may not be reached.

    DOWNLOAD_MIN_BYTES_PER_SECOND is asked of the body's average speed once
    DOWNLOAD_SLOW_GRACE seconds have passed; DOWNLOAD_DEADLINE (seconds) bounds all attempts at
    one URL together, without the time spent waiting for the host's turn.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings: BaseSettings = crawler.settings
        self._load = HostLoad.of(crawler)
        self._pool._factory = partial(CountingFactory, self._begin)  # type: ignore[assignment]
        # Twisted: 240 s, in which a crawl of many hosts runs out of file descriptors.
        self._pool.cachedConnectionTimeout = settings.getfloat(  # type: ignore[assignment]
            "DOWNLOAD_KEEP_ALIVE", 5.0
        )
        self._timeout = settings.getfloat("DOWNLOAD_TIMEOUT", 30.0)
        self._deadline = settings.getfloat("DOWNLOAD_DEADLINE", 60.0)
        self._min_speed = settings.getfloat("DOWNLOAD_MIN_BYTES_PER_SECOND", 1024.0)
        self._grace = settings.getfloat("DOWNLOAD_SLOW_GRACE", 5.0)
        self._transfers: dict[Request, Transfer] = {}
        crawler.signals.connect(self._headers_received, signals.headers_received)
        self._sweeper = create_looping_call(self._sweep)

    async def download_request(self, request: Request) -> Response:
        """Return the answer, or raise what ``failures.outcome_of`` knows how to read."""
        url = wire_url(request)
        if url == request.url:
            return await self._download(request)
        there = request.replace(url=url)
        try:
            response = await self._download(there)
        finally:
            for key in (SPENT, "download_latency"):
                if key in there.meta:
                    request.meta[key] = there.meta[key]
        return response.replace(url=request.url)

    async def _download(self, request: Request) -> Response:
        spent = request.meta.get(SPENT, 0.0)
        if self._deadline:
            left = self._deadline - spent
            if left <= 0:
                raise DownloadTimeoutError(f"{spent:.0f} s in earlier attempts")
            timeout = request.meta.get("download_timeout") or self._timeout
            request.meta["download_timeout"] = min(timeout, left)
        transfer = Transfer(asyncio.current_task(), monotonic())
        self._transfers[request] = transfer
        if not self._sweeper.running:
            self._sweeper.start(SWEEP_INTERVAL, now=False)
        try:
            return await super().download_request(request)
        except asyncio.CancelledError:
            if not transfer.too_slow or transfer.task is None:
                raise
            transfer.task.uncancel()
            raise Refused(Outcome.TOO_SLOW, transfer.too_slow) from None
        except CannotResolveHostError as error:
            if reason := refusal_of(urlparse_cached(request).hostname or ""):
                raise AddressForbidden(reason) from None
            raise error from None
        finally:
            del self._transfers[request]
            request.meta[SPENT] = spent + monotonic() - transfer.started

    host_header = "Host"  # which header of a request names the host that is asked

    def _begin(self, headers: Headers) -> Load:
        """Count a request that is being written to a connection."""
        [place] = headers.getRawHeaders(self.host_header) or [""]
        return self._load.begin(urlsplit(f"//{place}").hostname or "")

    async def close(self) -> None:
        """Close the connections that are kept open."""
        if self._sweeper.running:
            self._sweeper.stop()
        await super().close()

    def _headers_received(self, request: Request) -> None:
        # Sent while the protocol is reading the end of the headers, on the same stack.
        transfer = self._transfers.get(request)
        if transfer is not None and CountingProtocol.reading is not None:
            transfer.protocol = CountingProtocol.reading
            transfer.body_began = monotonic()

    def _sweep(self) -> None:
        now = monotonic()
        for transfer in list(self._transfers.values()):
            if transfer.protocol is None or transfer.too_slow or transfer.task is None:
                continue
            seconds = now - transfer.body_began
            if seconds < self._grace:
                continue
            speed = transfer.protocol.received / seconds
            if speed < self._min_speed:
                transfer.too_slow = f"{speed:.0f} bytes/s after {seconds:.0f} s"
                transfer.task.cancel()
