"""Asks whether this worker may fetch a URL."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from carsets.catalog.unsigned import url_hash
from carsets.ledger.group_desk import GroupDesk

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence


class UrlDesk(GroupDesk[int, bool]):
    """Hand groups of URL hashes to ``claim`` in a thread; it returns those that are ours."""

    gather = 0.01  # pages come as a whole
    most = 200

    def __init__(self, claim: Callable[[Collection[int]], set[int]]) -> None:
        super().__init__()
        self._claim = claim

    async def take(self, url: str) -> bool:
        """Return whether a URL is ours. Raises what ``claim`` raises."""
        return await self.ask(url_hash(url))

    async def answer(self, group: Sequence[int]) -> list[bool]:
        """Claim the URLs of a group."""
        ours = await asyncio.to_thread(self._claim, set(group))
        return [number in ours for number in group]
