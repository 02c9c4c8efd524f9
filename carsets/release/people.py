"""What people have decided about an image stands above what machines say of it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from carsets.catalog.release_rows import ReviewRow

VERDICTS = frozenset({"keep", "drop"})


@dataclass(slots=True)
class Word:
    """People's word on one image: of each thing the newest decision that was not undone."""

    verdict: str = ""  # "keep" or "drop"; "" when nobody said
    view: str = ""
    labels: dict[str, str] = field(default_factory=dict)  # "" says that there is none

    def hear(self, decision: str, labels: Mapping[str, object] | None) -> None:
        """Take in one more decision, newer than those before.

        A ``keep`` confirms the labels that it names, and no others; ``skip`` says nothing.
        """
        if decision == "skip":
            return
        if decision in VERDICTS:
            self.verdict = decision
        for name, value in (labels or {}).items():
            text = "" if value is None else str(value)
            if name == "view":
                self.view = text
            else:
                self.labels[name] = text

    def corrected(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Return the labels as people say they are."""
        return {name: value for name, value in {**labels, **self.labels}.items() if value}

    def confirmed(self) -> frozenset[str]:
        """Return the labels whose values people have given or confirmed."""
        return frozenset(name for name, value in self.labels.items() if value)

    def denied(self, labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        """Return the labels that are not so, as (label, value)."""
        return tuple(
            (name, labels[name])
            for name, value in sorted(self.labels.items())
            if labels.get(name) and labels[name] != value
        )


NOBODY = Word()


def words_by_image(rows: Iterable[ReviewRow]) -> Mapping[int, Word]:
    """Return people's word by image number; ``rows`` are the decisions, oldest first."""
    words: defaultdict[int, Word] = defaultdict(Word)
    for row in rows:
        words[row.seq].hear(row.decision, row.labels)
    return dict(words)
