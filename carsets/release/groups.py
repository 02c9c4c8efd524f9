"""What makes images related: the keys and links that may not be shared by two splits.

| kind | related are | not used when |
|---|---|---|
| near | images of one near-duplicate group (``duplicate_groups``) | |
| author | images of one author's address, or of one name at one source | nobody is named |
| page | images of one landing page, its fragment aside | there is no page |
| burst | images of one source and host, taken within BURST_SECONDS of each other | an author is
  known, or no time of day |
| links | an image and the better copy that took its place | |

What counts is the sighting that brought an image into the dataset: it is there when the image
arrives and stays, so that what is known of an image never changes its group. Where else the
picture was seen does not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Keys = NDArray[np.uint64]

BURST_SECONDS = 60
KINDS = ("near", "author", "page", "burst", "burst_next")


@dataclass(frozen=True, slots=True)
class GroupKeys:
    """All images of a catalog, oldest first, one place in every array each; 0 is no key.

    Two of a million different texts share a key with a probability of about 3e-8: then two groups
    are one.
    """

    seq: NDArray[np.int64]  # growing
    image_id: Keys  # the first 64 bits of the id
    near: Keys
    author: Keys
    page: Keys
    burst: Keys  # spans of time that overlap by half: what is close has one of them in common
    burst_next: Keys
    links: NDArray[np.int64]  # place of the better copy that took an image's place; -1 = none

    def __len__(self) -> int:
        return len(self.seq)

    def kinds(self) -> dict[str, Keys]:
        """Return the keys by their kind."""
        return {kind: getattr(self, kind) for kind in KINDS}
