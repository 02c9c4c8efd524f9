"""Which pages of which queries are done: those of which every image has ended.

A page that is done is never asked again. So it must not be called done a moment too early, or a
run that is killed would lose the images that were still on their way.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from carsets.catalog.rows import Batch, PageRow, QueryEndRow

# The image itself is still to be asked for: only its page can bring it back.
INTERRUPTED = {Outcome.CANCELLED, Outcome.DISK_FULL, Outcome.STORE_FAILED}


@dataclass(slots=True)
class _Page:
    row: PageRow
    ended: int = 0
    interrupted: bool = False

    @property
    def done(self) -> bool:
        return not self.interrupted and self.ended >= self.row.found


@dataclass(slots=True)
class _Query:
    pages: dict[int, _Page] = field(default_factory=dict)  # announced, and not written yet
    end: QueryEndRow | None = None


class PageTracker:
    """Hold pages and query ends back until they are true."""

    def __init__(self) -> None:
        self._queries: dict[str, _Query] = {}

    @property
    def unended(self) -> int:
        """Queries that have begun and not ended, or whose images have not."""
        return len(self._queries)

    def page_read(self, row: PageRow) -> None:
        """Take note of a page. Its images come later."""
        query = self._queries.setdefault(row.query.query_id, _Query())
        query.pages[row.page] = _Page(row)

    def query_ended(self, row: QueryEndRow) -> None:
        """Take note that no more pages will be asked."""
        self._queries.setdefault(row.query.query_id, _Query()).end = row

    def image_ended(self, query_id: str, page: int, outcome: Outcome) -> None:
        """Count an image of a page. Images of pages that were not announced are passed over."""
        query = self._queries.get(query_id)
        if query is None or page not in query.pages:
            return
        query.pages[page].ended += 1
        query.pages[page].interrupted |= outcome in INTERRUPTED

    def move_done(self, query_id: str, batch: Batch) -> None:
        """Put what is done now into the batch: pages in their order, then the query's end."""
        query = self._queries.get(query_id)
        if query is None:
            return
        for number in sorted(query.pages):
            if not query.pages[number].done:
                return
            batch.pages.append(query.pages.pop(number).row)
        if query.end is not None:
            batch.ends.append(query.end)
            del self._queries[query_id]
