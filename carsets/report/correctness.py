"""Which share of the labels is right, as far as people have looked: per label, with its margin."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING

from carsets.integrity.decay import Share
from carsets.release.label_texts import read_labels
from carsets.release.people import Word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carsets.catalog.report_rows import ReviewedRow


@dataclass(slots=True)
class Correctness:
    """What people said of the labels that machines gave."""

    images: int = 0  # that people have decided about
    dropped: int = 0  # of these: should not be there at all
    right: Counter[tuple[str, str]] = field(default_factory=Counter)  # kind and value
    judged: Counter[tuple[str, str]] = field(default_factory=Counter)

    def shares(self, kind: str) -> dict[str, Share]:
        """Return the share of right ones by value of one kind of label, most looked at first."""
        found = {
            value: Share(self.right[name, value], number)
            for (name, value), number in self.judged.items()
            if name == kind
        }
        return dict(sorted(found.items(), key=lambda item: (-item[1].whole, item[0])))

    def overall(self, kind: str) -> Share:
        """Return the share of right ones of one kind of label."""
        shares = self.shares(kind).values()
        return Share(sum(s.part for s in shares), sum(s.whole for s in shares))


def judge(rows: Iterable[ReviewedRow]) -> Correctness:
    """Count the decisions, which come by image.

    A label is right when people gave or confirmed the value that it has, and wrong when they gave
    another one or dropped the image. Of labels about which they said nothing nothing is counted.
    """
    found = Correctness()
    for _, decisions in groupby(rows, key=lambda row: row.seq):
        word, labels = Word(), {}
        said = False
        for row in decisions:
            labels = read_labels(row.image_labels)
            said |= row.decision != "skip"
            word.hear(row.decision, row.labels)
        if not said:
            continue
        found.images += 1
        found.dropped += word.verdict == "drop"
        for item in labels.items():
            kind, value = item
            if word.verdict == "drop":
                found.judged[item] += 1
            elif kind in word.labels:
                found.judged[item] += 1
                found.right[item] += word.labels[kind] == value
    return found
