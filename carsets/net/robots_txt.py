"""Asks robots.txt before every image, and believes the answer: its rules, and its opt-outs."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, cast

from scrapy import Request, signals
from scrapy.exceptions import NotConfigured
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import decode_robotstxt
from scrapy.utils.misc import build_from_crawler, load_object

from carsets.net.failures import Refused, outcome_of
from carsets.net.once_per_host import FAILURE_VALID_FOR, VALID_FOR, OncePerHost
from carsets.net.opt_outs import obey
from carsets.net.requests import is_image_request, is_source_request
from carsets.outcomes import Outcome
from carsets.reservations import ReservationPolicy, RobotsReservations
from carsets.reservations.robots_file import NAMES

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser

    from carsets.net.downloader import PoliteDownloader

logger = logging.getLogger(__name__)

MAX_SIZE = 512 * 1024  # bytes; RFC 9309 asks to read 500 KiB; parsing it takes about 0.1 s


@dataclass(slots=True)
class _Answer:
    """What is known of one host: its rules, or why there are none."""

    rules: RobotParser | None = None  # None: everything is allowed
    reservations: RobotsReservations | None = None
    failure: Refused | None = None  # nothing may be asked of the host


class RobotsTxt:
    """Deny what robots.txt denies, to the first request as to the last.

    In Scrapy's own middleware only the first of the requests that wait for the same robots.txt
    gets the rules; the others are let through. It also lets everything through when robots.txt
    fails. Here a failing server (5xx, 429, or no answer) denies its images, as RFC 9309 asks, but
    with an outcome that a later run may ask again; 4xx allows everything.

    ROBOTSTXT_OBEY governs the rules that are for us. What is said to AI crawlers, and of the use
    of content, is RESERVATION_POLICY's.
    """

    DOWNLOAD_PRIORITY = 1000

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self.crawler = crawler
        self._obey_rules = settings.getbool("ROBOTSTXT_OBEY")
        self._policy = ReservationPolicy.from_settings(settings)
        if not self._obey_rules and not self._policy.counted & {*NAMES}:
            raise NotConfigured
        self._default_useragent = settings["USER_AGENT"]
        self._robotstxt_useragent = settings["ROBOTSTXT_USER_AGENT"]
        self._parserimpl = load_object(settings["ROBOTSTXT_PARSER"])
        self._stats = crawler.stats
        self._sources_obey = settings.getbool("SEARCH_ROBOTSTXT_OBEY")
        self._crawl_delay_max = settings.getfloat("ROBOTSTXT_CRAWL_DELAY_MAX", 30.0)
        self._hosts = OncePerHost(self._ask)
        self._said_so = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Raise ``Refused`` if the host does not want this request."""
        if request.meta.get("dont_obey_robotstxt") or request.url.startswith("data:"):
            return
        if is_source_request(request) and not self._sources_obey:
            self._say_so()
            return
        if not self._obey_rules and not is_image_request(request):
            return
        answer = await self._hosts.answer(request)
        if answer.failure is not None:
            self._stats.inc_value("robotstxt/forbidden")
            raise Refused(answer.failure.outcome, answer.failure.note)
        agent = self._robotstxt_useragent or request.headers.get(
            b"User-Agent", self._default_useragent
        )
        allowed = answer.rules is None or answer.rules.allowed(request.url, agent or "")
        if self._obey_rules and not allowed:
            self._stats.inc_value("robotstxt/forbidden")
            raise Refused(Outcome.ROBOTS_DENIED, "robots.txt")
        if answer.reservations is not None and is_image_request(request):
            obey(request, answer.reservations.signals(request.url), self._policy)

    def _say_so(self) -> None:
        if not self._said_so:
            self._said_so = True
            logger.info(
                "The pages and APIs of the source itself are asked without its robots.txt "
                "(SEARCH_ROBOTSTXT_OBEY is off); image hosts are always asked for theirs"
            )

    async def _ask(self, site: str, request: Request) -> tuple[_Answer, float]:
        answer = _Answer()
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
        return answer, VALID_FOR if answer.failure is None else FAILURE_VALID_FOR

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
        text = decode_robotstxt(response.body, self.crawler.spider)
        answer.reservations = RobotsReservations.read(text, self._policy.agents)
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
