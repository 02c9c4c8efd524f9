"""Asks robots.txt before every image, and believes the answer."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, cast

from scrapy import Request, signals
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.http.request import NO_CALLBACK
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import build_from_crawler

from carsets.net.failures import Refused, outcome_of
from carsets.net.requests import is_source_request
from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser

    from carsets.net.downloader import PoliteDownloader

logger = logging.getLogger(__name__)

MAX_SIZE = 512 * 1024  # bytes; RFC 9309 asks to read 500 KiB; parsing it takes about 0.1 s
KNOWN_HOSTS = 10_000  # answers kept; the least recently used one is forgotten
VALID_FOR = 24 * 3600.0  # seconds; RFC 9309: not longer than a day
FAILURE_VALID_FOR = 600.0  # seconds until a host whose robots.txt failed is asked again


@dataclass(slots=True)
class _Answer:
    """What is known of one host: its rules, or why there are none."""

    rules: RobotParser | None = None  # None: everything is allowed
    failure: Refused | None = None  # nothing may be asked of the host
    expires: float = 0.0  # monotonic seconds; 0 while the answer is awaited


class RobotsTxt(RobotsTxtMiddleware):
    """Deny what robots.txt denies, to the first request as to the last.

    In Scrapy's own middleware only the first of the requests that wait for the same robots.txt
    gets the rules; the others are let through. It also lets everything through when robots.txt
    fails. Here a failing server (5xx, 429, or no answer) denies its images, as RFC 9309 asks, but
    with an outcome that a later run may ask again; 4xx allows everything.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings = crawler.settings
        self._sources_obey = settings.getbool("SEARCH_ROBOTSTXT_OBEY")
        self._crawl_delay_max = settings.getfloat("ROBOTSTXT_CRAWL_DELAY_MAX", 30.0)
        self._answers: OrderedDict[str, tuple[_Answer, asyncio.Future[None]]] = OrderedDict()
        self._said_so = False

    async def process_request(  # type: ignore[override]  # without the deprecated `spider`
        self, request: Request
    ) -> None:
        """Raise ``Refused`` if the host does not want this request."""
        if request.meta.get("dont_obey_robotstxt") or request.url.startswith("data:"):
            return
        if is_source_request(request) and not self._sources_obey:
            self._say_so()
            return
        answer = await self._answer(request)
        if answer.failure is not None:
            self._stats.inc_value("robotstxt/forbidden")
            raise Refused(answer.failure.outcome, answer.failure.note)
        agent = self._robotstxt_useragent or request.headers.get(
            b"User-Agent", self._default_useragent
        )
        if answer.rules is not None and not answer.rules.allowed(request.url, agent or ""):
            self._stats.inc_value("robotstxt/forbidden")
            raise Refused(Outcome.ROBOTS_DENIED, "robots.txt")

    def _say_so(self) -> None:
        if not self._said_so:
            self._said_so = True
            logger.info(
                "The pages and APIs of the source itself are asked without its robots.txt "
                "(SEARCH_ROBOTSTXT_OBEY is off); image hosts are always asked for theirs"
            )

    async def _answer(self, request: Request) -> _Answer:
        url = urlparse_cached(request)
        site = f"{url.scheme}://{url.netloc}"
        known = self._answers.get(site)
        if known is None or 0 < known[0].expires < monotonic():
            answer, done = _Answer(), asyncio.get_running_loop().create_future()
            self._answers[site] = answer, done
            try:
                await self._ask(site, request, answer)
            except BaseException:  # cancelled: the next one asks again
                self._answers.pop(site, None)
                answer.failure = Refused(Outcome.CANCELLED, "robots.txt")
                raise
            finally:
                done.set_result(None)
            self._forget_oldest()
            return answer
        answer, done = known
        if not done.done():
            await asyncio.shield(done)
        self._answers.move_to_end(site)
        return answer

    async def _ask(self, site: str, request: Request, answer: _Answer) -> None:
        robots = Request(
            f"{site}/robots.txt",
            priority=self.DOWNLOAD_PRIORITY,
            meta={
                "dont_obey_robotstxt": True,
                "download_maxsize": MAX_SIZE,
                "max_retry_times": 1,
                "allow_offsite": True,
            },
            callback=NO_CALLBACK,
        )
        self._stats.inc_value("robotstxt/request_count")
        try:
            response = await self.crawler.engine.download_async(robots)
            await self._read(response, request, answer)
        except Exception as error:
            outcome, note = outcome_of(error)
            if outcome in {Outcome.TOO_LARGE, Outcome.ERROR}:
                outcome = Outcome.ROBOTS_DENIED
            if outcome is Outcome.REDIRECT_LIMIT:
                note = ""  # RFC 9309: too many redirects mean that there are no rules
            else:
                answer.failure = Refused(outcome, f"robots.txt: {note}")
            logger.debug("No robots.txt from %s: %s %s", site, outcome, note)
        lifetime = VALID_FOR if answer.failure is None else FAILURE_VALID_FOR
        answer.expires = monotonic() + lifetime

    async def _read(self, response: Response, request: Request, answer: _Answer) -> None:
        status = response.status
        self._stats.inc_value("robotstxt/response_count")
        self._stats.inc_value(f"robotstxt/response_status_count/{status}")
        if status >= 500 or status == 429:
            answer.failure = Refused(Outcome.of_status(status), f"robots.txt: HTTP {status}")
            return
        if not 200 <= status < 300:
            return
        rules: RobotParser = build_from_crawler(self._parserimpl, self.crawler, response.body)
        answer.rules = rules
        await self.crawler.signals.send_catch_log_async(
            signal=signals.robots_parsed, robotparser=rules, request=request
        )
        self._apply_crawl_delay(rules, request)

    def _apply_crawl_delay(self, rules: RobotParser, request: Request) -> None:
        delay = rules.crawl_delay(self._robotstxt_useragent or self._default_useragent)
        if not delay or delay < 0:
            return
        downloader = cast("PoliteDownloader", self.crawler.engine.downloader)
        slot = downloader.get_slot_key(request)
        downloader.slow_down(slot, min(delay, self._crawl_delay_max))

    def _forget_oldest(self) -> None:
        while len(self._answers) > KNOWN_HOSTS:
            self._answers.popitem(last=False)
