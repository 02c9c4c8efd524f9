"""Does it belong into the dataset? A small head that has learnt from people's verdicts.

People have looked at what was doubted, mostly: by their verdicts alone much more would be wrong
than is. So images of the dataset of which nobody has spoken are learnt from too, as kept: nearly
all of them belong. What the head says orders questions, and decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from carsets.learning.linear_head import LinearHead

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
    Keys = NDArray[np.uint64]

FOLDS = 5
LEAST_VERDICTS = 20  # of each word, "keep" and "drop"
SILENT = 3  # images of which nobody has spoken, for each verdict
PENALTY = 0.05  # of the weights: few verdicts, many numbers
UNSAID, KEEP, DROP = -1, 0, 1


@dataclass(frozen=True, slots=True)
class VerdictHead:
    """What the head says, one place for each image."""

    drop: Vectors  # probability that people would drop it, by verdicts on images of other owners
    better: bool  # than the share of "drop" alone, on images that it has not seen


def learn_verdicts(
    vectors: Vectors, said: NDArray[np.int8], owner: Keys, waiting: NDArray[np.bool_]
) -> VerdictHead | None:
    """Return what people's verdicts (UNSAID, KEEP, DROP) say of all images.

    ``owner`` is what images that belong together share; those that are ``waiting`` for a decision
    are not taken for kept. None where there are too few verdicts.
    """
    known = said != UNSAID
    if min(np.sum(said == KEEP), np.sum(said == DROP)) < LEAST_VERDICTS:
        return None
    even = vectors * np.float32(np.sqrt(vectors.shape[1]))  # a spread of about 1 in each number
    silent = np.flatnonzero(~known & ~waiting)
    silent = silent[np.argsort(owner[silent], kind="stable")][: SILENT * int(known.sum())]
    taught = known.copy()
    taught[silent] = True
    drop = np.empty(len(vectors), np.float32)
    usual = np.empty(len(vectors), np.float32)
    for fold in range(FOLDS):
        mine = owner % np.uint64(FOLDS) == fold
        others = known & ~mine
        if len(np.unique(said[others])) < 2:
            return None
        learn = taught & ~mine
        head = LinearHead.fit(even[learn], (said[learn] == DROP).astype(np.int32), 2, PENALTY)
        drop[mine] = head.chances(even[mine])[:, DROP]
        usual[mine] = (said[learn] == DROP).mean()
    dropped = said[taught] == DROP
    return VerdictHead(drop, _loss(drop[taught], dropped) < _loss(usual[taught], dropped))


def _loss(drop: Vectors, dropped: NDArray[np.bool_]) -> float:
    own = np.where(dropped, drop, 1 - drop)
    return float(-np.log(np.maximum(own, 1e-6)).mean())
