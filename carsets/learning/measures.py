"""How often a head is right, with the margin that the number of images leaves."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from carsets.review.intervals import wilson, worth_of_groups

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Codes = NDArray[np.int32]

MOST_CONFUSIONS = 10


@dataclass(frozen=True, slots=True)
class Share:
    """A share of images with its 95 % interval."""

    share: float
    low: float
    high: float

    @classmethod
    def of(cls, hits: NDArray[np.bool_], groups: NDArray[np.int64]) -> Self:
        """Return the share of hits. Images of one group are right or wrong together, at worst."""
        share = float(hits.mean()) if len(hits) else 0.0
        _, sizes = np.unique(groups, return_counts=True)
        low, high = wilson(share, worth_of_groups(sizes.tolist()))
        return cls(round(share, 6), round(low, 6), round(high, 6))

    def __str__(self) -> str:
        return f"{self.share:.1%} (95 %: {self.low:.1%} to {self.high:.1%})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a head says of one part of the images."""

    images: int
    groups: int  # of related images
    accuracy: Share
    macro_f1: float  # mean of all classes that are there, or that are said to be
    majority: float  # share of the most frequent class: right without looking

    @classmethod
    def of(cls, truth: Codes, said: Codes, groups: NDArray[np.int64]) -> Self:
        """Compare what was said with what is so."""
        return cls(
            images=len(truth),
            groups=len(np.unique(groups)),
            accuracy=Share.of(truth == said, groups),
            macro_f1=round(macro_f1(truth, said), 6),
            majority=round(float(np.bincount(truth).max() / max(len(truth), 1)), 6),
        )

    def as_json(self) -> dict[str, Any]:
        """Return the numbers."""
        return asdict(self)


def macro_f1(truth: Codes, said: Codes) -> float:
    """Return the mean over the classes of 2 PR / (P + R)."""
    classes = int(max(truth.max(initial=0), said.max(initial=0))) + 1
    hits = np.bincount(truth[truth == said], minlength=classes)
    both = np.bincount(truth, minlength=classes) + np.bincount(said, minlength=classes)
    there = both > 0
    return float((2 * hits[there] / both[there]).mean()) if there.any() else 0.0


def confusions(truth: Codes, said: Codes, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return what is most often taken for something else."""
    wrong = truth != said
    pairs, counts = np.unique(
        np.stack((truth[wrong], said[wrong]), axis=1), axis=0, return_counts=True
    )
    sizes = np.bincount(truth, minlength=len(names))
    order = np.lexsort((pairs[:, 1], pairs[:, 0], -counts))[:MOST_CONFUSIONS]
    return [
        {
            "is": names[one],
            "said": names[other],
            "images": int(count),
            "of": int(sizes[one]),
        }
        for (one, other), count in zip(pairs[order].tolist(), counts[order].tolist(), strict=True)
    ]
