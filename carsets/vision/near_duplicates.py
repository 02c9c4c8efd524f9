"""Finds 64-bit fingerprints within a few bits of a given one, among millions, in memory."""

from __future__ import annotations

from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Keys = NDArray[np.int64]
    Hashes = NDArray[np.uint64]

BANDS = 4
BAND_BITS = 16
VALUES = 1 << BAND_BITS
MOST_RADIUS = 11  # beyond, bands would be searched with three flipped bits: a scan is faster
LEAST_TAIL = 4096  # hashes that are scanned one by one: a few microseconds
TAIL_PART = 32  # the tail may grow to this part of the whole before it is sorted in
REMOVED_PART = 4  # removed entries may make up this part of all before the index is sorted anew


@cache
def band_probes(radius: int) -> tuple[NDArray[np.uint32], NDArray[np.int64]]:
    """Return what to look up for ``radius``: the bits to flip, and the band each is for.

    Two hashes within the radius r cannot differ in more than t bits in every band when the sum
    of (t + 1) over the bands exceeds r. So it is enough to allow the bands t flips whose sum is
    r - 3: nothing is missed, and a radius of 6 takes 52 look-ups instead of 68.
    """
    total = radius - BANDS + 1
    allowed = [total // BANDS + (band < total % BANDS) for band in range(BANDS)]
    flips, bands = [], []
    for band, most in enumerate(allowed):
        for count in range(most + 1):
            for bits in combinations(range(BAND_BITS), count):
                flips.append(sum(1 << bit for bit in bits))
                bands.append(band)
    return np.array(flips, np.uint32), np.array(bands, np.int64)


class HammingIndex:
    """Keys by their 64-bit hash; finds every hash within ``radius`` bits, missing none.

    About 36 bytes per hash. Additions go to a short tail that is scanned, and is sorted in when
    it has grown; removed entries are skipped at once, and leave when they are many. A key may be
    added more than once, under several hashes.
    """

    # Sorted in: what there is, and per band its rows in the order of that band's 16 bits.
    _keys: Keys
    _hashes: Hashes
    _alive: NDArray[np.bool_]
    _rows: NDArray[np.uint32]
    _starts: NDArray[np.int64]
    # Not yet sorted in.
    _tail_keys: Keys
    _tail_hashes: Hashes
    _tail_alive: NDArray[np.bool_]

    def __init__(self, radius: int) -> None:
        if not 0 <= radius <= MOST_RADIUS:
            raise ValueError(f"the radius must be 0 to {MOST_RADIUS} bits, not {radius}")
        self.radius = radius
        self._flips, self._bands = band_probes(radius)
        self._sort_in(np.empty(0, np.int64), np.empty(0, np.uint64))

    @classmethod
    def build(
        cls, radius: int, keys: Sequence[int] | Keys, hashes: Iterable[int] | Hashes
    ) -> HammingIndex:
        """Return an index of many entries at once: far faster than adding them one by one."""
        index = cls(radius)
        all_hashes = hashes if isinstance(hashes, np.ndarray) else np.fromiter(hashes, np.uint64)
        all_keys = np.asarray(keys, np.int64)
        if len(all_keys) != len(all_hashes):
            raise ValueError(f"{len(all_keys)} keys for {len(all_hashes)} hashes")
        index._sort_in(all_keys, all_hashes.astype(np.uint64, copy=False))
        return index

    def __len__(self) -> int:
        return len(self._keys) + self._tail - self._removed

    def add(self, key: int, hash: int) -> None:
        """Add one entry."""
        if self._tail == len(self._tail_keys):
            self._merge()
        self._tail_keys[self._tail] = key
        self._tail_hashes[self._tail] = hash
        self._tail_alive[self._tail] = True
        self._tail += 1

    def remove(self, key: int) -> bool:
        """Remove every entry of a key, and say whether there was one. Scans all keys."""
        gone = 0
        for keys, alive in ((self._keys, self._alive), (self._tail_keys, self._tail_alive)):
            rows = np.flatnonzero(keys == key)
            rows = rows[alive[rows]]
            alive[rows] = False
            gone += len(rows)
        self._removed += gone
        return gone > 0

    def search(self, hash: int) -> list[tuple[int, int]]:
        """Return (key, distance) of every entry within the radius, nearest first."""
        wanted = np.uint64(hash)
        rows = self._candidates(hash)
        near = np.bitwise_count(self._hashes[rows] ^ wanted) <= self.radius
        rows = np.unique(rows[near])  # one entry can be found through several bands
        rows = rows[self._alive[rows]]
        tail = self._tail_hashes[: self._tail]
        late = np.flatnonzero(np.bitwise_count(tail ^ wanted) <= self.radius)
        late = late[self._tail_alive[late]]
        keys = np.concatenate((self._keys[rows], self._tail_keys[late]))
        found = np.concatenate((self._hashes[rows], tail[late]))
        distances = np.bitwise_count(found ^ wanted)
        order = np.lexsort((keys, distances))
        return list(zip(keys[order].tolist(), distances[order].tolist(), strict=True))

    def _candidates(self, hash: int) -> NDArray[np.uint32]:
        """Return the rows that agree with the hash in one band, but for the allowed flips."""
        parts = np.array(
            [hash >> BAND_BITS * band & VALUES - 1 for band in range(BANDS)], np.uint32
        )
        places = (parts[self._bands] ^ self._flips) + self._bands * (VALUES + 1)
        all_starts = self._starts.reshape(-1)
        starts = all_starts[places]
        sizes = all_starts[places + 1] - starts
        ends = np.cumsum(sizes)
        if not ends[-1]:
            return np.empty(0, np.uint32)
        # All the ranges [start, start + size) one after the other, without a loop.
        places = np.arange(ends[-1]) + np.repeat(starts - (ends - sizes), sizes)
        rows: NDArray[np.uint32] = self._rows[places]
        return rows

    def _merge(self) -> None:
        """Sort the tail in; start over without the removed ones when they have become many."""
        tail = slice(0, self._tail)
        alive = np.concatenate((self._alive, self._tail_alive[tail]))
        keys = np.concatenate((self._keys, self._tail_keys[tail]))
        hashes = np.concatenate((self._hashes, self._tail_hashes[tail]))
        if self._removed > len(keys) // REMOVED_PART:
            self._sort_in(keys[alive], hashes[alive])
            return
        rows, starts = [], []
        for band in range(BANDS):
            parts = _parts(self._tail_hashes[tail], band)
            order = np.argsort(parts, kind="stable")
            places = self._starts[band] - band * len(self._keys)
            before = self._rows[band * len(self._keys) : (band + 1) * len(self._keys)]
            rows.append(
                np.insert(
                    before, places[parts[order].astype(np.int64) + 1], order + len(self._keys)
                )
            )
            starts.append(places + _bucket_starts(parts) + band * len(keys))
        self._keys, self._hashes, self._alive = keys, hashes, alive
        self._rows, self._starts = np.concatenate(rows), np.stack(starts)
        self._new_tail()

    def _sort_in(self, keys: Keys, hashes: Hashes) -> None:
        """Take these entries as the whole, sorted once per band, and begin an empty tail."""
        count = len(keys)
        self._keys, self._hashes = keys, hashes
        self._alive = np.ones(count, np.bool_)
        self._removed = 0
        self._rows = np.empty(BANDS * count, np.uint32)
        self._starts = np.empty((BANDS, VALUES + 1), np.int64)
        for band in range(BANDS):
            parts = _parts(hashes, band)
            self._rows[band * count : (band + 1) * count] = np.argsort(parts, kind="stable")
            self._starts[band] = _bucket_starts(parts) + band * count
        self._new_tail()

    def _new_tail(self) -> None:
        room = max(LEAST_TAIL, len(self._keys) // TAIL_PART)
        self._tail_keys = np.zeros(room, np.int64)
        self._tail_hashes = np.zeros(room, np.uint64)
        self._tail_alive = np.zeros(room, np.bool_)
        self._tail = 0


def _parts(hashes: Hashes, band: int) -> NDArray[np.uint16]:
    """Return the 16 bits of each hash that belong to a band."""
    parts: NDArray[np.uint16] = (hashes >> np.uint64(BAND_BITS * band)).astype(np.uint16)
    return parts


def _bucket_starts(parts: NDArray[np.uint16]) -> NDArray[np.int64]:
    """Return, for each of the 65,536 values and one more, how many parts are below it."""
    starts = np.zeros(VALUES + 1, np.int64)
    np.cumsum(np.bincount(parts, minlength=VALUES), out=starts[1:])
    return starts
