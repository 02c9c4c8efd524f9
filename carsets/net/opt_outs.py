"""Asks, before an image is fetched, whether its host has reserved the rights in it.

Each hop of a redirect is asked about: it may lead to a host that wants other things. What was
found travels in ``request.meta[SIGNALS]`` and ends beside the image, in the catalog.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from scrapy import Request
from scrapy.http.request import NO_CALLBACK

from carsets.net.failures import Refused, outcome_of
from carsets.net.once_per_host import FAILURE_VALID_FOR, VALID_FOR, OncePerHost
from carsets.net.requests import is_image_request
from carsets.outcomes import Outcome
from carsets.reservations import DeniedHosts, ReservationPolicy, Signal
from carsets.reservations.policy import note
from carsets.reservations.tdm_file import MAX_SIZE, NAME, PATH, TdmFile

if TYPE_CHECKING:
    from collections.abc import Collection

    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)

SIGNALS = "carsets_reservation_signals"  # key of request.meta: a list, shared by all hops


def obey(request: Request, signals: Collection[Signal], policy: ReservationPolicy) -> None:
    """Write signals down; raise ``Refused`` if the policy counts one that reserves."""
    if not signals:
        return
    known = request.meta.setdefault(SIGNALS, [])
    known.extend(signal for signal in signals if signal not in known)  # retries come here again
    if deciding := policy.deciding(signals):
        raise Refused(Outcome.OPTED_OUT, note(deciding))


class DeniedHostsMiddleware:
    """Keep away from the hosts of RESERVATION_DENIED_HOSTS, without even a word to them."""

    def __init__(self, hosts: DeniedHosts, policy: ReservationPolicy) -> None:
        self.hosts = hosts
        self.policy = policy

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        hosts = DeniedHosts.load(settings.get("RESERVATION_DENIED_HOSTS") or "")
        return cls(hosts, ReservationPolicy.from_settings(settings))

    def process_request(self, request: Request) -> None:
        """Raise ``Refused`` for an image of such a host."""
        if is_image_request(request):
            obey(request, self.hosts.signals(request.url), self.policy)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a host has said in its TDM file, or why nobody knows."""

    file: TdmFile
    failure: Refused | None = None


class TdmFileMiddleware:
    """Ask every image host once for its tdmrep.json, and obey it.

    A file that is not there (a 4xx, or the page or picture that many hosts send for whatever they
    do not have) reserves nothing. While it cannot be asked for, nothing is asked of its host:
    such an image ends with the outcome of that failure, and later runs try again.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.policy = ReservationPolicy.from_settings(crawler.settings)
        self.hosts = OncePerHost(self._ask)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Raise ``Refused`` if the host reserves the rights in this image."""
        if not is_image_request(request):
            return
        answer = await self.hosts.answer(request)
        if (failure := answer.failure) is None:
            obey(request, answer.file.signals(request.url), self.policy)
            return
        try:
            failed = Signal(NAME, failure.note, reserved=True, understood=False)
            obey(request, [failed], self.policy)
        except Refused:
            raise Refused(failure.outcome, failure.note) from None

    async def _ask(self, site: str, request: Request) -> tuple[_Answer, float]:
        asked = Request(
            f"{site}{PATH}",
            headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            meta={
                # Like robots.txt it is meant for programs that are not wanted elsewhere.
                "dont_obey_robotstxt": True,
                "dont_merge_cookies": True,
                "download_maxsize": MAX_SIZE,
                "max_retry_times": 1,
                "allow_offsite": True,
            },
            callback=NO_CALLBACK,
        )
        stats = self.crawler.stats
        stats.inc_value("tdmrep/request_count")
        try:
            response = await self.crawler.engine.download_async(asked)
        except Exception as error:
            outcome, why = outcome_of(error)
            logger.debug("No tdmrep.json from %s: %s %s", site, outcome, why)
            if outcome is Outcome.TOO_LARGE:
                return _Answer(TdmFile.unreadable(f"more than {MAX_SIZE} bytes")), VALID_FOR
            if outcome is Outcome.REDIRECT_LIMIT:  # leads nowhere: there is none
                return _Answer(TdmFile()), VALID_FOR
            refused = Refused(outcome, f"{NAME}: {why}")
            return _Answer(TdmFile(), refused), FAILURE_VALID_FOR
        stats.inc_value(f"tdmrep/response_status_count/{response.status}")
        return _read(response)


def _read(response: Response) -> tuple[_Answer, float]:
    status = response.status
    if status >= 500 or status in {408, 425, 429}:
        refused = Refused(Outcome.of_status(status), f"{NAME}: HTTP {status}")
        return _Answer(TdmFile(), refused), FAILURE_VALID_FOR
    if not 200 <= status < 300 or status == 204 or _stands_in(response):
        return _Answer(TdmFile()), VALID_FOR
    return _Answer(TdmFile.read(response.body)), VALID_FOR


def _stands_in(response: Response) -> bool:
    """Say whether this is the page, or the picture, that a host sends instead of "not found"."""
    kind = (response.headers.get("Content-Type") or b"").strip().lower()
    begins = response.body[:1000].removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if kind.startswith(b"image/"):
        return begins not in {b"", b"[", b"{"}
    return kind.startswith(b"text/html") and begins == b"<"
