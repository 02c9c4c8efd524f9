"""Stores images together: their files, then the catalog's decision, then their places.

One at a time they would cost a transaction, and three changes of thread, each.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from carsets.catalog.rows import Admission
from carsets.ledger.group_desk import GroupDesk

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from carsets.catalog.fingerprints import Fingerprints
    from carsets.catalog.rows import Candidate


@dataclass(frozen=True, slots=True)
class Arrival:
    """An image that asks to be stored."""

    candidate: Candidate
    body: bytes


class AdmissionDesk(GroupDesk[Arrival, Admission]):
    """Hand groups of arrivals to ``decide`` in a thread.

    ``decide`` returns a decision or the exception for each; ``learn`` is given what others have
    stored meanwhile, on the loop's own thread.
    """

    gather = 0.05
    most = 64

    def __init__(
        self,
        decide: Callable[
            [Sequence[Arrival]], tuple[Sequence[Admission | Exception], list[Fingerprints]]
        ],
        learn: Callable[[Fingerprints], None],
    ) -> None:
        super().__init__()
        self._decide = decide
        self._learn = learn

    async def admit(self, arrival: Arrival) -> Admission:
        """Return the decision about one image. Raises what ``decide`` gave for it."""
        return await self.ask(arrival)

    async def answer(self, group: Sequence[Arrival]) -> Sequence[Admission | Exception]:
        """Let the catalog decide about a group."""
        found, newer = await asyncio.to_thread(self._decide, group)
        for batch in newer:
            self._learn(batch)
        return found
