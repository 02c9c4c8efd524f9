"""Stores images together: their files, then the catalog's decision, then their places.

One at a time they would cost a transaction, and three changes of thread, each.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from carsets.catalog.fingerprints import Fingerprints
    from carsets.catalog.rows import Admission, Candidate

GATHER = 0.05  # seconds that the first candidate of a group waits for others
MOST = 64  # candidates in a group


@dataclass(frozen=True, slots=True)
class Arrival:
    """An image that asks to be stored."""

    candidate: Candidate
    body: bytes


class AdmissionDesk:
    """Hand groups of arrivals to ``decide`` in a thread, one group at a time, in their order.

    ``decide`` returns a decision or the exception for each; ``learn`` is given what others have
    stored meanwhile, on the loop's own thread.
    """

    def __init__(
        self,
        decide: Callable[
            [Sequence[Arrival]], tuple[Sequence[Admission | Exception], list[Fingerprints]]
        ],
        learn: Callable[[Fingerprints], None],
    ) -> None:
        self._decide = decide
        self._learn = learn
        self._waiting: list[tuple[Arrival, asyncio.Future[Admission]]] = []
        self._work: asyncio.Task[None] | None = None

    async def admit(self, arrival: Arrival) -> Admission:
        """Return the decision about one image. Raises what ``decide`` gave for it."""
        decision: asyncio.Future[Admission] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, decision))
        if self._work is None:
            self._work = asyncio.ensure_future(self._serve())
        return await decision

    async def _serve(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(GATHER)
                group, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
                await self._serve_group(group)
        finally:
            self._work = None

    async def _serve_group(self, group: list[tuple[Arrival, asyncio.Future[Admission]]]) -> None:
        try:
            found, newer = await asyncio.to_thread(self._decide, [one for one, _ in group])
        except Exception as error:  # the same for all of the group
            found, newer = [error] * len(group), []
        for batch in newer:
            self._learn(batch)
        for (_, decision), result in zip(group, found, strict=True):
            if decision.done():
                continue
            if isinstance(result, Exception):
                decision.set_exception(result)
            else:
                decision.set_result(result)
