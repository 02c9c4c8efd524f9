"""Chance that is the same on every machine, and for ever: salted hashes of ids and keys."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from carsets.release.shares import Shares

CHUNK = 50_000  # ids as Python objects at once


class Draw:
    """Draws numbers of 64 bits: each id has its own, and every salt shuffles anew."""

    def __init__(self, salt: str) -> None:
        whole = blake2b(salt.encode("utf-8", "surrogatepass"))  # a key has 64 bytes at most
        self._salted = blake2b(key=whole.digest(), digest_size=8)

    def number(self, image_id: int) -> int:
        """Return the number of one id."""
        hash = self._salted.copy()
        hash.update(image_id.to_bytes(8))
        return int.from_bytes(hash.digest())

    def numbers(self, image_ids: NDArray[np.uint64]) -> NDArray[np.uint64]:
        """Return the numbers of many ids."""
        drawn = np.empty(len(image_ids), np.uint64)
        for start in range(0, len(image_ids), CHUNK):
            some = image_ids[start : start + CHUNK].tolist()
            drawn[start : start + CHUNK] = [self.number(image_id) for image_id in some]
        return drawn

    def split(self, image_id: int, shares: Shares) -> int:
        """Return the split that an id draws, each as often as its share says."""
        place = self.number(image_id) * sum(shares.weights) >> 64
        for code, weight in enumerate(shares.weights):
            place -= weight
            if place < 0:
                return code
        raise AssertionError  # the place is below the sum of the weights
