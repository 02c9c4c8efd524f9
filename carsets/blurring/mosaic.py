"""Makes parts of a picture unreadable, for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carsets.blurring.boxes import Box

CELLS = 3  # colors across, and down: nine colors are no face, and no character of a plate
MARGIN = 0.15  # of a box, on each side: detectors draw tight ones


def hide(picture: Image.Image, boxes: Iterable[Box]) -> int:
    """Replace the boxes by nine colors each, in place; return how many were in the picture.

    Nothing of what was there is left but these averages: no filter brings it back.
    """
    hidden = 0
    width, height = picture.size
    for box in boxes:
        left, top, right, bottom = box.grown(MARGIN)
        place = (
            max(0, int(left * width)),
            max(0, int(top * height)),
            min(width, int(-(-right * width // 1))),
            min(height, int(-(-bottom * height // 1))),
        )
        if place[0] >= place[2] or place[1] >= place[3]:
            continue
        part = picture.crop(place)
        few = part.resize((CELLS, CELLS), Image.Resampling.BOX)
        picture.paste(few.resize(part.size, Image.Resampling.BILINEAR), place)
        hidden += 1
    return hidden
