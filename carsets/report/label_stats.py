"""What the labels of a dataset are worth: how many there are, how uneven, and what helps."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, log
from statistics import median_low
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TRAIN, VALIDATION = "train", "validation"
MIN_TRAIN = 20  # as Open Images asked of a label that it calls trainable
MIN_VALIDATION = 50
EVEN = 1.5  # times the smallest label: nothing that a cap should mend


@dataclass(frozen=True, slots=True)
class Thresholds:
    """How many images of a label make it worth training on."""

    train: int = MIN_TRAIN
    validation: int = MIN_VALIDATION
    held_out: str = VALIDATION  # the split whose images validate

    def met_by(self, splits: Mapping[str, int]) -> bool:
        """Whether a label with these images a split is trainable."""
        return (
            splits.get(TRAIN, 0) >= self.train and splits.get(self.held_out, 0) >= self.validation
        )


@dataclass(frozen=True, slots=True)
class Imbalance:
    """How unevenly images are spread over labels."""

    labels: int
    most: int
    least: int
    gini: float  # 0 = all labels have the same, nearly 1 = one has everything
    effective: float  # so many labels of one size would be as hard to guess

    @property
    def ratio(self) -> float:
        """How many times the largest label is the smallest."""
        return self.most / self.least if self.least else 0.0

    @classmethod
    def of(cls, counts: Sequence[int]) -> Imbalance:
        """Return the imbalance of these numbers of images, each above 0."""
        if not counts:
            return cls(0, 0, 0, 0.0, 0.0)
        rising, total, number = sorted(counts), sum(counts), len(counts)
        ranked = sum(rank * count for rank, count in enumerate(rising, 1))
        gini = 2 * ranked / (number * total) - (number + 1) / number
        entropy = -sum(count / total * log(count / total) for count in rising)
        return cls(number, rising[-1], rising[0], max(gini, 0.0), exp(entropy))


@dataclass(frozen=True, slots=True)
class Cap:
    """What a limit per label would do."""

    limit: int  # for --max-per-class
    kept: int  # images that remain
    total: int
    ratio: float  # largest to smallest label afterwards


@dataclass(frozen=True, slots=True)
class LabelStats:
    """The values of one kind of label ("make"), and their images."""

    kind: str
    splits: Mapping[str, Mapping[str, int]]  # value: images of each split and left out
    without: int  # images that have no such label
    thresholds: Thresholds = field(default_factory=Thresholds)

    @property
    def counts(self) -> dict[str, int]:
        """Images of each value, most first."""
        sums = {value: sum(of.values()) for value, of in self.splits.items()}
        return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))

    @property
    def trainable(self) -> list[str]:
        """The values with enough images to train on, and to validate."""
        return [value for value in self.counts if self.thresholds.met_by(self.splits[value])]

    @property
    def imbalance(self) -> Imbalance:
        """How uneven the values are."""
        return Imbalance.of(list(self.counts.values()))

    def cap(self) -> Cap | None:
        """Return the limit that brings the large values down to the median; None = no need."""
        counts = list(self.counts.values())
        limit = median_low(counts) if counts else 0
        if not counts or self.imbalance.ratio < EVEN or max(counts) == limit:
            return None
        capped = [min(count, limit) for count in counts]
        return Cap(limit, sum(capped), sum(counts), limit / min(capped))

    def repeats(self) -> dict[str, int]:
        """Return how often to show the images of small values to reach the median, rarest first.

        Values that were shown once are not listed.
        """
        counts = self.counts
        if not counts:
            return {}
        goal = median_low(counts.values())
        times = {value: round(goal / count) for value, count in reversed(counts.items())}
        return {value: often for value, often in times.items() if often > 1}

    def as_json(self) -> dict[str, Any]:
        """Return everything in JSON types."""
        imbalance, cap, trainable = self.imbalance, self.cap(), set(self.trainable)
        return {
            "cap": cap
            and {"kept": cap.kept, "max_per_class": cap.limit, "ratio": round(cap.ratio, 4)},
            "imbalance": {
                "effective": round(imbalance.effective, 4),
                "gini": round(imbalance.gini, 4),
                "least": imbalance.least,
                "most": imbalance.most,
                "ratio": round(imbalance.ratio, 4),
            },
            "labels": {
                value: {
                    "images": count,
                    "splits": dict(self.splits[value]),
                    "trainable": value in trainable,
                }
                for value, count in self.counts.items()
            },
            "repeat": self.repeats(),
            "trainable": len(trainable),
            "without": self.without,
        }


@dataclass(frozen=True, slots=True)
class DatasetStats:
    """Everything that ``scrapy stats`` tells. Each of the counts sums up to ``total``."""

    total: int  # images of today's dataset
    splits: Mapping[str, int]
    kinds: Sequence[LabelStats]
    by: Mapping[str, Mapping[str, int]]  # "source", "host", "license", "evidence"
    copies: Mapping[str, int]  # addresses that led to a copy of another image, by its kind

    @property
    def unique_share(self) -> float:
        """The share of images that were not there before, of all that were fetched."""
        fetched = self.total + sum(self.copies.values())
        return self.total / fetched if fetched else 1.0

    @property
    def unique_words(self) -> str:
        """The unique share, as InstaCities1M words it: "98.3 % unique"."""
        return f"{100 * self.unique_share:.1f} % unique"

    def unequal(self) -> list[str]:
        """Return the names of the sums that differ from the total: a fault of carsets."""
        sums = {"splits": sum(self.splits.values())}
        sums |= {name: sum(counts.values()) for name, counts in self.by.items()}
        sums |= {stats.kind: stats.without + sum(stats.counts.values()) for stats in self.kinds}
        return [name for name, number in sums.items() if number != self.total]

    def as_json(self) -> dict[str, Any]:
        """Return everything in JSON types."""
        return {
            "by": {name: dict(counts) for name, counts in self.by.items()},
            "copies": dict(self.copies),
            "images": self.total,
            "labels": {stats.kind: stats.as_json() for stats in self.kinds},
            "splits": dict(self.splits),
            "unique": self.unique_words,
            "unique_share": round(self.unique_share, 6),
        }
