"""``scrapy canary [SOURCE ...]``: one known question to each source. What works today?

The first page of a search that always has results, through everything that a crawl's questions
pass (pace, retries, redaction, the address guard), and nothing else: no image is fetched, nothing
enters the dataset. An answer that is not as it should be is saved beside the dataset.
"""

from __future__ import annotations

import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from scrapy import signals
from scrapy.commands import ScrapyCommand
from scrapy.settings import SETTINGS_PRIORITIES
from scrapy.spiderloader import get_spider_loader

from carsets.commands.crawl import catch
from carsets.counting.count_tables import aligned
from carsets.crawl_state import CrawlState
from carsets.net.redaction import escape_controls, redact
from carsets.outcomes import ExitCode, QueryOutcome
from carsets.places import Places
from carsets.problems import UserError
from carsets.signals import query_page_read
from carsets.sources.saved_pages import save_page
from carsets.spiders.base import ImageSearchSpider

if TYPE_CHECKING:
    import argparse

    from scrapy import Request, Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.settings import BaseSettings

QUESTION = "ford mustang"  # every source has thousands of these
PATIENCE = 120  # seconds for a source, its retries and waits included
# Scrapy lays the command line over every crawler once more when it begins.
_ABOVE_ALL = SETTINGS_PRIORITIES["cmdline"] + 10
LONGEST_NOTE = 160  # characters


@dataclass(slots=True)
class Canary:
    """What came of the question to one source."""

    source: str
    outcome: QueryOutcome | None = None  # None: it gave no answer
    images: int = 0  # on the page
    began: float = 0.0  # monotonic seconds
    seconds: float | None = None
    note: str = ""
    skipped: str = ""  # what is missing to ask it
    last: Response | None = None

    @property
    def works(self) -> bool:
        """Whether images came."""
        return self.outcome is QueryOutcome.RESULTS and self.images > 0

    @property
    def answer(self) -> str:
        """The answer in one word."""
        if self.skipped:
            return "skipped"
        return self.outcome.value if self.outcome else "no answer"

    def row(self) -> tuple[str, ...]:
        """Return the line of the table."""
        asked = self.outcome is not None
        milliseconds = "" if self.seconds is None else f"{self.seconds * 1000:.0f}"
        note = escape_controls(redact(" ".join((self.skipped or self.note).split())))
        images = str(self.images) if asked else ""
        return self.source, self.answer, images, milliseconds, note[:LONGEST_NOTE]


