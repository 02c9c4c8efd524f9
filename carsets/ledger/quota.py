"""How many images a run may still keep."""

from __future__ import annotations

import asyncio
from collections import deque


class Quota:
    """Keep exactly as many images as the user asked for (0: no limit).

    Scrapy's CLOSESPIDER_ITEMCOUNT finishes every item already yielded, and so overshoots.
    """

    def __init__(self) -> None:
        self.limit = 0
        self.kept = 0  # of earlier runs of the same plan too
        self._taken = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def reached(self) -> bool:
        """Whether as many images are kept as were asked for."""
        return bool(self.limit) and self.kept >= self.limit

    async def take(self) -> bool:
        """Wait until this image could still be needed; False when it is not any more."""
        while self.limit and not self.reached and self.kept + self._taken >= self.limit:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn
        if self.reached:
            return False
        self._taken += 1
        return True

    def settle(self, *, kept: bool) -> None:
        """Say how an image that was taken has ended."""
        self._taken -= 1
        self.kept += kept
        for turn in self._waiting:
            if not turn.done():
                turn.set_result(None)
        self._waiting.clear()

    def replaced(self, images: int) -> None:
        """Say that stored images made room for a better copy of themselves."""
        self.kept -= images

    async def rest(self) -> None:
        """Take note that for now nothing more will be taken."""
