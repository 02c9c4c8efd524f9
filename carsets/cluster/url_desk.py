"""Asks whether this worker may fetch a URL: many at a time, for one would cost a transaction."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from carsets.catalog.unsigned import url_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

GATHER = 0.01  # seconds that the first URL of a group waits for others: pages come as a whole
MOST = 200  # URLs in a group


class UrlDesk:
    """Hand groups of URL hashes to ``claim`` in a thread; it returns those that are ours."""

    def __init__(self, claim: Callable[[Collection[int]], set[int]]) -> None:
        self._claim = claim
        self._waiting: list[tuple[int, asyncio.Future[bool]]] = []
        self._work: asyncio.Task[None] | None = None

    async def take(self, url: str) -> bool:
        """Return whether a URL is ours. Raises what ``claim`` raises."""
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((url_hash(url), answer))
        if self._work is None:
            self._work = asyncio.ensure_future(self._serve())
        return await answer

    async def _serve(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(GATHER)
                group, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._serve_group(group)
        finally:
            self._work = None

    async def _serve_group(self, group: list[tuple[int, asyncio.Future[bool]]]) -> None:
        problem: Exception | None = None
        ours: set[int] = set()
        try:
            ours = await asyncio.to_thread(self._claim, {number for number, _ in group})
        except Exception as error:  # the same for all of the group
            problem = error
        for number, answer in group:
            if answer.done():
                continue
            if problem is not None:
                answer.set_exception(problem)
            else:
                answer.set_result(number in ours)