class Command(ScrapyCommand):
    """Ask each source one question and print a table."""

    requires_project = True

    def syntax(self) -> str:
        """Return the command's arguments."""
        return "[options] [source ...]"

    def short_desc(self) -> str:
        """Return one line of help."""
        return "Ask each source one known question, and say which of them work today"

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        """Let the table speak: the log is shown only to those who ask for it."""
        super().process_options(args, opts)
        assert self.settings is not None
        if (self.settings.getpriority("LOG_LEVEL") or 0) < SETTINGS_PRIORITIES["cmdline"]:
            self.settings.set("LOG_LEVEL", "CRITICAL", priority="cmdline")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Ask, print, and exit 0 if all work, 4 if some do not, 2 if none could be asked."""
        assert self.settings is not None
        try:
            spiders = choose(args, self.settings)
        except UserError as problem:
            print(f"carsets: {problem}", file=sys.stderr)
            self.exitcode = int(ExitCode.BAD_USE)
            return
        with tempfile.TemporaryDirectory(prefix="carsets-canary-") as folder:
            canaries = self._ask(spiders, Path(folder))
        rows = [("source", "answer", "images", "ms", "note"), *(one.row() for one in canaries)]
        print("\n".join(aligned(rows, ruled=True)))
        self.exitcode = int(judge(canaries))

    def _ask(self, spiders: list[type[Spider]], folder: Path) -> list[Canary]:
        """Ask all sources at once, each at its own pace."""
        assert self.crawler_process is not None
        assert self.settings is not None
        pages = Places.from_settings(self.settings).pages_dir
        asked: list[tuple[Canary, Crawler, list[BaseException]]] = []
        for spider in spiders:
            canary, problems = Canary(spider.name), list[BaseException]()
            canary.skipped = missing_key(spider)
            if not canary.skipped:
                crawler = self.crawler_process.create_crawler(spider)
                restrict(crawler.settings, folder / spider.name, pages)
                watch(crawler, canary)
                catch(self.crawler_process.crawl(crawler, **arguments_of(spider)), problems)
                asked.append((canary, crawler, problems))
            else:
                asked.append((canary, None, problems))  # type: ignore[arg-type]
        if any(crawler is not None for _, crawler, _ in asked):
            self.crawler_process.start()
        for canary, crawler, problems in asked:
            if crawler is not None:
                conclude(canary, crawler, problems, pages)
        return [canary for canary, _, _ in asked]


def choose(names: list[str], settings: BaseSettings) -> list[type[Spider]]:
    """Return the spiders of the named sources; all that are asked in words, when none is named.

    Raises UserError for a source that there is not, or that is not asked in words.
    """
    loader = get_spider_loader(settings)
    searched = {
        name: spider
        for name in sorted(loader.list())
        if issubclass(spider := loader.load(name), ImageSearchSpider)
    }
    if wrong := [name for name in names if name not in searched]:
        raise UserError(
            f"{', '.join(wrong)}: no source that answers questions; there are {', '.join(searched)}"
        )
    return [searched[name] for name in dict.fromkeys(names or searched)]


def arguments_of(spider: type[Spider]) -> dict[str, str]:
    """Return the question; a source that takes none in plain words has its own in ``canary``."""
    return dict(getattr(spider, "canary", {"query": QUESTION}))


def missing_key(spider: type[Spider]) -> str:
    """Return what a source cannot be asked without, as far as its class says."""
    key = getattr(spider, "key_name", "")
    return f"needs {key}" if key and not os.environ.get(key, "").strip() else ""


def restrict(settings: BaseSettings, folder: Path, pages: Path) -> None:
    """Let a crawl ask, and do nothing else: no steps, no ledger, a dataset that is thrown away."""
    for name, value in {
        "ITEM_PIPELINES": {},
        "EXTENSIONS": {"carsets.net.guard_probe.GuardProbe": 0},
        "FEEDS": {},
        "DATA_DIR": str(folder),
        "CATALOG_URL": "",
        "PAGES_DIR": str(pages),
        "CLOSESPIDER_TIMEOUT": PATIENCE,
        "SAFE_SEARCH_OFF_ALLOWED": True,  # of an engine that has none: nothing is fetched or shown
    }.items():
        settings.set(name, value, priority=_ABOVE_ALL)


def watch(crawler: Crawler, canary: Canary) -> None:
    """Take note of the first answer, and let no second page be asked."""

    def sent(request: Request) -> None:
        if request.meta.get("carsets_source") and not canary.began:
            canary.began = monotonic()

    def came(response: Response) -> None:
        canary.last = response

    def read(outcome: QueryOutcome, found: int, note: str = "") -> None:
        if canary.outcome is not None:
            return
        canary.outcome, canary.images, canary.note = outcome, found, note
        canary.seconds = monotonic() - canary.began if canary.began else None
        CrawlState.of(crawler).stop_reason = "the canary has sung"

    for receiver, signal in (
        (sent, signals.request_reached_downloader),
        (came, signals.response_received),
        (read, query_page_read),
    ):
        # Signals hold their receivers weakly: the crawler keeps these alive.
        crawler.signals.connect(receiver, signal, weak=False)


def conclude(canary: Canary, crawler: Crawler, problems: list[BaseException], pages: Path) -> None:
    """Say why there was no answer, and where the page lies that was not as it should be."""
    for problem in problems:
        if isinstance(problem, UserError):
            canary.skipped = str(problem)
            return
        canary.note = f"{type(problem).__name__}: {problem}"
        return
    state = CrawlState.of(crawler)
    state.catalog.close()
    if canary.outcome is None:
        reason = crawler.stats.get_value("finish_reason", "") if crawler.stats else ""
        canary.note = f"the crawl ended without an answer: {reason}"
    if canary.works:
        return
    if canary.outcome in {None, QueryOutcome.RESULTS, QueryOutcome.NO_RESULTS} and canary.last:
        name = f"canary-{canary.source}-{canary.answer.replace(' ', '_')}"
        body = canary.last.body
        save_page(pages, body, run_id=state.run_id, name=name, number=1)
    saved = sorted(pages.glob(f"{state.run_id}-*")) if pages.is_dir() else []
    where = f"saved as {saved[0]}" if saved else ""
    canary.note = "; ".join(filter(None, (where, canary.note)))


def judge(canaries: list[Canary]) -> ExitCode:
    """Return 0 when all that could be asked work, 4 when some do not, 2 when none could be."""
    asked = [canary for canary in canaries if not canary.skipped]
    if not asked:
        return ExitCode.BAD_USE
    return ExitCode.OK if all(canary.works for canary in asked) else ExitCode.PARTIAL
