"""All pairs of 64-bit hashes within a few bits of each other, among millions, none missed.

Two hashes within r bits agree, but for few flips, in one of four bands of 16 bits (see
``vision.near_duplicates.band_probes``). Here no hash is looked up by itself: the hashes lie sorted
by a band, and whole buckets are compared with whole buckets.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carsets.vision.near_duplicates import BAND_BITS, VALUES, band_probes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]
    Places = NDArray[np.int64]

SLICE = 1 << 21  # comparisons at once: about 80 MB


def pairs_within(
    hashes: Hashes, radius: int, advance: Callable[[int], None] = lambda _: None
) -> tuple[Places, Places, NDArray[np.uint8]]:
    """Return places a < b, and their distance, of all pairs within ``radius`` bits, sorted.

    The hashes must differ from each other. ``advance`` is told how many comparisons were planned
    and done, as look-ups per hash.
    """
    found: list[tuple[Places, Places]] = []
    flips, bands = band_probes(radius)
    for band in sorted(set(bands.tolist())):
        order, sorted_hashes, parts, starts = _by_band(hashes, band)
        for flip in flips[bands == band].tolist():
            if flip:  # every pair of buckets once: from the one without the flip's highest bit
                lower = (parts & (1 << flip.bit_length() - 1)) == 0
                rows = np.flatnonzero(lower)
                other = parts[rows] ^ flip
                first, last = starts[other], starts[other + 1]
            else:
                rows = np.arange(len(order))
                first, last = rows + 1, starts[parts + 1]
            for left, right in _near(sorted_hashes, sorted_hashes, rows, first, last, radius):
                found.append((order[left], order[right]))
            advance(len(hashes))
    return _distinct(found, hashes, hashes, radius)


def pairs_between(
    hashes: Hashes, others: Hashes, radius: int
) -> tuple[Places, Places, NDArray[np.uint8]]:
    """Return places a < b, and their distance, where hash a is near the other hash of b."""
    found: list[tuple[Places, Places]] = []
    flips, bands = band_probes(radius)
    for band in sorted(set(bands.tolist())):
        order, sorted_hashes, _, starts = _by_band(hashes, band)
        other_order, sorted_others, other_parts, _ = _by_band(others, band)
        rows = np.arange(len(others))
        for flip in flips[bands == band].tolist():
            wanted = other_parts ^ flip
            for left, right in _near(
                sorted_others, sorted_hashes, rows, starts[wanted], starts[wanted + 1], radius
            ):
                a, b = order[right], other_order[left]
                found.append((a[a < b], b[a < b]))
    return _distinct(found, hashes, others, radius)


def _by_band(
    hashes: Hashes, band: int
) -> tuple[Places, Hashes, NDArray[np.int64], NDArray[np.int64]]:
    """Return the order by a band, hashes and parts in it, and where each value begins."""
    parts = ((hashes >> np.uint64(BAND_BITS * band)) & np.uint64(VALUES - 1)).astype(np.int64)
    order = np.argsort(parts, kind="stable")
    starts = np.zeros(VALUES + 1, np.int64)
    np.cumsum(np.bincount(parts, minlength=VALUES), out=starts[1:])
    return order, hashes[order], parts[order], starts


def _near(
    left: Hashes, right: Hashes, rows: Places, first: Places, last: Places, radius: int
) -> Iterator[tuple[Places, Places]]:
    """Yield the rows of ``left`` and their near ones among ``right[first:last]``."""
    sizes = last - first
    some = sizes > 0
    rows, first, sizes = rows[some], first[some], sizes[some]
    ends = np.cumsum(sizes)
    at = 0
    while at < len(rows):
        before = int(ends[at - 1]) if at else 0
        until = max(at + 1, int(np.searchsorted(ends, before + SLICE, side="right")))
        count = sizes[at:until]
        # All ranges [first, first + count) one after the other, without a loop.
        shift = first[at:until] - (ends[at:until] - count - before)
        partners = np.arange(int(count.sum())) + np.repeat(shift, count)
        ours = np.repeat(left[rows[at:until]], count)
        hits = np.flatnonzero(np.bitwise_count(ours ^ right[partners]) <= radius)
        if len(hits):
            owners = np.searchsorted(ends[at:until] - before, hits, side="right")
            yield rows[at:until][owners], partners[hits]
        at = until


def _distinct(
    found: list[tuple[Places, Places]], hashes: Hashes, others: Hashes, radius: int
) -> tuple[Places, Places, NDArray[np.uint8]]:
    """Return every pair once, however many bands have found it, with its distance."""
    if not found:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint8)
    one = np.concatenate([pair[0] for pair in found])
    two = np.concatenate([pair[1] for pair in found])
    count = max(len(hashes), 1)
    pairs = np.unique(np.minimum(one, two) * count + np.maximum(one, two))
    a, b = pairs // count, pairs % count
    distance = np.bitwise_count(hashes[a] ^ others[b]).astype(np.uint8)
    return a, b, distance
