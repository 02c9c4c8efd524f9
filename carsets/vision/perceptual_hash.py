"""Fingerprints of what an image shows: 64-bit pHash and dHash from one small gray image."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

GRAY_SIDE = 64  # pixels; twice the 32 that the transform reads, which smooths as a resize would
DCT_SIDE = 32
LOW = 8  # frequencies per direction that make the 64 bits


def fingerprints(image: Image.Image) -> tuple[int, int]:
    """Return the pHash and the dHash of an RGB or gray image of any size."""
    gray = image.convert("L").resize((GRAY_SIDE, GRAY_SIDE), Image.Resampling.BOX)
    return phash(np.asarray(gray)), dhash(gray)


def phash(gray: NDArray[np.uint8]) -> int:
    """Return 64 bits: which of the 8 x 8 lowest frequencies lie above their median.

    The classic recipe (32 x 32 gray, DCT-II in both directions, median of the low block with
    its constant part), bit order row by row.
    """
    rows = _low_frequencies()
    # Rounded, or noise of the arithmetic would decide the bits of an image without structure.
    low = np.round(rows @ gray.astype(np.float64) @ rows.T, 6)
    lower, upper = np.sort(low, axis=None)[LOW * LOW // 2 - 1 : LOW * LOW // 2 + 1]
    return _bits(low > (lower + upper) / 2)


def dhash(gray: Image.Image) -> int:
    """Return 64 bits: where brightness rises from one of 9 columns to the next, in 8 rows."""
    cells = np.asarray(gray.resize((9, 8), Image.Resampling.BOX))
    return _bits(cells[:, 1:] > cells[:, :-1])


@cache
def _low_frequencies() -> NDArray[np.float64]:
    """Return the first 8 rows of the 32-point DCT-II, for the means of pairs of 64 values."""
    frequency = np.arange(LOW, dtype=np.float64)[:, None]
    place = np.arange(DCT_SIDE, dtype=np.float64)[None, :]
    rows: NDArray[np.float64] = 2 * np.cos(np.pi * frequency * (2 * place + 1) / (2 * DCT_SIDE))
    pair = GRAY_SIDE // DCT_SIDE
    return np.repeat(rows / pair, pair, axis=1)


def _bits(flags: NDArray[np.bool_]) -> int:
    return int.from_bytes(np.packbits(flags).tobytes(), "big")
