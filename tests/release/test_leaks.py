"""The leak check finds every planted leak, and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carsets.problems import UserError
from carsets.release.leaks import find_leaks, refuse_leaks
from tests.release.grouped_images import crossings, keys_of

NAMES = ("train", "validation", "test")


@pytest.mark.parametrize("kind", ["author", "page", "burst", "burst_next"])
def test_a_shared_key_is_found(kind):
    keys = keys_of([{kind: "x"}, {}, {kind: "x"}, {kind: "y"}, {kind: "y"}])
    [leak] = find_leaks(keys, np.array([0, 1, 2, 1, 1]), NAMES)
    assert (leak.kind, leak.splits, leak.keys) == (kind, ("train", "test"), 1)
    assert leak.examples == ((f"{keys.image_id[0]:016x}", f"{keys.image_id[2]:016x}"),)


def test_a_shared_near_duplicate_group_and_a_replaced_copy_are_found():
    keys = keys_of([{"better": 2}, {}, {}], near=[(0, "g"), (1, "g"), (1, "h")])
    leaks = find_leaks(keys, np.array([0, 1, 2]), NAMES)
    assert [(leak.kind, leak.splits) for leak in leaks] == [
        ("near", ("train", "validation")),
        ("link", ("train", "test")),
    ]


def test_images_that_are_left_out_leak_nothing():
    keys = keys_of([{"author": "x"}, {"author": "x"}, {"author": "x"}])
    assert not find_leaks(keys, np.array([-1, 0, -2]), NAMES)


def test_leaks_are_counted_and_told():
    keys = keys_of([{"author": at % 10, "page": at} for at in range(20)])
    codes = np.array([0] * 10 + [1] * 10)
    [leak] = find_leaks(keys, codes, NAMES)
    assert leak.keys == 10
    assert len(leak.examples) == 3
    with pytest.raises(UserError, match="train and validation share 10 of author"):
        refuse_leaks(keys, codes, NAMES)
    refuse_leaks(keys, np.zeros(20, np.int8), NAMES)


key = st.none() | st.integers(0, 5)


@settings(deadline=None)
@given(
    st.lists(st.tuples(key, key, key, st.integers(-2, 2)), max_size=30),
    st.lists(st.tuples(st.integers(0, 29), st.integers(0, 5)), max_size=10),
)
def test_it_agrees_with_looking_at_all_pairs(rows, near):
    near = [(place, group) for place, group in near if place < len(rows)]
    keys = keys_of([{"author": a, "page": p, "burst": b} for a, p, b, _ in rows], near)
    codes = np.array([code for *_, code in rows], np.int8)
    leaks = find_leaks(keys, codes, NAMES)
    pairs = {(codes[one], codes[other]) for one, other in crossings(keys, codes)}
    assert {leak.splits for leak in leaks} == {(NAMES[a], NAMES[b]) for a, b in pairs}
    id_place = {f"{number:016x}": place for place, number in enumerate(keys.image_id.tolist())}
    for leak in leaks:
        for one, other in leak.examples:
            assert (id_place[one], id_place[other]) in crossings(keys, codes)
