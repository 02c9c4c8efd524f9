"""The books of one run: every URL that was found, and the one way in which it ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from carsets.catalog.rows import RunEnd
from carsets.ledger.query_tally import QueryTally
from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carsets.catalog.rows import RunImages
    from carsets.exit_codes import Verdict
    from carsets.items import CarImage
    from carsets.ledger.run_checks import Check

run_ended = object()
"""Signal: a run is over, and all of it is in the catalog. Facts: ``books`` (Books)."""


@dataclass(slots=True, kw_only=True)
class Books:
    """Count what one run found and how it ended. Times are ISO 8601, UTC."""

    run_id: str
    source: str = ""
    started: str = ""  # "" until it has begun
    finished: str = ""
    found: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    kept_bytes: int = 0
    queries: QueryTally = field(default_factory=QueryTally)
    open: dict[int, CarImage] = field(default_factory=dict)  # found and not ended, by identity
    checks: Sequence[Check] = ()
    verdict: Verdict | None = None

    @property
    def kept(self) -> int:
        """Images that this run has brought into the dataset."""
        return self.outcomes[Outcome.STORED]

    def find(self, item: CarImage) -> None:
        """Enter an image that was found."""
        self.found += 1
        self.open[id(item)] = item
        self.queries.found(item.query)

    def settle(self, item: CarImage, outcome: Outcome, note: str) -> None:
        """Enter how an image ended."""
        self.open.pop(id(item), None)
        item.outcome, item.note = outcome, note
        self.outcomes[outcome] += 1
        self.queries.ended(item.query, outcome)

    def settle_replaced(self, images: RunImages) -> None:
        """Move copies that gave way to better ones to the outcome that their URLs now have."""
        self.kept_bytes = images.bytes
        for outcome, number in images.replaced.items():
            moved = min(number, self.outcomes[Outcome.STORED])
            self.outcomes[Outcome.STORED] -= moved
            self.outcomes[outcome] += moved

    def by_code(self) -> dict[str, int]:
        """Return the outcomes that occurred, most frequent first."""
        return {outcome.value: n for outcome, n in self.outcomes.most_common() if n}

    def end(self) -> RunEnd:
        """Return what the catalog keeps of the run's end."""
        assert self.verdict is not None
        return RunEnd(
            finished_at=self.finished,
            found=self.found,
            kept=self.kept,
            bytes=self.kept_bytes,
            outcomes=self.by_code(),
            exit_code=int(self.verdict.code),
            exit_reason=self.verdict.reason,
        )
