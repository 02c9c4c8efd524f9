"""How the features of an image are made of a network's last map: names, and R-MAC's regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Square = tuple[int, int, int]  # top, left, side
# The mean over all places; the generalized mean (GeM); the sum of regions' maxima (R-MAC).
POOLINGS = ("average", "gem", "rmac")
SIZES = 3  # of regions
OVERLAP = 0.4  # of two regions that lie side by side


def regions(rows: int, columns: int) -> list[Square]:
    """Return squares that cover a map at three sizes, the largest first; no two are the same.

    Along the shorter side of the map lie 1, 2 and 3 of them.
    """
    return list(dict.fromkeys(_squares(rows, columns)))


def _squares(rows: int, columns: int) -> Iterator[Square]:
    shorter = min(rows, columns)
    longer = _longer(rows, columns, shorter)
    for size in range(1, SIZES + 1):
        side = max(1, 2 * shorter // (size + 1))
        along_rows = size + (longer if rows > columns else 0)
        along_columns = size + (longer if columns > rows else 0)
        for top in _starts(rows - side, along_rows):
            for left in _starts(columns - side, along_columns):
                yield top, left, side


def _longer(rows: int, columns: int, shorter: int) -> int:
    """Return how many more regions lie along the longer side, so that they overlap enough."""
    if rows == columns:
        return 0
    steps = range(1, 7)
    rest = max(rows, columns) - shorter
    return min(steps, key=lambda count: abs(1 - rest / count / shorter - OVERLAP))


def _starts(room: int, count: int) -> list[int]:
    return sorted({round(room * number / max(count - 1, 1)) for number in range(count)})
