"""How far two people agree, beyond chance: Cohen's kappa with its 95 % interval.

J. Cohen, "A coefficient of agreement for nominal scales" (1960); the standard error is the one of
J. L. Fleiss, J. Cohen and B. S. Everitt, "Large sample standard errors of kappa and weighted
kappa" (1969).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import combinations, groupby
from math import sqrt
from typing import TYPE_CHECKING, Any

from carsets.release.people import Word

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from carsets.catalog.reviews import Review

Z = 1.959963984540054  # of 95 %
VERDICT, VIEW = "keep or drop", "view"


@dataclass(slots=True)
class Agreement:
    """What two people said of the same images about one thing."""

    what: str  # VERDICT, VIEW, or the name of a label
    rater_a: str
    rater_b: str
    answers: Counter[tuple[str, str]] = field(default_factory=Counter)  # of a and b: images

    @property
    def images(self) -> int:
        """How many images both have said something of."""
        return self.answers.total()

    @property
    def observed(self) -> float:
        """The share of images on which they agree."""
        same = sum(count for (a, b), count in self.answers.items() if a == b)
        return same / self.images if self.images else 0.0

    @property
    def expected(self) -> float:
        """The share on which they would agree if each drew answers by chance, as often as now."""
        of_a, of_b = self._shares()
        return sum(of_a[answer] * of_b[answer] for answer in of_a)

    @property
    def kappa(self) -> float | None:
        """1 = they always agree, 0 = no more than by chance; None: both gave one answer alone."""
        chance = self.expected
        if not self.images or chance > 1 - 1e-12:
            return None
        return (self.observed - chance) / (1 - chance)

    @property
    def interval(self) -> tuple[float, float] | None:
        """The least and the greatest kappa that the numbers allow, for many images."""
        kappa = self.kappa
        if kappa is None:
            return None
        margin = Z * self._error(kappa)
        return max(kappa - margin, -1.0), min(kappa + margin, 1.0)

    def _error(self, kappa: float) -> float:
        of_a, of_b = self._shares()
        chance = self.expected
        agreeing = disagreeing = 0.0
        for (a, b), count in self.answers.items():
            share = count / self.images
            if a == b:
                agreeing += share * (1 - (of_a[a] + of_b[a]) * (1 - kappa)) ** 2
            else:
                disagreeing += share * (of_b[a] + of_a[b]) ** 2
        variance = agreeing + (1 - kappa) ** 2 * disagreeing
        variance -= (kappa - chance * (1 - kappa)) ** 2
        return sqrt(max(variance, 0.0) / self.images) / (1 - chance)

    def _shares(self) -> tuple[Counter[str], Counter[str]]:
        of_a: Any = Counter()
        of_b: Any = Counter()
        for (a, b), count in self.answers.items():
            of_a[a] += count / self.images
            of_b[b] += count / self.images
        return of_a, of_b

    def as_json(self) -> dict[str, Any]:
        """Return the numbers."""
        return {
            "what": self.what,
            "raters": [self.rater_a, self.rater_b],
            "images": self.images,
            "observed": self.observed,
            "expected": self.expected,
            "kappa": self.kappa,
            "interval": self.interval,
        }

    def __str__(self) -> str:
        who = f"{self.what}: {self.rater_a} and {self.rater_b}, {self.images:,} images"
        if self.kappa is None or self.interval is None:
            return f"{who}, always the same answer: kappa says nothing"
        low, high = self.interval
        return (
            f"{who}, the same on {self.observed:.1%}: "
            f"kappa {self.kappa:.3f} (95 %: {low:.3f} to {high:.3f})"
        )


def agreements(reviews: Iterable[Review]) -> list[Agreement]:
    """Return how far each two people agree about each thing that both have spoken of.

    ``reviews`` stand, image by image, the oldest first: the newest word of each person counts.
    """
    found: dict[tuple[str, str, str], Agreement] = {}
    for _, of_image in groupby(reviews, key=lambda review: review.image_id):
        words: defaultdict[str, Word] = defaultdict(Word)
        for review in of_image:
            words[review.rater].hear(review.decision, review.labels)
        for one, other in combinations(sorted(words), 2):
            for what, a, b in _common(words[one], words[other]):
                agreement = found.setdefault((what, one, other), Agreement(what, one, other))
                agreement.answers[a, b] += 1
    return [found[key] for key in sorted(found, key=_order)]


def _common(one: Word, other: Word) -> Iterator[tuple[str, str, str]]:
    if one.verdict and other.verdict:
        yield VERDICT, one.verdict, other.verdict
    if one.view and other.view:
        yield VIEW, one.view, other.view
    for name in one.labels:
        if name in other.labels:
            yield name, one.labels[name], other.labels[name]


def _order(key: tuple[str, str, str]) -> tuple[int, str, str, str]:
    what, one, other = key
    ranks: Mapping[str, int] = {VERDICT: 0, VIEW: 1}
    return ranks.get(what, 2), one, other, what
