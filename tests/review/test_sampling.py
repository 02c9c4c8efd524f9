"""Stratified random samples: proportional, reproducible, unprejudiced."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carsets.problems import UserError
from carsets.review.sampling import (
    OTHERS,
    Population,
    allocate,
    check_id,
    draw_sample,
    read_strata,
)


def population(sizes, seed=0):
    """Return images of strata named a, b, c and so on."""
    random = np.random.default_rng(seed)
    total = sum(sizes)
    return Population(
        seq=np.arange(1, total + 1),
        key=random.integers(1, 2**63, total).astype(np.uint64),
        stratum=np.repeat(np.arange(len(sizes), dtype=np.int32), sizes),
        names=[chr(97 + n) for n in range(len(sizes))],
    )


@given(st.lists(st.integers(1, 500), min_size=1, max_size=12), st.integers(1, 300), st.data())
def test_every_stratum_gets_its_part(sizes, count, data):
    sizes = np.array(sizes)
    count = min(count, int(sizes.sum()))
    least = data.draw(st.integers(0, 5))
    if np.minimum(sizes, least).sum() > count:
        with pytest.raises(UserError, match="ask for more"):
            allocate(sizes, count, least)
        return
    taken = allocate(sizes, count, least)
    assert taken.sum() == count
    assert (taken <= sizes).all()
    assert (taken >= np.minimum(sizes, least)).all()
    if not least:
        assert (np.abs(taken - sizes * count / sizes.sum()) < 1).all()


def test_the_same_seed_draws_the_same_images_in_whatever_order_they_came():
    images = population([600, 300, 100])
    sample = draw_sample(images, 50, "1")
    order = np.random.default_rng(1).permutation(1000)
    shuffled = Population(images.seq[order], images.key[order], images.stratum[order], images.names)
    assert draw_sample(shuffled, 50, "1").seq.tolist() == sample.seq.tolist()
    assert draw_sample(images, 50, "2").seq.tolist() != sample.seq.tolist()
    assert Counter(sample.stratum.tolist()) == {0: 30, 1: 15, 2: 5}
    assert len(set(sample.seq.tolist())) == 50


def test_a_grown_dataset_keeps_most_of_its_sample():
    images = population([1000])
    less = Population(images.seq[:900], images.key[:900], images.stratum[:900], images.names)
    before, after = (set(draw_sample(some, 100, "1").seq.tolist()) for some in (less, images))
    assert len(before & after) >= 80


def test_wherever_one_stops_the_strata_are_mixed():
    sample = draw_sample(population([500, 500]), 100, "1")
    assert 15 <= (sample.stratum[:50] == 0).sum() <= 35


def test_each_image_is_as_likely_as_any_other():
    images = population([100])
    drawn = Counter(
        number for seed in range(400) for number in draw_sample(images, 10, str(seed)).seq.tolist()
    )
    assert len(drawn) == 100
    assert max(abs(count - 40) for count in drawn.values()) < 25  # four standard deviations


def test_strata_too_small_for_one_image_are_one_together():
    sample = draw_sample(population([960, 20, 15, 5]), 20, "1")
    assert sample.names == ["a", OTHERS]
    assert sample.sizes == [960, 40]
    assert Counter(sample.stratum.tolist()) == {0: 19, 1: 1}
    each = draw_sample(population([960, 20, 15, 5]), 20, "1", least=2)
    assert each.names == ["a", "b", "c", "d"]
    assert Counter(each.stratum.tolist()) == {0: 14, 1: 2, 2: 2, 3: 2}


def test_a_sample_is_never_larger_than_the_dataset():
    assert len(draw_sample(population([3]), 200, "1").seq) == 3
    with pytest.raises(UserError, match="nothing to check"):
        draw_sample(population([]), 200, "1")


def test_names_of_strata_are_checked():
    assert read_strata("source, make") == ("source", "make")
    assert read_strata("none") == ()
    for wrong in ("", "sauce", "none,make"):
        with pytest.raises(UserError, match="--strata"):
            read_strata(wrong)


def test_a_sample_is_known_by_what_it_holds():
    plan = draw_sample(population([30]), 5, "1").plan(("source",), "1", 0)
    assert check_id(plan, ["a"]) == check_id(dict(plan), ["a"]) != check_id(plan, ["b"])
