"""All scores of an image together: the order in which people should look.

    doubt = 1 - product over the reasons of (1 - weight x score)

Reasons are independent, so each can only add. What speaks of the label (features, other queries,
texts, counts) is one reason already: the probability that a label is wrong. A weight says how much
a score of 1 matters to a dataset: a wrong label and a placeholder spoil it, an author's hundredth
photo does not. The detector's own doubt counts too, though it has no score of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carsets.curation.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Scores = NDArray[np.float32]

WEIGHTS = {
    Kind.PLACEHOLDER: 1.0,
    Kind.LABEL_NOISE: 1.0,
    Kind.NEAR_DUPLICATE: 0.95,
    Kind.OUTLIER: 0.9,
    Kind.HOST_CAP: 0.6,
    Kind.AUTHOR_CAP: 0.4,
    Kind.BOT: 0.4,
}
NOT_A_CAR = 0.4  # weight of what the detector's car score lacks to 1


def combine(scores: Mapping[Kind, Scores], car_score: Scores) -> tuple[Scores, NDArray[np.int8]]:
    """Return the doubt of each image, and which of ``WEIGHTS`` adds most; -1: the detector."""
    unseen = NOT_A_CAR * np.nan_to_num(1 - car_score, nan=0.0).astype(np.float32)
    rest = 1 - unseen
    most, kind = unseen.copy(), np.full(len(car_score), -1, np.int8)
    for number, (one, weight) in enumerate(WEIGHTS.items()):
        if one in scores:
            part = weight * scores[one]
            rest *= 1 - part
            kind[part > most] = number
            most = np.maximum(most, part)
    return np.clip(1 - rest, 0, 1), kind
