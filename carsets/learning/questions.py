"""What to ask people, the most informative question first.

A question is worth the chance that its answer changes something: of an image in the dataset, that
its label is wrong or that it does not belong; of one that waits for a decision, that the head's
guess is wrong. Of each group of related images one is asked about in a round: what people say of
it teaches the next round about the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Worth = NDArray[np.float32]

LEAST_WORTH = 0.2  # chance of a change, below which people's time is spent better


def worth_of(
    wrong: Worth, drop: Worth | None, waiting: NDArray[np.bool_], settled: NDArray[np.bool_]
) -> Worth:
    """Return what a question about each image is worth; 0 for those that people have settled.

    ``wrong`` is the chance that its label is wrong, ``drop`` the one that people would drop it.
    """
    worth = wrong.copy()
    if drop is not None:
        worth = np.maximum(worth, np.where(waiting, np.minimum(drop, 1 - drop), drop))
    worth[settled] = 0
    return worth


def choose(
    worth: Worth, owner: NDArray[np.uint64], key: NDArray[np.uint64], most: int
) -> NDArray[np.int64]:
    """Return the places of the images to ask about, best first; ``key`` decides among equals."""
    order = np.lexsort((key, -worth))
    order = order[worth[order] >= LEAST_WORTH]
    _, first = np.unique(owner[order], return_index=True)  # the first is the most informative
    return order[np.sort(first)][:most]
