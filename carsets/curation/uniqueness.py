"""How much of a dataset is unique, as InstaCities1M reports it, and what its method would say.

Its authors compared image size and file weight ("98.3 % unique"). That is kept as a comparison
only: it joins different images of one size, and misses every copy that was encoded anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from carsets.curation.corpus import Corpus
    from carsets.curation.near_groups import NearGroups


@dataclass(frozen=True, slots=True)
class Uniqueness:
    """Counts of images; addresses are those of all copies, which the crawl had left out."""

    images: int
    copies: int  # near duplicates of a better image in the dataset
    addresses: int
    by_size_and_weight: int  # that size and weight alone would call copies,
    wrongly: int  # of these: not in one near-duplicate group with what they would be copies of
    missed: int  # copies that size and weight do not find

    @property
    def share(self) -> float:
        """The unique part of the images."""
        return (self.images - self.copies) / self.images if self.images else 1.0

    @property
    def share_of_addresses(self) -> float:
        """The unique part of everything that was fetched or known to be a copy."""
        return (self.images - self.copies) / self.addresses if self.addresses else 1.0


def measure(corpus: Corpus, groups: NearGroups, unit: np.ndarray, addresses: int) -> Uniqueness:
    """Return how unique the dataset is. ``unit`` is the place of what each image copies."""
    order = np.lexsort((unit, corpus.bytes, corpus.height, corpus.width))
    table = np.stack((corpus.width, corpus.height, corpus.bytes), axis=1)[order]
    same = np.zeros(len(order), np.bool_)
    same[1:] = (table[1:] == table[:-1]).all(1)
    joined = np.zeros(len(order), np.bool_)
    joined[1:] = unit[order][1:] == unit[order][:-1]
    right = int((same & joined).sum())
    copies = int(groups.copies.sum())
    return Uniqueness(
        images=len(corpus),
        copies=copies,
        addresses=max(addresses, len(corpus)),
        by_size_and_weight=int(same.sum()),
        wrongly=int(same.sum()) - right,
        missed=copies - right,
    )
