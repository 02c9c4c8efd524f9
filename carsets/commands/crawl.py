"""``scrapy crawl``: Scrapy's own, with exit codes that tell how it went.

What the user can mend (a misspelt argument, a missing key, an unreadable list or catalog) ends in
one line on stderr instead of a traceback.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from typing import TYPE_CHECKING, Any

from scrapy.commands.crawl import Command as ScrapyCrawl
from scrapy.exceptions import UsageError

from carsets.net.redaction import escape_controls, redact
from carsets.outcomes import ExitCode
from carsets.problems import UserError
from carsets.setting_checks import check_settings
from carsets.spiders.base import CarsetsSpider

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable

    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

CRASHED = 1  # a fault of carsets before or beside the books; the log has the traceback


class Command(ScrapyCrawl):
    """Run one source, and exit with the code that its receipt holds."""

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Crawl, then tell the shell how it went."""
        if len(args) != 1:
            raise UsageError("name one spider: scrapy list shows them all")
        assert self.crawler_process is not None
        problems: list[BaseException] = []
        try:
            check_settings(self.settings or {})
            crawler = self._create_crawler(args[0])
        except UserError as problem:
            self._end(problem.exit_code, str(problem))
            return
        except KeyError:
            self._end(ExitCode.BAD_USE, f"there is no spider {args[0]!r}: scrapy list shows all")
            return
        catch(self.crawler_process.crawl(crawler, **opts.spargs), problems)
        self.crawler_process.start()
        self._judge(crawler, problems)

    def _judge(self, crawler: Crawler, problems: list[BaseException]) -> None:
        for problem in problems:
            if isinstance(problem, UserError):
                self._end(problem.exit_code, str(problem))
            elif isinstance(problem, ValueError) and is_of_carsets(problem):
                self._end(ExitCode.BAD_USE, str(problem))
            else:
                self._end(CRASHED, f"{type(problem).__name__}: {problem}", problem)
            return
        stats = crawler.stats
        code, reason = stats.get_value("carsets/exit_code"), stats.get_value("carsets/exit_reason")
        if code is None:
            code, reason = self._judge_without_books(crawler)
        self._end(code, reason or "")

    def _judge_without_books(self, crawler: Crawler) -> tuple[int, str]:
        """Return how a run ends that has no ledger, or ended before its ledger began."""
        if self.crawler_process and self.crawler_process.bootstrap_failed:
            return CRASHED, ""
        if issubclass(crawler.spidercls, CarsetsSpider):
            reason = "the run was stopped before it began, and nothing was asked: start it again"
            return int(ExitCode.PARTIAL), reason
        return int(ExitCode.OK), ""

    def _end(self, code: int, reason: str, crash: BaseException | None = None) -> None:
        self.exitcode = int(code)
        in_json = bool(self.settings and self.settings.getbool("LOG_JSON"))
        if crash is not None and in_json:
            logger.critical("The run crashed", exc_info=crash)
        elif crash is not None:
            sys.excepthook(type(crash), crash, crash.__traceback__)
        if self.exitcode:
            line = escape_controls(redact(" ".join(reason.split())))
            to_file = bool(self.settings and self.settings.get("LOG_FILE"))
            if to_file or not in_json:  # or this line is the one on stderr that is no JSON
                print(f"carsets: {line} (exit code {self.exitcode})", file=sys.stderr)
            if to_file or in_json:
                logger.error("%s (exit code %d)", line, self.exitcode)  # all that Scrapyd shows


def catch(crawl: Awaitable[None], problems: list[BaseException]) -> None:
    """Put what stops a crawl into ``problems``, instead of into the log as a traceback."""

    def keep_task(task: asyncio.Future[None]) -> None:
        if not task.cancelled() and (problem := task.exception()) is not None:
            problems.append(problem)

    def keep_failure(failure: Any) -> None:
        problems.append(failure.value)

    if isinstance(crawl, asyncio.Future):
        crawl.add_done_callback(keep_task)
    else:  # a Deferred, when FORCE_CRAWLER_PROCESS is set
        crawl.addErrback(keep_failure)  # type: ignore[attr-defined]


def is_of_carsets(problem: BaseException) -> bool:
    """Whether the problem is one of our own classes, made to be read by the user."""
    return type(problem).__module__.partition(".")[0] == "carsets"
