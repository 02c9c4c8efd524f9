"""Where a box of an original lies in the copy that was made from it.

Known are boxes in parts of the image's width and height, which fit every size of it: those of
Open Images. A box in pixels is of an image of a size that nobody wrote down, and is not used.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carsets.release.record import ImageFile, Record

Box = tuple[float, float, float, float]  # x, y, width, height in pixels
_CORNERS = ("x_min", "y_min", "x_max", "y_max")


@dataclass(frozen=True, slots=True)
class Frame:
    """How the copies of a release show their originals: ``300x300 pad``, or "" for unchanged."""

    size: str

    def shown(self, record: Record, image: ImageFile) -> Box:
        """Return where the whole original lies in the file; outside of it where it was cut."""
        across, down = float(image.width), float(image.height)
        fit = re.fullmatch(r"\d+x\d+ (pad|crop)", self.size)
        if not image.changed or fit is None or not record.width or not record.height:
            return (0.0, 0.0, across, down)
        scales = (across / record.width, down / record.height)
        scale = min(scales) if fit[1] == "pad" else max(scales)
        width, height = record.width * scale, record.height * scale
        return ((across - width) / 2, (down - height) / 2, width, height)


def boxes_of(record: Record, image: ImageFile | None, frame: Frame) -> list[tuple[str, Box]]:
    """Return class and box, in pixels of the file, of all boxes that are in it."""
    if image is None:
        whole = (0.0, 0.0, float(record.width), float(record.height))
        most = whole[2:]
    else:
        whole = frame.shown(record, image)
        most = (float(image.width), float(image.height))
    placed = ((name, _place(corners, whole, most)) for name, corners in _published(record))
    return [(name, box) for name, box in placed if box[2] > 0 and box[3] > 0]


def _published(record: Record) -> Iterator[tuple[str, Box]]:
    """Yield class and corners (x min, y min, x max, y max in parts) of what a source said."""
    boxes = record.extra.get("boxes")
    for box in boxes if isinstance(boxes, list) else ():
        if not isinstance(box, dict) or not isinstance(box.get("class"), str):
            continue
        match [box.get(corner) for corner in _CORNERS]:
            case [
                float() | int() as left,
                float() | int() as top,
                float() | int() as right,
                float() | int() as bottom,
            ] if math.isfinite(left + top + right + bottom):
                yield box["class"], (left, top, right, bottom)


def _place(corners: Box, whole: Box, most: tuple[float, float]) -> Box:
    left, top, right, bottom = (
        min(max(whole[axis % 2] + corner * whole[2 + axis % 2], 0.0), most[axis % 2])
        for axis, corner in enumerate(corners)
    )
    return (round(left, 2), round(top, 2), round(right - left, 2), round(bottom - top, 2))
