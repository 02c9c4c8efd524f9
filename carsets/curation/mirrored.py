"""What the fingerprints of an image would be if it were mirrored, from the fingerprints alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]

# Mirroring turns the sign of every second horizontal frequency, whose bit says whether it lies
# above the median of all, which is close to 0.
_ODD_COLUMNS = np.uint64(0x5555555555555555)


def mirrored_phash(hashes: Hashes) -> Hashes:
    """Return nearly the pHash of each mirrored image: the median that it turns about may move."""
    return hashes ^ _ODD_COLUMNS


def mirrored_dhash(hashes: Hashes) -> Hashes:
    """Return the dHash of each mirrored image: exact, but where two neighbors are equally bright.

    A row of eight comparisons is read backwards, and each comparison the other way round.
    """
    turned = hashes
    for bits, mask in ((1, 0x5555555555555555), (2, 0x3333333333333333), (4, 0x0F0F0F0F0F0F0F0F)):
        low = turned & np.uint64(mask)
        high = turned >> np.uint64(bits) & np.uint64(mask)
        turned = low << np.uint64(bits) | high
    return ~turned
