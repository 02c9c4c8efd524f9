"""The queries of a plan, as far as this worker gets them before the others do."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence

    from carsets.catalog.query_leases import Leased
    from carsets.catalog.rows import QueryProgress
    from carsets.queries import Query

    Place = tuple[int, Query]  # in the plan

WINDOW = 200  # queries looked at together: a plan of a million is walked in 5,000 short steps
# Leased in one step. A lease costs milliseconds and a query minutes: what a worker does not begin
# yet it leaves to the others.
AT_ONCE = 1


class LeasedPlan:
    """Walk a plan, and lease what nobody else asks; then wait for what others may not finish.

    ``lease`` is given (query id, place in the plan) and how many; called in a thread. ``rest`` is
    awaited whenever there is nothing to do but to wait; ``stopping`` ends the walk.
    """

    def __init__(
        self,
        plan: Iterable[Query],
        lease: Callable[[Sequence[tuple[str, int]], int], Leased],
        rest: Callable[[], Awaitable[None]],
        stopping: Callable[[], bool],
    ) -> None:
        self._plan = plan
        self._lease = lease
        self._rest = rest
        self._stopping = stopping
        self.refused: tuple[Query, str] | None = None  # what cannot be asked, and why
        self._elsewhere: list[Place] = []  # at the end of the walk

    async def queries(self) -> AsyncIterator[tuple[Query, QueryProgress | None]]:
        """Yield queries that are ours now, with how far they have come."""
        async for found in self._walk(enumerate(self._plan)):
            yield found
        while self._elsewhere and not self._ended:
            await self._rest()
            again, self._elsewhere = self._elsewhere, []
            async for found in self._walk(iter(again)):
                yield found

    @property
    def _ended(self) -> bool:
        return self.refused is not None or self._stopping()

    async def _walk(
        self, places: Iterator[Place]
    ) -> AsyncIterator[tuple[Query, QueryProgress | None]]:
        while not self._ended and (window := list(islice(places, WINDOW))):
            async for found in self._take(window):
                yield found

    async def _take(
        self, window: Sequence[Place]
    ) -> AsyncIterator[tuple[Query, QueryProgress | None]]:
        by_id = {query.query_id: (place, query) for place, query in window}
        wanted = [(query_id, place) for query_id, (place, _) in by_id.items()]
        while not self._ended:
            leased = await asyncio.to_thread(self._lease, wanted, AT_ONCE)
            if leased.bench and (leased.queries or leased.elsewhere):
                first = next(iter(leased.queries or leased.elsewhere))
                self.refused = by_id[first][1], leased.bench
                return
            for query_id, past in leased.queries.items():
                yield by_id[query_id][1], past
            if not leased.queries:
                self._elsewhere += sorted(
                    (by_id[name] for name in leased.elsewhere), key=lambda place: place[0]
                )
                return
