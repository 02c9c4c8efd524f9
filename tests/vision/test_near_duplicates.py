"""The index of fingerprints finds exactly what a scan of all finds."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carsets.vision import near_duplicates
from carsets.vision.near_duplicates import HammingIndex, band_probes

HASH = st.integers(0, 2**64 - 1)


def scan(entries: list[tuple[int, int]], hash: int, radius: int) -> list[tuple[int, int]]:
    """Return what the index must return, by looking at everything."""
    near = [((one ^ hash).bit_count(), key) for key, one in entries]
    return [(key, distance) for distance, key in sorted(near) if distance <= radius]


@st.composite
def neighborhoods(draw: st.DrawFn) -> tuple[int, int, list[int]]:
    """Return a radius, a hash, and hashes at and around that distance from it."""
    radius = draw(st.integers(0, 8))
    center = draw(HASH)
    flips = st.sets(st.integers(0, 63), max_size=radius + 2)
    others = [
        center ^ sum(1 << bit for bit in draw(flips)) for _ in range(draw(st.integers(1, 30)))
    ]
    return radius, center, others


@settings(deadline=None, max_examples=200)
@given(neighborhoods(), st.lists(HASH, max_size=20), st.data())
def test_finds_what_a_scan_finds_whether_sorted_in_late_or_removed(case, strangers, data):
    radius, center, others = case
    entries = list(enumerate([*others, *strangers]))
    cut = data.draw(st.integers(0, len(entries)))
    keys, hashes = [key for key, _ in entries[:cut]], [hash for _, hash in entries[:cut]]
    index = HammingIndex.build(radius, keys, hashes)
    for key, hash in entries[cut:]:
        index.add(key, hash)
    assert index.search(center) == scan(entries, center, radius)
    gone = data.draw(st.sets(st.sampled_from([key for key, _ in entries])))
    for key in gone:
        assert index.remove(key)
        assert not index.remove(key)
    left = [(key, hash) for key, hash in entries if key not in gone]
    assert index.search(center) == scan(left, center, radius)
    assert len(index) == len(left)


@pytest.mark.parametrize("removed_share", [0.0, 0.1, 0.9])
def test_many_additions_are_sorted_in_without_losing_one(monkeypatch, removed_share):
    monkeypatch.setattr(near_duplicates, "LEAST_TAIL", 16)
    rng = np.random.default_rng(7)
    index = HammingIndex(6)
    entries = []
    for key, hash in enumerate(rng.integers(0, 2**64, 600, dtype=np.uint64).tolist()):
        index.add(key, hash)
        entries.append((key, hash))
        if rng.random() < removed_share:
            index.remove(key)
            entries.pop()
    assert len(index) == len(entries)
    for key, hash in entries:
        near = hash ^ (1 << key % 64) ^ (1 << (key * 7 + 1) % 64)
        assert index.search(near) == scan(entries, near, 6)


def test_one_bucket_may_hold_everything():
    index = HammingIndex.build(6, range(5000), [12345] * 5000)
    assert len(index.search(12345 ^ 0b111111)) == 5000
    assert index.search(12345 ^ 0b1111111) == []


def test_a_key_may_have_several_hashes_and_all_are_removed():
    index = HammingIndex(2)
    index.add(5, 0)
    index.add(5, 2**63)
    assert index.search(0) == [(5, 0), (5, 1)]
    index.remove(5)
    assert index.search(0) == []


@pytest.mark.parametrize(("radius", "probes"), [(0, 1), (3, 4), (4, 20), (6, 52), (7, 68)])
def test_looks_up_no_more_than_the_radius_needs(radius, probes):
    assert len(band_probes(radius)[0]) == probes


@pytest.mark.parametrize("radius", [-1, 12])
def test_refuses_a_radius_it_was_not_made_for(radius):
    with pytest.raises(ValueError, match="radius"):
        HammingIndex(radius)


def test_refuses_keys_that_do_not_match_the_hashes():
    with pytest.raises(ValueError, match="2 keys for 1 hashes"):
        HammingIndex.build(6, [1, 2], [3])
