import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carsets.curation.hash_pairs import pairs_between, pairs_within
from carsets.curation.near_pairs import hash_edges, twins_of

HASHES = st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=6, unique=True)
FLIPS = st.lists(st.lists(st.integers(0, 63), max_size=14), max_size=20)


def spread(hashes, flips):
    """Return different hashes, many of them near each other."""
    found = list(hashes)
    for number, bits in enumerate(flips):
        found.append(found[number % len(found)] ^ sum({1 << bit for bit in bits}))
    return np.array(sorted(set(found)), np.uint64)


def brute_force(hashes, others, radius):
    distance = np.bitwise_count(hashes[:, None] ^ others[None, :])
    a, b = np.nonzero(distance <= radius)
    return {
        (int(min(one, two)), int(max(one, two)))
        for one, two in zip(a, b, strict=True)
        if one != two
    }


@settings(max_examples=25, deadline=None)
@given(HASHES, FLIPS, st.integers(0, 11))
def test_no_pair_within_the_radius_is_missed_and_none_beyond_is_found(hashes, flips, radius):
    hashes = spread(hashes, flips)
    a, b, distance = pairs_within(hashes, radius)
    assert set(zip(a.tolist(), b.tolist(), strict=True)) == brute_force(hashes, hashes, radius)
    assert len(a) == len(set(zip(a.tolist(), b.tolist(), strict=True)))
    assert distance.tolist() == np.bitwise_count(hashes[a] ^ hashes[b]).tolist()


@pytest.mark.parametrize("radius", [6, 8, 11])
def test_no_pair_among_thousands_is_missed(radius, rng):
    hashes = rng.integers(0, 2**64, 800, np.uint64)
    near = hashes.copy()
    for row in range(len(near)):
        for bit in rng.choice(64, rng.integers(0, radius + 3), replace=False):
            near[row] ^= np.uint64(1) << np.uint64(bit)
    hashes = np.unique(np.concatenate((hashes, near)))
    a, b, _ = pairs_within(hashes, radius)
    expected = brute_force(hashes, hashes, radius)
    assert len(expected) > 300
    assert set(zip(a.tolist(), b.tolist(), strict=True)) == expected


@settings(max_examples=25, deadline=None)
@given(HASHES, FLIPS, st.integers(0, 11))
def test_pairs_with_other_hashes_are_found_too(hashes, flips, radius):
    hashes = spread(hashes, flips)
    others = hashes[::-1] ^ np.uint64(0x5555)
    a, b, _ = pairs_between(hashes, others, radius)
    near = np.bitwise_count(hashes[:, None] ^ others[None, :]) <= radius
    expected = {
        (int(one), int(two)) for one, two in zip(*np.nonzero(near), strict=True) if one < two
    }
    assert set(zip(a.tolist(), b.tolist(), strict=True)) == expected


def test_one_image_alone_speaks_for_those_with_the_same_hashes():
    phash = np.array([5, 5, 5, 7], np.uint64)
    dhash = np.array([1, 1, 2, 1], np.uint64)
    rank = np.array([3, 1, 0, 2])
    twins = twins_of(phash, dhash, rank)
    assert twins.tolist() == [1, 1, 2, 3]
    edges = hash_edges(phash, dhash, rank, twins, 8, 14)
    pairs = set(zip(edges.a.tolist(), edges.b.tolist(), strict=True))
    assert pairs == {(1, 2), (1, 3), (2, 3)}


def test_a_thousand_flat_pictures_do_not_make_a_million_pairs():
    count = 3_000
    phash, dhash = np.zeros(count, np.uint64), np.arange(count, dtype=np.uint64)
    rank = np.arange(count)[::-1]
    edges = hash_edges(phash, dhash, rank, twins_of(phash, dhash, rank), 8, 14)
    assert len(edges) < 2 * count
