"""The limit of a plan on which several workers work: exact over all of them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from carsets.ledger.quota import Quota

if TYPE_CHECKING:
    from collections.abc import Callable

POLL = 0.25  # seconds until more is asked for, while others hold the rest


class SharedQuota(Quota):
    """Keep no more images than were handed to this worker.

    ``ask`` is given how many images are in hand (handed, and neither kept nor given back) and
    whether more are wanted; it returns how many more may be kept and how many all workers have
    kept so far. Called in a thread.
    """

    def __init__(self, ask: Callable[[int, bool], tuple[int, int]]) -> None:
        super().__init__()
        self._ask = ask
        self._in_hand = 0  # handed to us, and not taken by an image
        self._asking = asyncio.Lock()

    async def take(self) -> bool:
        """Wait until this image could still be needed; False when it is not any more."""
        if not self.limit:
            return await super().take()
        while not self.reached and not self._in_hand:
            async with self._asking:
                if not self._in_hand and not await self._exchange(wants_more=True):
                    await asyncio.sleep(POLL)
        if self.reached:
            return False
        self._in_hand -= 1
        self._taken += 1
        return True

    def settle(self, *, kept: bool) -> None:
        """Say how an image that was taken has ended."""
        if self.limit and not kept:
            self._in_hand += 1
        super().settle(kept=kept)

    async def rest(self) -> None:
        """Give back what is not needed now, and hear how far the others are."""
        if not self.limit:
            return
        async with self._asking:
            self._in_hand = 0
            await self._exchange(wants_more=False)

    async def _exchange(self, *, wants_more: bool) -> int:
        handed, kept = await asyncio.to_thread(self._ask, self._taken + self._in_hand, wants_more)
        self._in_hand += handed
        self.kept = kept
        return handed
