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

# What is known of a mirrored picture is a guess in places: where two neighbors are equally bright
# neither is the brighter one. All that is found so is held against less. Of 24 mirrored drawn
# scenes all lie within 6 and 16 bits, and of 160 other pairs within 6 a tenth.
MIRROR_DISTANCE = 6
MIRROR_DHASH_DISTANCE = 16
# How sure it is that two images are copies, by the bits in which both hashes differ together.
# Copies of drawn scenes lie within 12 (nine of ten); nine of ten look-alikes lie beyond.
SURE_BITS, UNSURE_BITS = 8, 22
SUREST, LEAST_SURE = 0.95, 0.3
MIRROR_SHARE = 0.9  # of it where one is mirrored
# dHashes of one pHash that are compared all with all. Of more (nothing but flat pictures has so
# many) each is compared with the best one alone.
MOST_ALIKE = 1_000


def twins_of(phash: Hashes, dhash: Hashes, rank: NDArray[np.int64]) -> Places:
    """Return for each image the best one that has the same two hashes: itself, for most."""
    order = np.lexsort((rank, dhash, phash))
    first = np.ones(len(order), np.bool_)
    first[1:] = (phash[order][1:] != phash[order][:-1]) | (dhash[order][1:] != dhash[order][:-1])
    twins = np.empty(len(order), np.int64)
    twins[order] = np.repeat(order[first], np.diff(np.append(np.flatnonzero(first), len(order))))
    return twins


def hash_edges(
    phash: Hashes,
    dhash: Hashes,
    rank: NDArray[np.int64],
    twins: Places,
    distance: int,
    dhash_distance: int,
) -> Edges:
    """Return the pairs whose pHashes, and dHashes, differ in no more than so many bits.

    Of ``twins``, images with the same two hashes, the best one alone is paired with others: what
    is near it is as near the other twins.
    """
    best = np.unique(twins)
    best = best[np.lexsort((dhash[best], phash[best]))]
    return Edges.joined(list(_hash_edges(phash, dhash, rank, best, distance, dhash_distance)))


def _hash_edges(
    phash: Hashes,
    dhash: Hashes,
    rank: NDArray[np.int64],
    best: Places,
    distance: int,
    dhash_distance: int,
) -> Iterator[Edges]:
    hashes, starts = np.unique(phash[best], return_index=True)  # best is sorted by it
    ends = np.append(starts[1:], len(best))
    for of_one in np.flatnonzero(ends - starts > 1):
        places = best[starts[of_one] : ends[of_one]]
        yield _checked(*_all_pairs(places, rank), Level.HASH, phash, dhash, dhash_distance)
    a, b, _ = pairs_within(hashes, distance)
    left, right = _expanded(a, b, starts, ends)
    yield _checked(best[left], best[right], Level.HASH, phash, dhash, dhash_distance)
    a, b, _ = pairs_between(hashes, mirrored_phash(hashes), min(distance, MIRROR_DISTANCE))
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


def sureness(edges: Edges, phash: Hashes, dhash: Hashes) -> NDArray[np.float32]:
    """Return how sure it is that each pair are copies, 0 to 1.

    Of those that hashes have found; 0 for all others.
    """
    a, b, level = edges.a, edges.b, edges.level
    plain = np.bitwise_count(phash[a] ^ phash[b]) + np.bitwise_count(dhash[a] ^ dhash[b])
    turned = np.bitwise_count(phash[a] ^ mirrored_phash(phash[b])) + np.bitwise_count(
        dhash[a] ^ mirrored_dhash(dhash[b])
    )
    bits = np.where(level == Level.MIRROR, turned, plain).astype(np.float32)
    rest = np.clip((UNSURE_BITS - bits) / (UNSURE_BITS - SURE_BITS), 0, 1)
    sure = LEAST_SURE + (SUREST - LEAST_SURE) * rest
    sure[level == Level.MIRROR] *= MIRROR_SHARE
    sure[(level != Level.HASH) & (level != Level.MIRROR)] = 0
    result: NDArray[np.float32] = sure.astype(np.float32)
    return result
