"""Which URLs have ended, in 8 bytes each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np

from carsets.catalog.unsigned import url_hash

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from carsets.catalog.catalog import Catalog

TAIL = 8_192  # newest URLs, kept aside: sorting them in one by one would move megabytes each time


class KnownUrls:
    """The URLs that must not be fetched again: a sorted array of hashes and a short tail.

    Ten times smaller than a Python set of the URLs, and asked in a microsecond or two.
    """

    def __init__(self, hashes: NDArray[np.uint64] | None = None) -> None:
        self._sorted = np.unique(hashes) if hashes is not None else np.empty(0, np.uint64)
        self._tail: set[int] = set()

    @classmethod
    def load(cls, catalog: Catalog, max_attempts: int = 3) -> Self:
        """Return the URLs that the catalog knows to have ended for good.

        ``max_attempts``: how many runs may try a URL whose failures are transient.
        """
        return cls(catalog.known_url_hashes(max_attempts))

    def __len__(self) -> int:
        return len(self._sorted) + len(self._tail)

    def __contains__(self, url: str) -> bool:
        return self._has(url_hash(url))

    def add(self, url: str) -> None:
        """Remember that a URL has ended."""
        number = url_hash(url)
        if self._has(number):
            return
        self._tail.add(number)
        if len(self._tail) >= TAIL:
            tail = np.fromiter(self._tail, np.uint64, len(self._tail))
            tail.sort()
            self._sorted = np.insert(self._sorted, self._sorted.searchsorted(tail), tail)
            self._tail.clear()

    def _has(self, number: int) -> bool:
        if number in self._tail:
            return True
        wanted = np.uint64(number)
        place = int(self._sorted.searchsorted(wanted))
        return place < len(self._sorted) and bool(self._sorted[place] == wanted)
