"""Checks that every address has exactly one end: per run, per source and per query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from carsets.catalog.report_rows import RunLine

_CODES = {outcome.value for outcome in Outcome}
_KEPT = ("keep", "review")


@dataclass(frozen=True, slots=True)
class Imbalance:
    """Two numbers that should be the same, and are not."""

    what: str  # "run 2026…", "query red Ford of bing"
    expected: int
    counted: int

    def __str__(self) -> str:
        return f"{self.what}: {self.expected:,} found, {self.counted:,} ended"


def unbalanced_runs(runs: Sequence[RunLine]) -> Iterator[Imbalance]:
    """Yield the finished runs whose outcomes do not sum up to what they found."""
    for run in runs:
        ended = sum(run.outcomes.values())
        if run.finished and ended != run.found:
            yield Imbalance(f"run {run.run_id} of {run.source}", run.found, ended)


def unbalanced_receipt(receipt: Mapping[str, Any]) -> Iterator[Imbalance]:
    """Yield what does not sum up in one receipt, query by query.

    Raises KeyError, TypeError, ValueError or AttributeError for what is no receipt.
    """
    name = f"receipt {receipt['run']} of {receipt['source']}"
    found, ended = int(receipt["found"]), sum(map(int, receipt["outcomes"].values()))
    if found != ended:
        yield Imbalance(name, found, ended)
    asked = 0
    for line in receipt.get("queries", ()):
        found, ended = int(line["found"]), sum(map(int, line["outcomes"].values()))
        asked += found
        if found != ended:
            yield Imbalance(f"{name}, query {line['text']}", found, ended)
    if receipt.get("queries") and asked != int(receipt["found"]):
        yield Imbalance(f"{name}, all its queries", int(receipt["found"]), asked)


def unbalanced_catalog(
    outcomes: Mapping[str, Mapping[str, int]], verdicts: Mapping[str, int]
) -> Iterator[Imbalance]:
    """Yield what does not sum up between addresses and images."""
    for source, ends in outcomes.items():
        known = sum(number for code, number in ends.items() if code in _CODES)
        total = sum(ends.values())
        if known != total:
            yield Imbalance(f"source {source}, with outcomes of the closed list", total, known)
    stored = sum(ends.get(Outcome.STORED.value, 0) for ends in outcomes.values())
    kept = sum(verdicts.get(verdict, 0) for verdict in _KEPT)
    if stored < kept:
        yield Imbalance("kept images, and addresses that brought them", kept, stored)
