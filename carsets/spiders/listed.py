"""What the sources share that ask nobody: the user's list of URLs, and a folder of files."""

from __future__ import annotations

import asyncio
import itertools
from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from scrapy import Request

from carsets.outcomes import QueryOutcome
from carsets.problems import UserError
from carsets.queries import Query
from carsets.sources.answers import Answer
from carsets.spiders.base import CarsetsSpider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from scrapy.http import Response

    from carsets.items import CarImage


@dataclass(frozen=True, slots=True, kw_only=True)
class RowQuery(Query):
    """The query of a list, with the labels of one of its rows."""

    asked_by: Query

    @property
    def query_id(self) -> str:
        """Return the list's: its rows differ in what they are, not in who was asked for them."""
        return self.asked_by.query_id


class ListedSpider(CarsetsSpider):
    """A source whose images are all known before the first request.

    Its rows are handed out in batches that look like pages of a search. The whole list is one
    query, whose text holds a digest of the content: a list that was changed is another query. Of
    batches that an earlier run has read, only those rows are handed out again that have not
    ended for good: what failed in a way that can pass, and what a killed run left behind.
    """

    batch_size: ClassVar[int] = 200  # rows; pages are counted in it: resuming needs it unchanged

    query: Query

    def prepare(self) -> None:
        """Read ``-a limit=``."""
        given = self.given.get("limit", "").strip() or "0"
        if not given.isdecimal():
            raise UserError(f"limit={given}: a whole number is expected, the images to keep")
        self.limit = int(given)

    @abstractmethod
    def identify(self) -> Query:
        """Return the query that stands for the list; called in a thread."""

    @abstractmethod
    def images(self) -> Iterator[CarImage]:
        """Yield the list's images from its beginning, lazily; ``page`` and ``rank`` are set later.

        Read in a thread. What cannot be used is yielded with its ``outcome`` and ``note`` set.
        """

    def row_query(self, labels: Mapping[str, str]) -> Query:
        """Return the query of a row; its own labels come before those of the whole list."""
        if not labels:
            return self.query
        return RowQuery(
            text=self.query.text, labels={**self.query.labels, **labels}, asked_by=self.query
        )

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the first batch."""
        state = self.state_of_crawl
        self.query = await asyncio.to_thread(self.identify)
        progress = await asyncio.to_thread(state.catalog.query_progress, self.name)
        past = progress.get(self.query.query_id)
        self._first_new_page = past.next_page if past else 1
        state.quota.limit = self.limit
        state.planned = {self.query.query_id}
        if self.limit and past:
            kept = await asyncio.to_thread(state.catalog.kept_by_query, self.name)
            state.quota.kept = kept.get(self.query.query_id, 0)
        self._rest = self.images()
        self._wanted: set[int] | None = None  # batches; None: all of them
        self._elsewhere: set[int] = set()  # batches that other workers have
        if not self._stopping:
            yield self._request(1)

    def _request(self, page: int) -> Request:
        # Never an item from start(): it could not be stopped. Nothing leaves the machine for this.
        return Request(
            f"data:,{page}", callback=self.rows, cb_kwargs={"page": page}, dont_filter=True
        )

    async def rows(self, response: Response, page: int) -> AsyncIterator[CarImage | Request]:
        """Yield the images of one batch, then the request for the next one.

        In this order: the next batch is read when the last image of this one has been taken, so
        that the list is never further ahead of the crawl than a batch.
        """
        batch, problem = await asyncio.to_thread(self._take, page)
        while page < self._first_new_page:
            waiting = [image for image in batch if self._waits(image)]
            if waiting or problem or len(batch) < self.batch_size:
                break
            page += 1
            batch, problem = await asyncio.to_thread(self._take, page)
        last = len(batch) < self.batch_size
        if page >= self._first_new_page:
            waiting = batch if await self._is_ours(page) else []
            if waiting or not self.state_of_crawl.is_shared:
                self._say(page, batch, problem, last, response.url)
        for image in waiting:
            yield image
        if last:
            if self._elsewhere and not self._stopping:
                yield await self._begin_again()
            elif self.state_of_crawl.is_shared:
                self._say_end(problem)
        elif self.state_of_crawl.quota.reached:
            self.say_end(self.query, QueryOutcome.RESULTS, "the limit is reached")
        elif not self._stopping:
            yield self._request(page + 1)

    async def _is_ours(self, page: int) -> bool:
        """Lease a batch; take note of one that another worker has, and may not finish."""
        state = self.state_of_crawl
        if not state.is_shared:
            return True
        if self._wanted is not None and page not in self._wanted:
            return False
        ours = await asyncio.to_thread(
            state.catalog.lease_batch, state.run_id, self.name, self.query.query_id, page
        )
        if ours is False:
            self._elsewhere.add(page)
        return bool(ours)

    async def _begin_again(self) -> Request:
        """Go through the list once more, for the batches that other workers had."""
        await self.wait_for_others()
        self._wanted, self._elsewhere = self._elsewhere, set()
        self._first_new_page = 1
        self._rest = self.images()
        return self._request(1)

    def _waits(self, image: CarImage) -> bool:
        return image.outcome is None and image.found.image_url not in self.state_of_crawl.known_urls

    def _say(self, page: int, batch: list[CarImage], problem: str, last: bool, url: str) -> None:
        outcome = QueryOutcome.HTTP_ERROR if problem else QueryOutcome.RESULTS
        answer = Answer(outcome=outcome, next=None if last else page + 1, note=problem)
        self.say_page(self.query, page, answer, len(batch), url)
        if last and not self.state_of_crawl.is_shared:
            self._say_end(problem)

    def _say_end(self, problem: str) -> None:
        outcome = QueryOutcome.HTTP_ERROR if problem else QueryOutcome.RESULTS
        self.say_end(self.query, outcome, problem)

    def _take(self, page: int) -> tuple[list[CarImage], str]:
        """Return the next batch, and what went wrong while reading it."""
        batch: list[CarImage] = []
        try:
            for place, image in enumerate(itertools.islice(self._rest, self.batch_size), 1):
                image.page, image.rank = page, (page - 1) * self.batch_size + place
                batch.append(image)
        except (OSError, EOFError) as error:
            self.logger.error("The list cannot be read to its end: %s", error)
            return batch, f"cannot be read to its end: {error}"
        return batch, ""
