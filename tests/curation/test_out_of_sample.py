"""Labels that looks tell are doubted where they are wrong, and no others."""

import numpy as np
import pytest

from carsets.curation.out_of_sample import judge
from tests.curation.conftest import graph_of

CLASSES, EACH = 4, 100


@pytest.fixture
def world(rng):
    """Graph and true labels of four kinds that look different, of one owner each image."""
    codes = np.repeat(np.arange(CLASSES, dtype=np.int32), EACH)
    centers = rng.normal(size=(CLASSES, 24))
    vectors = centers[codes] + 0.8 * rng.normal(size=(len(codes), 24))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return graph_of(vectors), codes


def owners(count):
    return np.arange(1, count + 1, dtype=np.uint64)


def test_swapped_labels_are_found_and_the_true_one_is_named(world, rng):
    graph, truth = world
    labels = truth.copy()
    swapped = rng.choice(len(truth), len(truth) // 20, replace=False)
    labels[swapped] = (truth[swapped] + rng.integers(1, CLASSES, len(swapped))) % CLASSES
    found = judge(graph, labels, owners(len(truth)))
    doubted = found.wrong >= 0.5
    assert doubted[swapped].mean() >= 0.9
    assert np.delete(doubted, swapped).sum() <= 3
    assert (found.predicted[swapped] == truth[swapped]).mean() >= 0.9
    assert 0.03 <= found.noise <= 0.1
    # The sum of the probabilities is a guess of how many are wrong.
    assert found.wrong.sum() == pytest.approx(len(swapped), rel=0.4)


def test_a_label_that_looks_cannot_tell_is_never_doubted(world, rng):
    graph, truth = world
    found = judge(graph, rng.permutation(truth), owners(len(truth)))
    assert found.gain == 0
    assert np.isnan(found.wrong).all()


def test_no_image_is_judged_by_what_its_owner_shows(world, rng):
    graph, truth = world
    labels = truth.copy()
    labels[:30] = 1  # one owner's images, all wrong alike
    shared = owners(len(truth))
    shared[:30] = 77
    by_others = judge(graph, labels, shared).wrong[:30].mean()
    assert by_others >= 0.6
    assert by_others > judge(graph, labels, owners(len(truth))).wrong[:30].mean() + 0.1


def test_right_labels_are_left_alone(world):
    graph, truth = world
    found = judge(graph, truth, owners(len(truth)))
    assert found.noise <= 0.02
    assert (found.wrong >= 0.5).sum() == 0
    assert found.wrong.sum() <= 4


def test_rare_values_and_images_without_a_label_are_not_judged(world):
    graph, truth = world
    labels = truth.copy()
    labels[:90] = -1
    labels[90:100] = 9  # fewer than can be learnt
    found = judge(graph, labels, owners(len(truth)))
    assert np.isnan(found.wrong[:100]).all()
    assert (found.predicted[:100] == -1).all()
    assert np.isfinite(found.wrong[100:]).all()
    none = judge(graph, np.full(len(truth), -1, np.int32), owners(len(truth)))
    assert np.isnan(none.wrong).all()
