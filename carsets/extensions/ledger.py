"""Writes down how everything ended: every URL, every page, every query."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any, Self

from scrapy import signals
from scrapy.exceptions import CloseSpider, NotConfigured

from carsets.catalog.entries import count_row, image_row, now, sighting_row
from carsets.catalog.rows import PageRow, QueryEndRow, RunRow
from carsets.crawl_state import CrawlState
from carsets.exit_codes import RunFacts, judge
from carsets.items import CarImage, ResultCount
from carsets.ledger.batch_writer import BatchWriter
from carsets.ledger.books import Books, run_ended
from carsets.ledger.page_tracker import PageTracker
from carsets.ledger.run_checks import Bounds, check_run
from carsets.net.redaction import redact
from carsets.outcomes import ExitCode, Outcome, QueryOutcome
from carsets.problems import UserError
from carsets.signals import image_found, query_ended, query_page_read
from carsets.spiders.base import CarsetsSpider

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler
    from twisted.python.failure import Failure

    from carsets.catalog.rows import Batch
    from carsets.queries import Query

logger = logging.getLogger(__name__)


class Ledger:
    """Listen to what the spider and the steps say, and bring it into the catalog.

    Holds the balance too: what was found is the sum of the outcomes, or the run has failed.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        self.crawler = crawler
        self.state = CrawlState.of(crawler)
        self.books = Books(run_id=self.state.run_id)
        self.bounds = Bounds.of(settings, crawler.spidercls.name)
        self.pages = PageTracker()
        self.writer = BatchWriter(
            self._write,
            self._lose_catalog,
            size=settings.getint("LEDGER_BATCH_SIZE", 500),
            max_wait=settings.getfloat("LEDGER_MAX_WAIT", 0.5),
            most_waiting=settings.getint("LEDGER_MOST_WAITING", 10_000),
        )
        self.bad_use = ""  # what the user has to mend
        self.fault = ""  # what the catalog complained of
        self.closing = False
        for receiver, signal in (
            (self.begin, signals.spider_opened),
            (self.saw_image, image_found),
            (self.saw_page, query_page_read),
            (self.saw_query_end, query_ended),
            (self.saw_scraped, signals.item_scraped),
            (self.saw_dropped, signals.item_dropped),
            (self.saw_error, signals.item_error),
            (self.saw_spider_error, signals.spider_error),
            (self.end, signals.spider_closed),
        ):
            crawler.signals.connect(receiver, signal)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not issubclass(crawler.spidercls, CarsetsSpider):
            raise NotConfigured("not a source of images")  # scrapy shell, scrapy bench
        return cls(crawler)

    # --- The run ------------------------------------------------------------------------------

    def begin(self, spider: Spider) -> None:
        """Enter the run into the catalog; a catalog that fails now ends the run at once."""
        self.books.source = spider.name
        self.books.started = now()
        given = {name: redact(str(value)) for name, value in getattr(spider, "given", {}).items()}
        run = RunRow(
            run_id=self.state.run_id,
            source=spider.name,
            started_at=self.books.started,
            arguments=given,
        )
        try:
            self.state.catalog.start_run(run)
            if self.state.is_shared:
                self.state.membership.join(spider.name, json.dumps(given, sort_keys=True))
        except UserError as error:
            self.closing = True
            self._lose_catalog(error)
            raise CloseSpider("catalog_failed") from None

    async def end(self, reason: str) -> None:
        """Give every URL its outcome, write the rest, judge the run and say how it ended."""
        if not self.books.started:
            return  # the crawl never began: whoever stopped it has said why
        self.closing = True
        self._hear_of_problem()
        for item in list(self.books.open.values()):
            self._enter(item, Outcome.CANCELLED, f"the run was closed: {reason}")
        await self.writer.close()
        await self._leave_others()
        self._close_books(reason)
        verdict = self.books.verdict
        assert verdict is not None
        self.crawler.stats.set_value("carsets/exit_code", int(verdict.code))
        self.crawler.stats.set_value("carsets/exit_reason", verdict.reason)
        level = logging.INFO if verdict.code is ExitCode.OK else logging.ERROR
        logger.log(level, "Run %s: %s", self.books.run_id, verdict.reason)
        self.crawler.signals.send_catch_log(run_ended, books=self.books)

    async def _leave_others(self) -> None:
        """Let go of what other workers can go on with, now that all that was done is written."""
        try:
            if self.state.is_shared and not self.fault:
                await self.state.membership.leave()
        except UserError as error:
            self._lose_catalog(error)

    def _hear_of_problem(self) -> None:
        """Take note of what kept a step from opening, see ``StepManager``."""
        stats = self.crawler.stats
        if problem := stats.get_value("carsets/problem"):
            if stats.get_value("carsets/problem_code") == int(ExitCode.STORE_FAILED):
                self.fault = self.fault or problem
            else:
                self.bad_use = self.bad_use or problem

    def _close_books(self, reason: str) -> None:
        """Add up the run, judge it, and enter its end into the catalog."""
        dataset = 0
        try:
            if not self.fault:
                self.books.settle_replaced(self.state.catalog.run_images(self.books.run_id))
                dataset = self.state.catalog.kept_images()
        except UserError as error:
            self._lose_catalog(error)
        self.books.finished = now()
        self._judge(reason, dataset)
        try:
            self.state.catalog.finish_run(self.books.run_id, self.books.end())
            self.state.catalog.close()
        except UserError as error:
            self._lose_catalog(error)
            self._judge(reason, dataset)

    def _judge(self, reason: str, dataset: int) -> None:
        queries = self.books.queries.outcomes()
        # With the limit reached all that was wanted is there, whatever else might be asked.
        unended = 0 if self.state.quota.reached else self.pages.unended
        collected = getattr(self.crawler.spider, "collected", None)
        if collected is None:
            self.books.checks = check_run(
                self.bounds,
                found=self.books.found,
                asked=sum(queries.values()) + unended,
                outcomes=self.books.outcomes,
            )
        self.books.verdict = judge(
            RunFacts(
                found=self.books.found,
                outcomes=self.books.outcomes,
                queries=queries,
                unended=unended,
                closed=reason,
                stopped=self.state.stop_reason,
                bad_use=self.bad_use,
                fault=self.fault,
                dataset=dataset,
                collected=collected,
                failed_checks=[check.message for check in self.books.checks],
            )
        )

    # --- What happens -------------------------------------------------------------------------

    def saw_image(self, item: CarImage) -> None:
        """Take note of an image that entered the way."""
        self.books.find(item)
        self.crawler.stats.inc_value("carsets/found")

    def saw_page(
        self,
        query: Query,
        page: int,
        outcome: QueryOutcome,
        found: int,
        url: str = "",
        note: str = "",
        next: str | int | None = None,
    ) -> None:
        """Take note of a page, to be written when all its images have ended."""
        self.books.queries.page(query, outcome)
        row = PageRow(
            source=self._source,
            query=query,
            page=page,
            outcome=outcome,
            found=found,
            run_id=self.state.run_id,
            url=url,
            note=note,
            next=next,
        )
        self.pages.page_read(row)
        self._move_done(query.query_id)

    def saw_query_end(self, query: Query, outcome: QueryOutcome, note: str = "") -> None:
        """Take note of a query's end, to be written after its pages."""
        self.books.queries.end(query, outcome, note)
        row = QueryEndRow(
            source=self._source,
            query=query,
            outcome=outcome,
            note=note,
            run_id=self.state.run_id,
        )
        self.pages.query_ended(row)
        self._move_done(query.query_id)

    async def saw_scraped(self, item: Any) -> None:
        """Write down an image that has gone all the way, or a total."""
        if isinstance(item, ResultCount):
            self.writer.batch.counts.append(count_row(item, self.books.run_id))
            self.writer.touch()
            await self.writer.room()
            return
        await self._settle(item, Outcome.ERROR, "no step gave it an outcome")

    async def saw_dropped(self, item: Any, exception: BaseException) -> None:
        """Write down an image that a step has dropped."""
        outcome = getattr(exception, "outcome", None)
        if isinstance(item, CarImage) and isinstance(outcome, Outcome):
            item.outcome, item.note = outcome, getattr(exception, "note", "")
        await self._settle(item, Outcome.ERROR, f"dropped by a step of somebody else: {exception}")

    async def saw_error(self, item: Any, failure: Failure) -> None:
        """Write down an image that a fault has stopped."""
        if isinstance(item, CarImage):
            item.outcome = None
        await self._settle(item, Outcome.ERROR, f"{type(failure.value).__name__}: {failure.value}")

    def saw_spider_error(self, failure: Failure) -> None:
        """Take note of what the user has to mend, when the spider says so."""
        if isinstance(failure.value, UserError):
            self.bad_use = str(failure.value)

    # --- Into the batch -----------------------------------------------------------------------

    @property
    def _source(self) -> str:
        assert self.crawler.spider is not None
        return self.crawler.spider.name

    async def _settle(self, item: Any, otherwise: Outcome, why: str) -> None:
        if not isinstance(item, CarImage):
            return
        if item.outcome is None:
            item.outcome, item.note = otherwise, why
        self._enter(item, item.outcome, item.note)
        await self.writer.room()

    def _enter(self, item: CarImage, outcome: Outcome, note: str) -> None:
        self.books.settle(item, outcome, note)
        self.crawler.stats.inc_value(f"carsets/outcome/{outcome.value}")
        batch = self.writer.batch
        if outcome is Outcome.NOT_A_CAR and item.inspection is not None:
            batch.refused.append(image_row(item, "dropped", self.books.run_id))
        if not item.recorded:
            batch.sightings.append(sighting_row(item, outcome, self.books.run_id))
        self.pages.image_ended(item.query.query_id, item.page, outcome)
        self._move_done(item.query.query_id)

    def _move_done(self, query_id: str) -> None:
        self.pages.move_done(query_id, self.writer.batch)
        self.writer.touch()

    def _write(self, batch: Batch) -> None:
        self.state.catalog.write(batch)

    def _lose_catalog(self, error: Exception) -> None:
        """End the run: what cannot be written down must not go on."""
        if self.fault:
            return
        self.fault = str(error) or type(error).__name__
        logger.error("The run stops: %s", self.fault)
        if not self.closing:
            self.state.stop("catalog_failed")
