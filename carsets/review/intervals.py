"""Shares with the margin that their numbers leave: Wilson's interval, also for weighted samples.

E. B. Wilson, "Probable inference, the law of succession, and statistical inference" (1927). A
sample whose images do not all stand for equally many is worth fewer images than it has: as many as
L. Kish's effective size says ("Survey Sampling", 1965), or as many as the variance of the strata
says, whichever is less. So the interval of an evenly drawn sample is the plain one.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

from carsets.integrity.decay import Z

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass(frozen=True, slots=True)
class Part:
    """What is known of one stratum."""

    size: int  # images in it
    answered: int  # images of the sample that were looked at
    wrong: int  # of these


@dataclass(frozen=True, slots=True)
class Estimate:
    """A share of all images, estimated; the interval is the one of 95 %."""

    share: float
    low: float
    high: float
    images: float  # that the sample is worth

    def __str__(self) -> str:
        return f"{self.share:.1%} (95 %: {self.low:.1%} to {self.high:.1%})"

    def as_json(self) -> dict[str, Any]:
        """Return the numbers of a report."""
        numbers = {"share": self.share, "low": self.low, "high": self.high, "worth": self.images}
        return {name: round(value, 6) for name, value in numbers.items()}


def wilson(share: float, count: float) -> tuple[float, float]:
    """Return the least and the greatest share that ``count`` images allow."""
    if count <= 0:
        return 0.0, 1.0
    middle = share + Z * Z / (2 * count)
    margin = Z * sqrt(share * (1 - share) / count + Z * Z / (4 * count * count))
    scale = 1 + Z * Z / count
    low = 0.0 if share <= 0 else max((middle - margin) / scale, 0.0)
    high = 1.0 if share >= 1 else min((middle + margin) / scale, 1.0)
    return low, high


def estimate(parts: Iterable[Part]) -> Estimate:
    """Return the share of wrong images of all strata together, each weighted by its size.

    A stratum of which nothing is answered is taken to be like the others.
    """
    known = [part for part in parts if part.answered and part.size]
    whole = sum(part.size for part in known)
    if not whole:
        return Estimate(0.0, 0.0, 1.0, 0.0)
    weights = [part.size / whole for part in known]
    shares = [part.wrong / part.answered for part in known]
    share = sum(weight * value for weight, value in zip(weights, shares, strict=True))
    worth = 1 / sum(w * w / part.answered for w, part in zip(weights, known, strict=True))
    variance = sum(
        w * w * value * (1 - value) / part.answered
        for w, value, part in zip(weights, shares, known, strict=True)
    )
    if variance > 0:
        worth = min(worth, share * (1 - share) / variance)
    return Estimate(share, *wilson(share, worth), worth)


def worth_of_groups(sizes: Sequence[int]) -> float:
    """Return how many images a sample is worth whose groups each say one thing only.

    Photos of one author or page are right or wrong together: at worst, each group counts once.
    """
    squares = sum(size * size for size in sizes)
    return sum(sizes) ** 2 / squares if squares else 0.0
