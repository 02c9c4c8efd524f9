"""Asks again, the polite way: when the host says so, ever more slowly, and not for ever.

Replaces Scrapy's RetryMiddleware, which ignores Retry-After and asks again at once.
"""

from __future__ import annotations

import logging
import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Self, cast

from scrapy import signals
from scrapy.downloadermiddlewares.retry import get_retry_request
from scrapy.utils.httpobj import urlparse_cached

from carsets.net.failures import Refused, outcome_of
from carsets.net.requests import is_image_request
from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

    from carsets.net.downloader import PoliteDownloader

logger = logging.getLogger(__name__)

RETRIED_STATUSES = frozenset({408, 429, 500, 502, 503, 504, 522, 524})
# A host that answers these may have had enough of us; any other answer shows that it is well.
FAILURE_STATUSES = RETRIED_STATUSES | {403}
RETRIED_OUTCOMES = frozenset(
    {
        Outcome.DNS,
        Outcome.CONNECTION_REFUSED,
        Outcome.CONNECTION_LOST,
        Outcome.INCOMPLETE,
        Outcome.TIMEOUT,
    }
)
FAILURE_OUTCOMES = RETRIED_OUTCOMES | {Outcome.TOO_SLOW, Outcome.TLS}


def retry_after(value: str | bytes | None, now: datetime | None = None) -> float | None:
    """Return the seconds that a Retry-After header asks to wait, or None if it says nothing.

    Both forms are read: seconds and an HTTP date. A date in the past is 0.
    """
    text = (value.decode("latin-1") if isinstance(value, bytes) else value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


class PoliteRetry:
    """Retry what may succeed later; pause a host that asks for it; bench one that keeps failing.

    A pause holds the requests to one host alone and is never longer than ``pause_max`` seconds:
    a host that wants a longer one is benched, and its images are for a later run.
    """

    def __init__(
        self,
        crawler: Crawler,
        *,
        pause_max: float,
        backoff: float,
        max_failures: int,
    ) -> None:
        self.crawler = crawler
        self.pause_max = pause_max
        self.backoff = backoff
        self.max_failures = max_failures
        self._failures: dict[str, int] = {}  # host -> failures in a row
        self._waited: dict[str, float] = {}  # host -> seconds of pauses since its last success
        self._benched: dict[str, str] = {}  # host -> why

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        retry = cls(
            crawler,
            pause_max=settings.getfloat("RETRY_AFTER_MAX", 30.0),
            backoff=settings.getfloat("RETRY_BACKOFF", 1.0),
            max_failures=settings.getint("HOST_MAX_FAILURES", 10),
        )
        crawler.signals.connect(retry.response_downloaded, signals.response_downloaded)
        return retry

    def process_request(self, request: Request) -> None:
        """Refuse an image of a host that is benched in this run."""
        if self._benched and is_image_request(request):
            host = urlparse_cached(request).hostname or ""
            if why := self._benched.get(host):
                raise Refused(Outcome.HOST_BENCHED, why)

    def response_downloaded(self, request: Request, response: Response) -> None:
        """Pause or bench a host that asks to wait, before its next request is sent.

        The middlewares see an answer only after the downloader has sent the next request.
        """
        if response.status in RETRIED_STATUSES:
            asked = retry_after(response.headers.get("Retry-After"))
            if asked is not None and asked > self.pause_max:
                self._bench(request, f"HTTP {response.status}, asks to wait {asked:.0f} s")
            elif asked:
                self._pause(request, asked)

    def _pause(self, request: Request, seconds: float) -> None:
        slot, host = request.meta["download_slot"], urlparse_cached(request).hostname or ""
        longer = max(0.0, seconds - self._downloader.paused_for(slot))
        self._waited[host] = self._waited.get(host, 0.0) + longer
        if self._waited[host] > 2 * self.pause_max:
            # Images that wait for their host hold the places of images of other hosts.
            self._bench(request, f"asks to wait again and again, {self._waited[host]:.0f} s by now")
        self._downloader.pause(slot, seconds)

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """Return the request to make again, or the response as it is."""
        if response.status not in FAILURE_STATUSES:
            self._succeeded(request)
            return response
        if response.status not in RETRIED_STATUSES:
            self._failed(request, f"HTTP {response.status}")
            return response
        asked = retry_after(response.headers.get("Retry-After"))
        if asked is not None and asked > self.pause_max:
            return response
        if response.status in request.meta.get("no_retry_at", ()):  # asking again prolongs a block
            self._failed(request, f"HTTP {response.status}")
            return response
        return self._again(request, f"HTTP {response.status}") or response

    def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """Return the request to make again, or None to let the exception go on."""
        outcome, note = outcome_of(exception)
        if outcome in RETRIED_OUTCOMES:
            return self._again(request, str(outcome))
        if outcome in FAILURE_OUTCOMES:
            self._failed(request, f"{outcome} {note}")
        return None

    def _again(self, request: Request, reason: str) -> Request | None:
        if self._failed(request, reason) or request.meta.get("dont_retry"):
            return None
        spider = self.crawler.spider
        assert spider is not None
        retry = get_retry_request(
            request, spider=spider, reason=reason, logger=logger, give_up_log_level=logging.DEBUG
        )
        if retry is not None:
            wait = self.backoff * 2 ** request.meta.get("retry_times", 0) * random.uniform(0.5, 1)
            slot = request.meta.get("download_slot", urlparse_cached(request).hostname or "")
            self._downloader.pause(slot, min(self.pause_max, wait))
        return retry

    def _succeeded(self, request: Request) -> None:
        if self._failures:
            host = urlparse_cached(request).hostname or ""
            self._failures.pop(host, None)
            self._waited.pop(host, None)

    def _failed(self, request: Request, reason: str) -> bool:
        """Count a failure of the host. Return whether the host is benched for images now."""
        host = urlparse_cached(request).hostname or ""
        self._failures[host] = self._failures.get(host, 0) + 1
        if self._failures[host] >= self.max_failures > 0:
            self._bench(request, f"{self._failures[host]} failures in a row, the last {reason}")
        return host in self._benched and is_image_request(request)

    def _bench(self, request: Request, why: str) -> None:
        host = urlparse_cached(request).hostname or ""
        if host in self._benched:
            return
        self._benched[host] = why
        self.crawler.stats.inc_value("carsets/hosts_benched")
        logger.info("No more images from %s in this run: %s", host, why)
        slot = request.meta.get("download_slot", host)
        self._downloader.refuse_queued_images(slot, Refused(Outcome.HOST_BENCHED, why))

    @property
    def _downloader(self) -> PoliteDownloader:
        return cast("PoliteDownloader", self.crawler.engine.downloader)
