"""Groups of copies: bounded, the same in any order, and never against people's word."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carsets.curation.near_groups import Edges, Level, find_groups
from carsets.curation.near_pairs import hash_edges, twins_of


def edges_of(pairs, level=Level.HASH):
    table = np.array(pairs, np.int64).reshape(-1, 2)
    return Edges.of(table[:, 0], table[:, 1], level, np.full(len(table), 3, np.uint8))


def groups_of(groups):
    """Return leaders with what they have taken."""
    found = {}
    for place, leader in zip(groups.place.tolist(), groups.leader.tolist(), strict=True):
        found.setdefault(leader, set()).add(place)
    return found


def test_a_chain_is_no_group():
    chain = edges_of([(0, 1), (1, 2), (2, 3), (3, 4)])
    assert groups_of(find_groups(chain, np.arange(5))) == {0: {0, 1}, 2: {2, 3}}


def test_the_best_image_stands_for_its_copies():
    star = edges_of([(0, 1), (0, 2), (1, 2)])
    groups = find_groups(star, np.array([2, 0, 1]))
    assert groups_of(groups) == {1: {0, 1, 2}}
    assert groups.level[groups.place == 1] == Level.REPRESENTATIVE
    assert set(groups.place[groups.copies].tolist()) == {0, 2}


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 2**32))
def test_the_order_of_the_rows_says_nothing_and_every_copy_is_near_its_leader(seed, other_seed):
    rng = np.random.default_rng(seed)
    count = 60
    phash = rng.choice(rng.integers(0, 2**64, 12, np.uint64), count)
    for row in np.flatnonzero(rng.random(count) < 0.7):  # the others are twins
        for bit in rng.choice(64, rng.integers(0, 7), replace=False):
            phash[row] ^= np.uint64(1) << np.uint64(bit)
    dhash = phash.copy()
    rank = rng.permutation(count)

    def names(order):
        p, d, r = phash[order], dhash[order], rank[order]
        twins = twins_of(p, d, r)
        groups = find_groups(hash_edges(p, d, r, twins, 8, 14), r, twins=twins)
        distance = np.bitwise_count(p[groups.place] ^ p[groups.leader])
        assert (distance <= 8).all()
        assert (groups.distance == distance).all()
        return {(order[a], order[b]) for a, b in zip(groups.place, groups.leader, strict=True)}

    found = names(np.arange(count))
    assert found == names(np.random.default_rng(other_seed).permutation(count))
    # Nothing near a leader is left over.
    led = {int(place) for place, _ in found}
    leaders = {int(leader) for _, leader in found}
    for leader in leaders:
        near = np.flatnonzero(np.bitwise_count(phash ^ phash[leader]) <= 8)
        assert led >= set(near.tolist())


def test_all_twins_go_where_one_of_them_goes():
    phash = np.array([0, 7, 7, 7, 2**40 - 1], np.uint64)
    dhash = np.zeros(5, np.uint64)
    rank = np.arange(5)
    twins = twins_of(phash, dhash, rank)
    groups = find_groups(hash_edges(phash, dhash, rank, twins, 4, 14), rank, twins=twins)
    assert groups_of(groups) == {0: {0, 1, 2, 3}}


def test_twins_that_people_hold_apart_are_apart():
    phash, dhash, rank = np.zeros(3, np.uint64), np.zeros(3, np.uint64), np.arange(3)
    twins = twins_of(phash, dhash, rank)
    edges = hash_edges(phash, dhash, rank, twins, 8, 14)
    groups = find_groups(edges, rank, different=[(0, 1)], twins=twins)
    assert groups_of(groups) == {0: {0, 2}}
    groups = find_groups(edges, rank, different=[(0, 1), (0, 2)], twins=twins)
    assert groups_of(groups) == {1: {1, 2}}


def test_people_put_together_what_no_fingerprint_joins():
    groups = find_groups(edges_of([]), np.arange(4), same=[(3, 1), (1, 2)])
    assert groups_of(groups) == {1: {1, 2, 3}}
    assert set(groups.level.tolist()) == {Level.REPRESENTATIVE, Level.PEOPLE}


def test_people_hold_apart_what_fingerprints_join_even_through_a_third():
    star = edges_of([(0, 1), (0, 2), (1, 2)])
    assert groups_of(find_groups(star, np.arange(3), different=[(1, 2)])) == {0: {0, 1}}
    both = find_groups(star, np.arange(3), same=[(0, 1), (0, 2)], different=[(1, 2)])
    assert groups_of(both) == {0: {0, 1}}


def test_what_people_call_one_picture_follows_together():
    groups = find_groups(edges_of([(0, 1)]), np.array([0, 2, 1]), same=[(1, 2)])
    assert groups_of(groups) == {0: {0, 1, 2}}


def test_the_surest_finder_of_a_pair_is_kept():
    joined = Edges.joined([edges_of([(1, 0)], Level.FEATURES), edges_of([(0, 1)])])
    assert joined.level.tolist() == [Level.HASH]
    assert len(edges_of([(0, 1), (2, 1)]).without(edges_of([(1, 0)]))) == 1


@pytest.mark.parametrize("level", [Level.MIRROR, Level.FEATURES])
def test_a_group_tells_how_each_copy_was_found(level):
    groups = find_groups(edges_of([(0, 1)], level), np.arange(2))
    assert groups.level.tolist() == [Level.REPRESENTATIVE, level]
