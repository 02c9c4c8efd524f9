"""Pictures that stand for something else: placeholders and logos, known by how often they are seen.

A press photo of one car is reposted by many; the picture of a missing picture is shown by many
owners *and* found under many labels. So few labels need more owners.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MANY_CLASSES = 3  # classes under which a picture was found, from which few owners are enough
FULL = 3.0  # times the least number of owners, from which the score is 1


def placeholder_scores(
    owners: NDArray[np.int64], classes: NDArray[np.int64], least: int, least_one_class: int
) -> NDArray[np.float32]:
    """Return a score from 0 to 1 for each picture, 0.5 or more where there is any.

    ``least`` owners make a placeholder of what was found under several classes, and
    ``least_one_class`` of any picture.
    """
    needed = np.where(classes >= MANY_CLASSES, least, max(least, least_one_class))
    times = owners / needed
    score = np.clip(0.5 + 0.5 * (times - 1) / (FULL - 1), 0.5, 1)
    return np.where(times >= 1, score, 0).astype(np.float32)
