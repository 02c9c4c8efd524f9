"""What the detector says about an image, and the rules that make it a decision. No TensorFlow.

Labels are matched by their number, never by a piece of their name: "car" is also in "carton",
and no label of ImageNet is called car, truck, suv or van.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from carsets.vision.labels import LabelTable

View = Literal["exterior", "interior", "part", "unknown"]
Verdict = Literal["keep", "review", "drop"]

RULES = ("group", "top4")
TOP = 5  # labels that a Detection carries
TOP4 = 4  # labels that the rule of the 2016 dataset looked at
DIGITS = 4  # decimals of scores: beyond them a batch may differ from a single image


class DetectionSettingsError(ValueError):
    """A setting of the detector that cannot be meant; the message is one line for the user."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """What the network sees in one image. Scores and probabilities are 0 to 1."""

    top: tuple[tuple[str, float], ...]  # the best labels with their probabilities, best first
    car_score: float  # sum over the labels that count as a vehicle
    part_score: float  # sum over the labels of parts and interiors
    view: View
    verdict: Verdict
    features: bytes | None  # the pooled layer as little-endian float16, for similarity
    model: str  # which network with which weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How a decision is made.

    ``group``: keep at a car score of ``keep`` or more, review from ``review`` on, else drop.
    ``top4``: keep when a vehicle is among the four best labels, else drop (the rule of 2016).
    """

    name: str = "group"
    keep: float = 0.5  # car score; more likely a vehicle than anything else together
    review: float = 0.2  # car score

    def __post_init__(self) -> None:
        if self.name not in RULES:
            raise DetectionSettingsError(
                f"CAR_DETECTION_RULE must be one of {', '.join(RULES)}, not {self.name!r}"
            )
        if not 0 < self.review <= self.keep <= 1:
            raise DetectionSettingsError(
                "CAR_DETECTION_REVIEW and CAR_DETECTION_KEEP must be 0 < review <= keep <= 1, "
                f"not {self.review:g} and {self.keep:g}"
            )

    def decide(
        self, probabilities: NDArray[np.float32], car_score: float, table: LabelTable
    ) -> Verdict:
        """Return the verdict on one image's probabilities."""
        if self.name == "top4":
            best = best_labels(probabilities, TOP4)
            return "keep" if table.vehicles.intersection(best) else "drop"
        if car_score >= self.keep:
            return "keep"
        return "review" if car_score >= self.review else "drop"


def best_labels(probabilities: NDArray[np.float32], count: int) -> list[int]:
    """Return the numbers of the best labels, best first; of equals the lower number first."""
    order = np.argsort(-probabilities, kind="stable")
    return [int(number) for number in order[:count]]


def detect(
    probabilities: NDArray[np.float32],
    table: LabelTable,
    rule: Rule,
    *,
    features: bytes | None = None,
    model: str = "",
) -> Detection:
    """Turn one image's probabilities into a Detection.

    Raises ValueError when there are not as many probabilities as labels.
    """
    if probabilities.shape != (len(table.labels),):
        raise ValueError(f"{probabilities.shape} probabilities for {len(table.labels)} labels")
    car_score = score(probabilities, table.vehicles)
    interior = score(probabilities, table.interiors)
    part = score(probabilities, table.parts)
    return Detection(
        top=tuple(
            (table.labels[n], round(float(probabilities[n]), DIGITS))
            for n in best_labels(probabilities, TOP)
        ),
        car_score=car_score,
        part_score=round(part + interior, DIGITS),
        view=view_of(car_score, part, interior, rule.review),
        verdict=rule.decide(probabilities, car_score, table),
        features=features,
        model=model,
    )


def score(probabilities: NDArray[np.float32], labels: frozenset[int]) -> float:
    """Return the probability that it is one of the labels, rounded so that batches agree."""
    return round(float(probabilities[sorted(labels)].sum(dtype=np.float64)), DIGITS)


def view_of(car_score: float, part: float, interior: float, least: float) -> View:
    """Return what is seen of the vehicle; scores below ``least`` say nothing."""
    if max(car_score, part + interior) < least:
        return "unknown"
    if car_score >= part + interior:
        return "exterior"
    return "interior" if interior > part else "part"
