from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carsets.curation.neighbors import NO_NEIGHBOR, nearest
from carsets.curation.similarity import connected
from tests.curation.conftest import graph_of


def unit(vectors):
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def brute_force(vectors, count):
    similar = vectors @ vectors.T
    np.fill_diagonal(similar, -2)
    return np.sort(similar, axis=1)[:, ::-1][:, :count]


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 400), st.integers(1, 12), st.integers(0, 2**32))
def test_the_nearest_neighbors_are_those_of_brute_force(total, count, seed):
    rng = np.random.default_rng(seed)
    vectors = unit(rng.normal(size=(total, 8)))
    places, cosines = nearest(vectors, count)
    expected = brute_force(vectors, count)
    have = min(count, total - 1)
    assert cosines[:, :have] == pytest.approx(expected[:, :have], abs=1e-5)
    assert (places[:, have:] == NO_NEIGHBOR).all()
    assert not (places == np.arange(total)[:, None]).any()


def test_cells_miss_few_of_the_nearest_neighbors(rng):
    # 30 cells, of which 24 are looked into.
    centers = rng.normal(size=(40, 16))
    vectors = unit(centers[rng.integers(0, 40, 30_000)] + 0.8 * rng.normal(size=(30_000, 16)))
    places, _ = nearest(vectors, 10, exact_most=1_000)
    some = rng.choice(len(vectors), 200, replace=False)
    similar = vectors[some] @ vectors.T
    similar[np.arange(200), some] = -2
    truth = np.argsort(-similar, axis=1)[:, :10]
    hits = sum(len(np.intersect1d(a, b)) for a, b in zip(truth, places[some], strict=True))
    assert hits / 2_000 >= 0.95


def test_the_same_vectors_have_the_same_neighbors_in_cells_as_well(rng):
    vectors = unit(rng.normal(size=(3_000, 16)))
    one, other = (nearest(vectors, 5, exact_most=100) for _ in range(2))
    assert np.array_equal(one[0], other[0])


def test_an_image_alone_has_no_neighbors():
    places, cosines = nearest(np.ones((1, 1), np.float32), 10)
    assert places.tolist() == [[NO_NEIGHBOR] * 10]
    assert nearest(np.empty((0, 4), np.float32), 10)[0].shape == (0, 10)
    assert (cosines == -1).all()


def test_planted_clusters_are_the_components_of_the_graph(rng):
    cluster = np.repeat(np.arange(8), 25)
    centers = np.linalg.qr(rng.normal(size=(16, 16)))[0][:8]
    vectors = unit(centers[cluster] + 0.01 * rng.normal(size=(200, 16)))
    shuffled = rng.permutation(200)
    graph = graph_of(vectors[shuffled])
    components = graph.components(0.97)
    pairs = {(int(a), int(b)) for a, b in zip(cluster[shuffled], components, strict=True)}
    assert len(pairs) == 8 == len(set(components.tolist()))
    assert graph.degree().sum() == 200 * 10


def test_what_nothing_lists_has_the_degree_0():
    vectors = unit(np.array([[1, 0], [1, 0.01], [1, 0.02], [-1, 0.3]], np.float32))
    graph = replace(graph_of(vectors), neighbors=nearest(vectors, 2)[0])
    graph = replace(graph, cosines=nearest(vectors, 2)[1])
    assert graph.degree()[3] == 0
    assert graph.components(0.9).tolist() == [0, 0, 0, 3]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40))
def test_components_are_those_of_union_find(edges):
    table = np.array(edges, np.int64).reshape(-1, 2)
    found = connected(table[:, 0], table[:, 1], 31)
    root = list(range(31))

    def top(place):
        while root[place] != place:
            place = root[place]
        return place

    for one, two in edges:
        low, high = sorted((top(one), top(two)))
        root[high] = low
    assert found.tolist() == [top(place) for place in range(31)]
