import numpy as np
import pytest

from carsets.curation.caps import LEAST, over_cap, posts_of


def capped(owner, classes, share=0.05):
    rank = np.arange(len(owner))
    return over_cap(np.array(owner, np.uint64), np.array(classes, np.int32), rank, share)


def test_an_owner_may_give_its_share_of_a_class_and_the_best_stay():
    owner = [7] * 50 + list(range(100, 450))
    score, has = capped(owner, [0] * 400)
    assert np.flatnonzero(score).tolist() == list(range(20, 50))
    assert score[20] == pytest.approx(1 - 20 / 50)
    assert (has[:50] == 50).all()


def test_the_share_is_of_the_whole_class_images_of_nobody_too():
    score, _ = capped([7] * 50 + [0] * 950, [0] * 1_000)
    assert not score.any()


def test_small_classes_leave_every_owner_some():
    score, _ = capped([7] * (LEAST + 1), [0] * (LEAST + 1))
    assert np.flatnonzero(score).tolist() == [LEAST]


def test_classes_are_capped_by_themselves_and_images_without_one_are_not():
    score, _ = capped([7] * 30, [0] * 9 + [1] * 9 + [-1] * 12)
    assert not score.any()
    assert not capped([], [])[0].size


def test_nobody_is_no_owner():
    assert not capped([0] * 500, [0] * 500)[0].any()
    assert posts_of(np.array([0, 0, 3, 3, 4], np.uint64)).tolist() == [0, 0, 2, 2, 1]
