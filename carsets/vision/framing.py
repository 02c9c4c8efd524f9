"""Cuts the small picture of an inspection to what a network takes; cheap, in the worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

CROP_SHARE = 0.875  # of the shorter side: 224 of 256, as ImageNet networks are tested


def from_bytes(small: bytes | memoryview, shape: tuple[int, int, int]) -> Pixels:
    """Return the picture that ``Inspection.small`` carries; raises ValueError for a wrong size."""
    return np.frombuffer(small, np.uint8).reshape(shape)


def center_square(picture: Pixels, side: int) -> Pixels:
    """Return the middle of an RGB picture, ``side`` pixels square, as ImageNet networks see it.

    The shorter side is brought to side / 0.875 first (for 224: to 256, what inspections have).
    """
    height, width = picture.shape[:2]
    shorter = round(side / CROP_SHARE)
    if min(height, width) != shorter:
        scale = shorter / min(height, width)
        size = max(shorter, round(width * scale)), max(shorter, round(height * scale))
        picture = _resize(picture, size)
        height, width = picture.shape[:2]
    top, left = (height - side) // 2, (width - side) // 2
    return picture[top : top + side, left : left + side]


def whole_and_middle(picture: Pixels, side: int) -> Pixels:
    """Return two looks at a picture, (2, side, side, 3): all of it squeezed, and its middle.

    The networks of tiny pictures learnt from things that fill the frame. Squeezing keeps a car
    that reaches from edge to edge whole; the middle keeps the shape of one that does not.
    """
    height, width = picture.shape[:2]
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    middle = picture[top : top + edge, left : left + edge]
    return np.stack([_resize(picture, (side, side)), _resize(middle, (side, side))])


def _resize(picture: Pixels, size: tuple[int, int]) -> Pixels:
    image = Image.fromarray(np.ascontiguousarray(picture))
    resized: Any = image.resize(size, Image.Resampling.BILINEAR)
    return np.asarray(resized)
