"""Finds by OpenCV's cascades: small, old, quick to have; they err often, both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from carsets.blurring.boxes import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

# A smaller step and fewer agreeing hits find more, also of what is none. A box too many costs a
# patch of the picture; one too few shows what was to be hidden.
STEP, FLAT_STEP = 1.1, 1.05
AGREEING = 3
LEAST = 16  # pixels of the shorter side of what is looked for
ENLARGED = 960  # pixels of the longer side; in smaller pictures plates are sought at this size


class Cascades:
    """One or several cascades of one kind. ``mirrored`` ones look at the picture's mirror too."""

    def __init__(self, cascades: Sequence[Any], *, mirrored: Sequence[bool], flat: bool) -> None:
        self._cascades = list(zip(cascades, mirrored, strict=True))
        self._least = (LEAST, LEAST // 3) if flat else (LEAST, LEAST)  # plates are flat
        self._step = FLAT_STEP if flat else STEP
        self._side = ENLARGED if flat else 0

    def find(self, picture: Image.Image) -> list[Box]:
        """Return the boxes of all cascades."""
        gray = np.asarray(_enlarged(picture, self._side).convert("L"))
        found = []
        for cascade, mirrored in self._cascades:
            found += self._of(cascade, gray)
            if mirrored:
                other = self._of(cascade, np.ascontiguousarray(gray[:, ::-1]))
                found += [Box(1 - b.right, b.top, 1 - b.left, b.bottom) for b in other]
        return sorted(found)

    def _of(self, cascade: Any, gray: np.ndarray[Any, Any]) -> list[Box]:
        down, across = gray.shape
        hits = cascade.detectMultiScale(gray, self._step, AGREEING, minSize=self._least)
        return [
            Box(
                float(x / across),
                float(y / down),
                float((x + width) / across),
                float((y + height) / down),
            )
            for x, y, width, height in hits
        ]


def _enlarged(picture: Image.Image, wanted: int) -> Image.Image:
    longer = max(picture.size)
    if longer >= wanted:
        return picture
    width, height = (max(1, round(side * wanted / longer)) for side in picture.size)
    return picture.resize((width, height))
