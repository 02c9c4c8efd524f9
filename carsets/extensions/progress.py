"""Shows how a crawl is getting on: a live table in a terminal, plain lines anywhere else."""

from __future__ import annotations

import logging
import sys
from collections import Counter
from time import monotonic
from typing import TYPE_CHECKING, ClassVar, Self

from rich.console import Console, Group
from rich.live import Live
from rich.logging import RichHandler
from rich.table import Table
from rich.text import Text
from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call
from scrapy.utils.log import get_scrapy_root_handler

from carsets.crawl_state import CrawlState
from carsets.items import CarImage
from carsets.outcomes import Outcome
from carsets.signals import image_found, image_replaced, query_ended

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapy import Spider
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

LIVE_INTERVAL = 0.5  # seconds; a person sees no more than that


class Progress:
    """Count what happens to the images of one crawl, and show it from time to time."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.state = CrawlState.of(crawler)
        self.interval = crawler.settings.getfloat("PROGRESS_INTERVAL")
        self.began = monotonic()
        self.found = 0
        self.queries_ended = 0
        self.outcomes: Counter[Outcome] = Counter()
        for receiver, signal in (
            (self.opened, signals.spider_opened),
            (self.closed, signals.spider_closed),
            (self.saw_found, image_found),
            (self.saw_end, signals.item_scraped),
            (self.saw_end, signals.item_dropped),
            (self.saw_end, signals.item_error),
            (self.saw_query_end, query_ended),
            (self.saw_replaced, image_replaced),
        ):
            crawler.signals.connect(receiver, signal)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if crawler.settings.getfloat("PROGRESS_INTERVAL") <= 0:
            raise NotConfigured("PROGRESS_INTERVAL is 0")
        return cls(crawler)

    # --- What happens -------------------------------------------------------------------------

    def opened(self, spider: Spider) -> None:
        """Begin to show this crawl."""
        self.began = monotonic()
        self.name = spider.name
        plan = getattr(spider, "plan", None)
        self.queries = len(plan) if plan is not None else 0
        Board.shared().join(self)

    def closed(self) -> None:
        """Show the last state."""
        Board.shared().leave(self)

    def saw_found(self, item: CarImage) -> None:
        """Count an image that a source found."""
        self.found += 1

    def saw_end(self, item: object) -> None:
        """Count an image's outcome."""
        if isinstance(item, CarImage):
            self.outcomes[item.outcome or Outcome.ERROR] += 1

    def saw_query_end(self) -> None:
        """Count a query of which no more pages will be asked."""
        self.queries_ended += 1

    def saw_replaced(self, replaced: Mapping[str, Outcome]) -> None:
        """Move replaced copies from the kept to the duplicates."""
        for outcome in replaced.values():
            self.outcomes[Outcome.STORED] -= 1
            self.outcomes[outcome] += 1

    # --- What there is to say -----------------------------------------------------------------

    @property
    def kept(self) -> int:
        """Images stored so far."""
        return self.outcomes[Outcome.STORED]

    @property
    def rate(self) -> float:
        """Images ended per second, over the whole crawl."""
        return sum(self.outcomes.values()) / max(monotonic() - self.began, 0.001)

    def eta(self) -> float | None:
        """Return the seconds still to go, from the limit or the queries; None when unknown."""
        elapsed = monotonic() - self.began
        guesses = []
        if self.state.quota.limit and self.kept:
            left = max(self.state.quota.limit - self.state.quota.kept, 0)
            guesses.append(left * elapsed / self.kept)
        if self.queries and self.queries_ended:
            left = max(self.queries - self.queries_ended, 0)
            guesses.append(left * elapsed / self.queries_ended)
        return min(guesses) if guesses else None

    def dropped(self, most: int) -> str:
        """Name the most frequent losses."""
        losses = Counter({code: n for code, n in self.outcomes.items() if code != Outcome.STORED})
        return "  ".join(f"{code.value} {n}" for code, n in losses.most_common(most) if n)

    def line(self) -> str:
        """Return one plain line."""
        eta = self.eta()
        return (
            f"{self.name}: found {self.found}, downloading {self.state.in_flight.count}, "
            f"kept {self.kept}, {self.rate:.1f} images/s"
            + (f", about {duration(eta)} to go" if eta is not None else "")
            + (f"; dropped: {self.dropped(8)}" if self.dropped(1) else "")
        )


class Board:
    """All crawls of this process on one display."""

    _shared: ClassVar[Board | None] = None

    def __init__(self, console: Console) -> None:
        self.console = console
        self.crawls: list[Progress] = []
        self.running = 0
        self.live: Live | None = None

    @classmethod
    def shared(cls) -> Board:
        """Return the display of this process."""
        if cls._shared is None:
            cls._shared = cls(Console(file=sys.stderr))
        return cls._shared

    def join(self, crawl: Progress) -> None:
        """Add a crawl; the first one starts the display."""
        if not self.running:
            self.crawls.clear()
            self._begin(crawl)
        self.crawls.append(crawl)
        self.running += 1

    def leave(self, crawl: Progress) -> None:
        """Take note that a crawl has ended; the last one stops the display."""
        if crawl not in self.crawls:
            return
        self.running -= 1
        if self.live:
            self.live.update(self.table(), refresh=True)
        else:
            logger.info(crawl.line())
        if not self.running:
            self.clock.stop()
            if self.live:
                self.live.stop()
                self.live = None

    def _begin(self, crawl: Progress) -> None:
        settings = crawl.crawler.settings
        for_programs = settings.get("LOG_FILE") or settings.getbool("LOG_JSON")
        is_live = self.console.is_terminal and not for_programs
        if is_live:
            quieten_terminal(self.console)
            self.live = Live(self.table(), console=self.console, auto_refresh=False)
            self.live.start()
        self.clock = create_looping_call(self.show)
        self.clock.start(LIVE_INTERVAL if is_live else crawl.interval, now=False)

    def show(self) -> None:
        """Bring the display up to date."""
        if self.live:
            self.live.update(self.table(), refresh=True)
        else:
            for crawl in self.crawls:
                logger.info(crawl.line())

    def table(self) -> Group:
        """Return the live table: a row a source, and the losses below."""
        table = Table(box=None, pad_edge=False)
        for heading in ("source", "found", "downloading", "kept", "dropped", "images/s", "to go"):
            table.add_column(heading, justify="left" if heading == "source" else "right")
        losses: Counter[str] = Counter()
        for crawl in self.crawls:
            ended = sum(crawl.outcomes.values())
            eta = crawl.eta()
            table.add_row(
                crawl.name,
                str(crawl.found),
                str(crawl.state.in_flight.count),
                Text(str(crawl.kept), style="bold green"),
                str(ended - crawl.kept),
                f"{crawl.rate:.1f}",
                "" if eta is None else duration(eta),
            )
            for code, number in crawl.outcomes.items():
                if code != Outcome.STORED and number:
                    losses[code.value] += number
        text = "  ".join(f"{code} {number}" for code, number in losses.most_common())
        return Group(table, Text(text, style="dim"))


def quieten_terminal(console: Console) -> None:
    """Let warnings alone through to a terminal that shows the live table."""
    handler = get_scrapy_root_handler()
    if handler is None:
        return
    root = logging.getLogger()
    root.removeHandler(handler)
    warnings = RichHandler(level=logging.WARNING, console=console, show_path=False)
    for log_filter in handler.filters:
        warnings.addFilter(log_filter)  # redaction goes wherever text leaves the process
    root.addHandler(warnings)


def duration(seconds: float) -> str:
    """Return seconds as people say them: ``42 s``, ``3 min``, ``2.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
