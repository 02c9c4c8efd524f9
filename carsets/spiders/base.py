"""What every source shares: arguments, the plan, paging, resuming, and stopping when refused."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from dataclasses import replace
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Self

import scrapy
from scrapy.http import Response, TextResponse

from carsets.catalog.entries import found_again
from carsets.catalog.query_progress import CUT
from carsets.cluster.leased_plan import LeasedPlan
from carsets.crawl_state import CrawlState
from carsets.items import CarImage, FoundImage
from carsets.outcomes import QueryOutcome
from carsets.places import refuse_relative
from carsets.problems import UserError
from carsets.queries import PLAN_ARGUMENTS, Query, build_plan
from carsets.signals import query_ended, query_page_read
from carsets.sources.answers import Answer
from carsets.sources.saved_pages import save_page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scrapy.crawler import Crawler
    from twisted.python.failure import Failure

    from carsets.catalog.rows import QueryProgress
    from carsets.queries import Plan
    from carsets.sources.listed_queries import ListedQueries

# Error answers are facts about the source, so the parsers see them. (handle_httpstatus_all would
# also switch redirects off.)
ERROR_STATUSES = list(range(400, 600))
REPEATED = "the page repeats earlier ones"
LONGEST_REST = 10.0  # seconds between two looks at what the other workers do


class CarsetsSpider(scrapy.Spider):
    """A source of images. Misspelt ``-a`` arguments are an error."""

    arguments: ClassVar[frozenset[str]] = frozenset()  # the ``-a`` names that the source reads
    follows_links: ClassVar[bool] = False  # whether its requests go through REDIS_URL's queue
    _of_scrapyd: ClassVar[frozenset[str]] = frozenset({"_job", "_version"})

    def __init__(self, name: str | None = None, **given: str) -> None:
        unknown = given.keys() - self.arguments - self._of_scrapyd
        if unknown:
            raise UserError(
                f"{self.name}: unknown argument {', '.join(sorted(unknown))}; "
                f"it takes {', '.join(sorted(self.arguments))}"
            )
        self.given = {key: str(value) for key, value in given.items()}
        super().__init__(name)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> Self:
        spider = super().from_crawler(crawler, *args, **kwargs)
        if spider.given.keys() & cls._of_scrapyd:
            refuse_relative(crawler.settings)
        spider.state_of_crawl = CrawlState.of(crawler)
        spider.prepare()
        return spider

    state_of_crawl: CrawlState

    def prepare(self) -> None:
        """Read the arguments and settings; raise ``UserError`` for what the user must mend."""

    @property
    def _stopping(self) -> bool:
        """Whether nothing more should be asked: the limit is reached, or the run has to end."""
        return self.state_of_crawl.quota.reached or bool(self.state_of_crawl.stop_reason)

    async def wait_for_others(self) -> None:
        """Wait for what other workers may not finish, without standing in their way."""
        await self.state_of_crawl.quota.rest()
        seconds = self.settings.getfloat("LEASE_SECONDS") / 4
        until = monotonic() + min(seconds, LONGEST_REST)
        while monotonic() < until and not (self._stopping or self.state_of_crawl.stopping):
            await asyncio.sleep(0.1)

    def car_image(self, found: FoundImage, query: Query, page: int, rank: int) -> CarImage:
        """Return the item that travels."""
        return CarImage(found=found, source=self.name, query=query, page=page, rank=rank)

    def say_page(self, query: Query, page: int, answer: Answer, taken: int, url: str) -> None:
        """Tell the ledger that a page was read."""
        self.crawler.signals.send_catch_log(
            query_page_read,
            spider=self,
            query=query,
            page=page,
            outcome=answer.outcome,
            found=taken,
            last=answer.next is None,
            next=answer.next,
            note=answer.note,
            url=url,
        )

    def say_end(self, query: Query, outcome: QueryOutcome, note: str) -> None:
        """Tell the ledger that no more pages of a query will be asked."""
        self.crawler.signals.send_catch_log(
            query_ended, spider=self, query=query, outcome=outcome, note=note
        )


class ImageSearchSpider(CarsetsSpider):
    """A source that is asked in words and answers page by page."""

    plan_arguments: ClassVar[frozenset[str]] = frozenset(PLAN_ARGUMENTS)
    arguments = plan_arguments  # a source with more of its own adds to them
    page_size: ClassVar[int] = 0  # results on a page
    max_results: ClassVar[int] = 0  # what one query can reach; 0: no cap known
    requests_per_minute: ClassVar[float] = 60  # the polite pace, for the plan
    key_name: ClassVar[str] = ""  # environment variable without which the source cannot be asked
    needs_contact: ClassVar[bool] = False  # whether the source's rules demand a contact

    def prepare(self) -> None:
        """Build the plan."""
        self.plan = self.make_plan()
        self.bench: QueryOutcome | None = None  # set once the source refuses us
        self._open = asyncio.Semaphore(self.settings.getint("QUERIES_AT_ONCE"))
        self._seen: dict[str, set[str]] = {}  # URLs per open query, to notice repeated pages

    def make_plan(self) -> Plan | ListedQueries:
        """Return what is to be asked; raise ``UserError`` or ``QueryError`` for a bad argument."""
        return build_plan(**{name: self.given.get(name, "") for name in PLAN_ARGUMENTS})

    @abstractmethod
    def page_request(self, query: Query, page: int, cursor: str | int | None) -> scrapy.Request:
        """Return the request for a page (from 1); ``cursor`` is what the page before gave."""

    @abstractmethod
    def read_page(self, response: Response) -> Answer:
        """Read one answer of the source."""

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """Ask every query of the plan that has not been answered yet, a few at a time."""
        state = self.state_of_crawl
        state.quota.limit = self.plan.limit
        if self.plan.limit:
            state.planned = {query.query_id for query in self.plan}
            state.quota.kept = await asyncio.to_thread(self._kept_before)
        yield scrapy.Request("data:,0", callback=self.try_again, dont_filter=True)
        unasked = self._shared_queries() if state.is_shared else self._own_queries()
        while True:
            await self._open.acquire()
            if self._stopping:
                return
            try:
                query, past = await anext(unasked)
            except StopAsyncIteration:
                return
            if past and not past.is_cut:
                yield self._request(query, past.next_page, past.next, past.found)
            else:  # one that was cut short is asked anew: the rest of its last page was not taken
                yield self._request(query, 1, None, 0)

    async def _own_queries(self) -> AsyncIterator[tuple[Query, QueryProgress | None]]:
        progress = await asyncio.to_thread(self.state_of_crawl.catalog.query_progress, self.name)
        for query in self.plan:
            past = progress.get(query.query_id)
            if not (past and past.is_done(self.plan.per_query)):
                yield query, past

    async def _shared_queries(self) -> AsyncIterator[tuple[Query, QueryProgress | None]]:
        """Yield the queries of the plan that no other worker asks, and wait for the rest."""
        state = self.state_of_crawl
        lease = partial(
            state.catalog.lease_queries, state.run_id, self.name, per_query=self.plan.per_query
        )
        plan = LeasedPlan(
            self.plan, lease, self.wait_for_others, lambda: self._stopping or state.stopping
        )
        async for query, past in plan.queries():
            yield query, past
        if plan.refused:
            query, bench = plan.refused
            self.bench = QueryOutcome(bench)
            self.say_end(query, self.bench, "the source has refused another worker")

    async def try_again(self, response: Response) -> AsyncIterator[CarImage]:
        """Yield the images of pages done before that failed in a way that can pass."""
        catalog = self.state_of_crawl.catalog
        most = self.settings.getint("URL_MAX_ATTEMPTS")
        waiting = await asyncio.to_thread(lambda: list(catalog.unfinished(self.name, most)))
        if not waiting:
            return
        progress = await asyncio.to_thread(catalog.query_progress, self.name)
        planned = {query.query_id for query in self.plan}
        for row in waiting:
            done = progress.get(row.query_id)
            # The images of a page that is not done come with the page.
            if row.query_id in planned and done and row.page < done.next_page:
                query = Query(text=row.query_text, labels=row.labels or {})
                yield self.car_image(found_again(row), query, row.page, row.rank)

    @property
    def _stopping(self) -> bool:
        return bool(self.bench) or super()._stopping

    def _kept_before(self) -> int:
        state = self.state_of_crawl
        kept = state.catalog.kept_by_query(self.name)
        return sum(kept.get(query_id, 0) for query_id in state.planned)

    def _request(
        self, query: Query, page: int, cursor: str | int | None, taken: int
    ) -> scrapy.Request:
        request = self.page_request(query, page, cursor)
        request.meta.setdefault("handle_httpstatus_list", ERROR_STATUSES)
        request.meta["carsets_source"] = True
        return request.replace(
            callback=self.parse_page,
            errback=self.lose_page,
            cb_kwargs={"query": query, "page": page, "taken": taken},
            dont_filter=True,
        )

    async def parse_page(
        self, response: Response, query: Query, page: int, taken: int
    ) -> AsyncIterator[CarImage | scrapy.Request]:
        """Yield the next page's request and the images of this one."""
        answer = self._read(response)
        images = answer.images
        if self.plan.per_query:
            images = images[: max(self.plan.per_query - taken, 0)]
        why_last = await self._why_last(query, answer, images, taken)
        if why_last == REPEATED and answer.elsewhere is not None:
            answer, why_last = replace(answer, next=answer.elsewhere), ""
        last = answer.next is None or bool(why_last)
        self.say_page(
            query,
            page,
            Answer(outcome=answer.outcome, next=None if last else answer.next, note=answer.note),
            len(images),
            response.url,
        )
        if last:
            # Nothing on a later page is the end of the results.
            ended = QueryOutcome.RESULTS if taken and answer.outcome.is_answer else answer.outcome
            self._end(query, ended, why_last or answer.note)
        elif self._stopping:
            self._open.release()  # not ended: a later run goes on from the next page
        else:
            yield self._request(query, page + 1, answer.next, taken + len(images))
        for place, found in enumerate(images, 1):
            yield self.car_image(found, query, page, taken + place)

    def lose_page(self, failure: Failure) -> Iterator[scrapy.Request]:
        """End a query whose page could not be fetched."""
        facts = failure.request.cb_kwargs  # type: ignore[attr-defined]
        note = f"{type(failure.value).__name__}: {failure.value}"
        answer = Answer(outcome=QueryOutcome.HTTP_ERROR, note=note)
        self.say_page(facts["query"], facts["page"], answer, 0, failure.request.url)  # type: ignore[attr-defined]
        self._end(facts["query"], QueryOutcome.HTTP_ERROR, note)
        yield from ()

    def _read(self, response: Response) -> Answer:
        try:
            answer = self.read_page(response)
        except Exception as error:  # a parser's surprise is a named outcome
            self.logger.debug("The page that could not be read", exc_info=True)
            answer = Answer(
                outcome=QueryOutcome.FORMAT_CHANGED, note=f"{type(error).__name__}: {error}"
            )
        if not answer.outcome.is_answer:
            self._save(response, answer)
        if answer.outcome.ends_source and not self.bench:
            self.bench = answer.outcome
            self._tell_of_bench(answer.outcome)
            self.logger.warning(
                "%s answers %s (%s): no more questions to it in this run",
                self.name,
                answer.outcome.value,
                answer.note or response.status,
            )
        return answer

    def _tell_of_bench(self, outcome: QueryOutcome) -> None:
        state = self.state_of_crawl
        if state.is_shared:  # or the others would get round the block, each from its own address
            telling = asyncio.to_thread(state.catalog.say_bench, state.run_id, outcome.value)
            self._telling = asyncio.ensure_future(telling)

    async def _why_last(
        self, query: Query, answer: Answer, images: list[FoundImage], taken: int
    ) -> str:
        """Return why no further page should be asked; "" when there is no reason."""
        if not answer.outcome.is_answer:
            return answer.note or answer.outcome.value
        if self.plan.per_query and taken + len(images) >= self.plan.per_query:
            return CUT
        seen = self._seen.setdefault(query.query_id, set())
        urls = {image.image_url for image in images}
        if images and urls <= seen:
            return REPEATED
        seen |= urls
        share = self.settings.getfloat("QUERY_END_KNOWN_SHARE")
        known = await self.state_of_crawl.known(urls)
        if len(urls) >= 10 and len(known) >= share * len(urls):
            # What this very query found before does not count, or a resumed page would end it.
            ours = await asyncio.to_thread(
                self.state_of_crawl.catalog.found_by, self.name, query.query_id, known
            )
            if len(known) - len(ours) >= share * len(urls):
                return f"{len(known)} of {len(urls)} images were known"
        return ""

    def _end(self, query: Query, outcome: QueryOutcome, note: str) -> None:
        self._seen.pop(query.query_id, None)
        self.say_end(query, outcome, note)
        self._open.release()

    def _save(self, response: Response, answer: Answer) -> None:
        """Keep an answer that could not be used, so that a person can look at it."""
        number = self.crawler.stats.get_value("carsets/pages_saved", 0) + 1
        self.crawler.stats.set_value("carsets/pages_saved", number)
        path = save_page(
            self.state_of_crawl.places.pages_dir,
            response.body,
            run_id=self.state_of_crawl.run_id,
            name=f"{self.name}-{answer.outcome.value}",
            number=number,
            kind="html" if isinstance(response, TextResponse) else "bin",
        )
        self.logger.warning("%s: %s; page saved as %s", answer.outcome.value, answer.note, path)
