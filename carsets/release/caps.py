"""No more than so many images of a class or a host: those whose draw is lowest stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def within_cap(groups: NDArray[Any], draws: NDArray[np.uint64], most: int) -> NDArray[np.bool_]:
    """Return which images stay when each group may keep ``most``."""
    order = np.lexsort((draws, groups))
    ordered = groups[order]
    begins = np.r_[True, ordered[1:] != ordered[:-1]] if len(ordered) else np.empty(0, np.bool_)
    first = np.maximum.accumulate(np.where(begins, np.arange(len(ordered)), 0))
    kept = np.empty(len(groups), np.bool_)
    kept[order] = np.arange(len(ordered)) - first < most
    return kept
