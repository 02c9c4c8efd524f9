"""What the sources share that ask nobody: the user's list of URLs, and a folder of files."""

from __future__ import annotations

import asyncio
import itertools
from abc import abstractmethod
from typing import TYPE_CHECKING, ClassVar

from scrapy import Request

from carsets.answers import Answer
from carsets.outcomes import QueryOutcome
from carsets.problems import UserError
from carsets.queries import Query
from carsets.spiders.base import CarsetsSpider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Mapping

    from scrapy.http import Response

    from carsets.items import CarImage


class ListedSpider(CarsetsSpider):
    """A source whose images are all known before the first request.

    Its rows are handed out in batches that look like pages of a search: each is reported when it
    is read, so that a later run goes on after the last one. The whole list is one query, whose
    text holds a digest of the content; a list that was changed is another query, and is read
    from its beginning.
    """

    batch_size: ClassVar[int] = (
        200  # rows; pages are counted in it, so a resumed run needs the same
    )

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

        Called and read in a thread.
        """

    @abstractmethod
    def label_sets(self) -> Iterator[Mapping[str, str]]:
        """Yield the labels of each row; called in a thread, and only when a limit needs them."""

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the first batch that no earlier run has read."""
        state = self.state_of_crawl
        self.query = await asyncio.to_thread(self.identify)
        progress = await asyncio.to_thread(state.catalog.query_progress, self.name)
        past = progress.get(self.query.query_id)
        if past and past.outcome and QueryOutcome(past.outcome).is_answer:
            self.logger.info("%s: all of it was read by an earlier run", self.query.text)
            return
        page = past.next_page if past else 1
        state.quota.limit = self.limit
        if self.limit and past:
            state.quota.kept = await asyncio.to_thread(self._kept_before)
            if state.quota.reached:
                return
        self._rest = self.images()
        skipped = (page - 1) * self.batch_size
        await asyncio.to_thread(lambda: next(itertools.islice(self._rest, skipped, skipped), None))
        yield self._request(page)

    def _kept_before(self) -> int:
        kept = self.state_of_crawl.catalog.kept_by_query(self.name)
        label_sets = {tuple(sorted(labels.items())) for labels in self.label_sets()}
        queries = (Query(text=self.query.text, labels=dict(labels)) for labels in label_sets)
        return sum(kept.get(query.query_id, 0) for query in queries)

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
        batch, problem = await asyncio.to_thread(self._take)
        last = len(batch) < self.batch_size
        outcome = QueryOutcome.HTTP_ERROR if problem else QueryOutcome.RESULTS
        answer = Answer(outcome=outcome, next=None if last else page + 1, note=problem)
        self.say_page(self.query, page, answer, len(batch), response.url)
        if last:
            self.say_end(self.query, outcome, problem)
        for place, image in enumerate(batch, 1):
            image.page = page
            image.rank = (page - 1) * self.batch_size + place
            yield image
        if (
            not last
            and not self.state_of_crawl.quota.reached
            and not self.state_of_crawl.stop_reason
        ):
            yield self._request(page + 1)

    def _take(self) -> tuple[list[CarImage], str]:
        """Return the next batch, and what went wrong while reading it."""
        batch: list[CarImage] = []
        try:
            batch.extend(itertools.islice(self._rest, self.batch_size))
        except (OSError, EOFError) as error:
            self.logger.error("The list cannot be read to its end: %s", error)
            return batch, f"cannot be read to its end: {error}"
        return batch, ""
