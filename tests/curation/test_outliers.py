import numpy as np

from carsets.curation.outliers import LEAST_CLASS
from carsets.curation.outliers import outlier_scores as outlier_scores_of
from tests.curation.conftest import graph_of


def outlier_scores(vectors, classes, copies):
    return outlier_scores_of(graph_of(vectors), classes, copies)


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def planted(rng, count=300, strange=12, width=32):
    """Return vectors around one center, of which the last are anywhere."""
    center = rng.normal(size=width)
    usual = center + 0.5 * rng.normal(size=(count, width))
    return unit(np.concatenate((usual, 1.5 * rng.normal(size=(strange, width)))))


def test_planted_outliers_are_found_and_little_else(rng):
    vectors = planted(rng)
    score = outlier_scores(vectors, np.zeros(312, np.int32), np.arange(312))
    found = score >= 0.5
    assert found[300:].mean() >= 0.9
    assert found[:300].sum() <= 3
    assert (score >= 0).all()
    assert (score <= 1).all()


def test_copies_do_not_vouch_for_each_other(rng):
    vectors = planted(rng, strange=1)
    again = np.concatenate((vectors, np.repeat(vectors[300:], 7, axis=0)))
    classes = np.zeros(len(again), np.int32)
    copies = np.arange(len(again))
    copies[300:] = 300
    assert outlier_scores(again, classes, copies)[300:].min() >= 0.5
    assert outlier_scores(again, classes, np.arange(len(again)))[300:].max() < 0.5


def test_a_class_in_which_all_differ_has_no_outliers(rng):
    vectors = unit(rng.normal(size=(200, 64)))
    assert (outlier_scores(vectors, np.zeros(200, np.int32), np.arange(200)) >= 0.5).sum() <= 2


def test_small_classes_and_images_without_a_class_are_not_judged(rng):
    vectors = planted(rng)
    classes = np.full(312, -1, np.int32)
    classes[: LEAST_CLASS - 1] = 3
    assert not outlier_scores(vectors, classes, np.arange(312)).any()


def test_an_outlier_of_its_class_may_be_usual_in_another(rng):
    one, other = rng.normal(size=(2, 32))
    vectors = unit(np.concatenate([c + 0.4 * rng.normal(size=(100, 32)) for c in (one, other)]))
    classes = np.repeat(np.array([0, 1], np.int32), 100)
    classes[150:155] = 0
    score = outlier_scores(vectors, classes, np.arange(200))
    assert score[150:155].min() >= 0.3
    assert np.median(np.delete(score, np.s_[150:155])) == 0
