"""Which images may be copies of one picture, by their two fingerprints and by their features."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carsets.curation.hash_pairs import pairs_between, pairs_within
from carsets.curation.mirrored import mirrored_dhash, mirrored_phash
from carsets.curation.near_groups import Edges, Level

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]
    Places = NDArray[np.int64]

# A flat sky has no brighter side, so the mirrored dHash of a picture with one is a guess in those
# places. Of drawn scenes nearly all stay within 24; unrelated hashes are 32 +- 4 apart.
MIRROR_DHASH_DISTANCE = 24
MOST_ALIKE = 50  # dHashes of one pHash that are compared all with all


def hash_edges(
    phash: Hashes, dhash: Hashes, rank: NDArray[np.int64], distance: int, dhash_distance: int
) -> Edges:
    """Return the pairs whose pHashes, and dHashes, differ in no more than so many bits.

    Of images with the same two hashes only the best is paired with others: it is the one that
    takes them into its group.
    """
    return Edges.joined(list(_hash_edges(phash, dhash, rank, distance, dhash_distance)))


def _hash_edges(
    phash: Hashes, dhash: Hashes, rank: NDArray[np.int64], distance: int, dhash_distance: int
) -> Iterator[Edges]:
    order = np.lexsort((rank, dhash, phash))
    first = np.ones(len(order), np.bool_)
    first[1:] = (phash[order][1:] != phash[order][:-1]) | (dhash[order][1:] != dhash[order][:-1])
    best = order[first]  # one image for each two hashes
    twins = np.repeat(best, np.diff(np.append(np.flatnonzero(first), len(order))))
    yield Edges.of(twins[~first], order[~first], Level.HASH, np.zeros((~first).sum(), np.uint8))
    hashes, starts = np.unique(phash[best], return_index=True)  # best is sorted by it
    ends = np.append(starts[1:], len(best))
    for of_one in np.flatnonzero(ends - starts > 1):
        places = best[starts[of_one] : ends[of_one]]
        yield _checked(*_all_pairs(places, rank), Level.HASH, phash, dhash, dhash_distance)
    a, b, _ = pairs_within(hashes, distance)
    left, right = _expanded(a, b, starts, ends)
    yield _checked(best[left], best[right], Level.HASH, phash, dhash, dhash_distance)
    a, b, _ = pairs_between(hashes, mirrored_phash(hashes), distance)
    left, right = _expanded(a, b, starts, ends)
    yield _mirror_checked(best[left], best[right], phash, dhash)


def _all_pairs(places: Places, rank: NDArray[np.int64]) -> tuple[Places, Places]:
    """Return all pairs of places; of very many, each with the best one."""
    if len(places) <= MOST_ALIKE:
        one, two = np.triu_indices(len(places), 1)
        return places[one], places[two]
    best = places[np.argmin(rank[places])]
    others = places[places != best]
    return np.full(len(others), best), others


def _expanded(
    a: Places, b: Places, starts: Places, ends: Places
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the pairs of pHashes as pairs of the rows that have them."""
    of_a, of_b = ends[a] - starts[a], ends[b] - starts[b]
    count = of_a * of_b
    pair = np.repeat(np.arange(len(a)), count)
    inside = np.arange(len(pair)) - np.repeat(np.cumsum(count) - count, count)
    return starts[a][pair] + inside // of_b[pair], starts[b][pair] + inside % of_b[pair]


def _checked(
    a: Places, b: Places, level: Level, phash: Hashes, dhash: Hashes, dhash_distance: int
) -> Edges:
    near = np.bitwise_count(dhash[a] ^ dhash[b]) <= dhash_distance
    a, b = a[near], b[near]
    return Edges.of(a, b, level, np.bitwise_count(phash[a] ^ phash[b]))


def _mirror_checked(a: Places, b: Places, phash: Hashes, dhash: Hashes) -> Edges:
    near = np.bitwise_count(dhash[a] ^ mirrored_dhash(dhash[b])) <= MIRROR_DHASH_DISTANCE
    a, b = a[near], b[near]
    return Edges.of(a, b, Level.MIRROR, np.bitwise_count(phash[a] ^ mirrored_phash(phash[b])))
