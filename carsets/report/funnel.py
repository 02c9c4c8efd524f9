"""The numbers of one or more runs, added up so that they balance."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carsets.outcomes import Outcome
from carsets.steps import Step, by_step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Funnel:
    """Found = kept + dropped, per source and in all."""

    sources: tuple[str, ...]
    found: Mapping[str, int]  # per source
    outcomes: Mapping[str, Mapping[str, int]]  # per source, code -> number

    @classmethod
    def of_receipts(cls, receipts: Iterable[Mapping[str, Any]]) -> Funnel:
        """Add up receipts; several runs of one source become one column."""
        found: Counter[str] = Counter()
        outcomes: dict[str, Counter[str]] = {}
        for receipt in receipts:
            source = receipt["source"]
            found[source] += receipt["found"]
            outcomes.setdefault(source, Counter()).update(receipt["outcomes"])
        return cls(tuple(outcomes), found, outcomes)

    def row(self, code: str) -> list[int]:
        """Return the numbers of one outcome: each source, then the sum."""
        numbers = [self.outcomes[source].get(code, 0) for source in self.sources]
        return [*numbers, sum(numbers)]

    @property
    def found_row(self) -> list[int]:
        """Return what was found: each source, then the sum."""
        numbers = [self.found[source] for source in self.sources]
        return [*numbers, sum(numbers)]

    @property
    def codes(self) -> list[Outcome]:
        """Return the outcomes that occur, in the order in which an image meets them."""
        return [code for code in Outcome if self.row(code.value)[-1]]

    @property
    def steps(self) -> list[Step]:
        """Return the steps at which addresses end; the store only where it failed."""
        _, _, ended = self.by_source[-1]
        return [step for step in Step if step is not Step.STORE or ended[step]]

    @property
    def by_source(self) -> list[tuple[str, int, dict[Step, int]]]:
        """Return each source, what it found, and how much of that ended at which step; then all."""
        rows = [(name, self.found[name], by_step(self.outcomes[name])) for name in self.sources]
        ended = {step: sum(row[step] for _, _, row in rows) for step in Step}
        return [*rows, ("all", sum(found for _, found, _ in rows), ended)]

    @property
    def kept(self) -> int:
        """Return how many images were stored."""
        return self.row(Outcome.STORED.value)[-1]

    @property
    def balances(self) -> bool:
        """Return whether every image found has exactly one outcome."""
        return all(
            self.found[source] == sum(self.outcomes[source].values()) for source in self.sources
        )
