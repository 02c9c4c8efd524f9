"""Where something lies in a picture, in shares of its width and height: fits every size of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from PIL import Image


class Box(NamedTuple):
    """A part of an upright picture; 0 is its left or upper edge, 1 its right or lower one."""

    left: float
    top: float
    right: float
    bottom: float

    def grown(self, share: float) -> Box:
        """Return the box with a margin of this share of its own width and height on each side."""
        across, down = (self.right - self.left) * share, (self.bottom - self.top) * share
        return Box(self.left - across, self.top - down, self.right + across, self.bottom + down)


class Finder(Protocol):
    """What finds one kind of thing: the same picture, the same boxes."""

    def find(self, picture: Image.Image) -> list[Box]:
        """Return where such things lie in an upright RGB picture, certain or not."""


Finders = Mapping[str, Finder]  # by what they find: "face", "plate"
