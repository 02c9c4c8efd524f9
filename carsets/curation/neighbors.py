"""The nearest neighbors of every vector among all others, by cosine.

Up to ``EXACT_MOST`` vectors every pair is compared, block by block, in one matrix product. More
are first sorted into cells around centers, and compared with those of the nearest cells alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

EXACT_MOST = 50_000  # vectors; above, cells
BLOCK_BYTES = 128 * 1024 * 1024  # of one block of similarities
GROUP = 64  # columns of which only the best groups are looked into
CELL_VECTORS = 1_000  # of a cell, on average
CELLS_PROBED = 24
CENTER_ROUNDS = 6
NO_NEIGHBOR = -1


def nearest(
    vectors: Vectors,
    count: int,
    advance: Callable[[int], None] = lambda _: None,
    exact_most: int = EXACT_MOST,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return places and cosines (n, count) of the nearest others, the nearest first.

    ``vectors`` (n, width) have the length 1. Where there are fewer others, the place is
    NO_NEIGHBOR and the cosine -1.
    """
    total = len(vectors)
    places = np.full((total, count), NO_NEIGHBOR, np.int32)
    cosines = np.full((total, count), -1.0, np.float32)
    for rows, among in _work(vectors, exact_most):
        others = vectors if among is None else vectors[among]
        for some in _blocks(rows, len(others)):
            found, near = _best(vectors[some] @ others.T, some, among, count)
            places[some, : found.shape[1]], cosines[some, : found.shape[1]] = found, near
            advance(len(some))
    return places, cosines


def _work(
    vectors: Vectors, exact_most: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64] | None]]:
    """Yield places, and the places they are compared with; None for all."""
    if len(vectors) <= exact_most:
        yield np.arange(len(vectors)), None
        return
    centers = _centers(vectors)
    cell = _nearest_center(vectors, centers)
    order = np.argsort(cell, kind="stable")
    bounds = np.searchsorted(cell[order], np.arange(len(centers) + 1))
    probed = np.argsort(-(centers @ centers.T), axis=1, kind="stable")[:, :CELLS_PROBED]
    for number in range(len(centers)):
        rows = order[bounds[number] : bounds[number + 1]]
        if len(rows):
            near = [order[bounds[other] : bounds[other + 1]] for other in probed[number]]
            yield rows, np.concatenate(near)


def _centers(vectors: Vectors) -> Vectors:
    """Return the centers of the cells: k-means on a sample, the same for the same vectors."""
    rng = np.random.default_rng(1)
    cells = max(1, len(vectors) // CELL_VECTORS)
    sample = vectors[np.sort(rng.choice(len(vectors), min(len(vectors), 40 * cells), False))]
    centers = sample[np.sort(rng.choice(len(sample), cells, False))]
    for _ in range(CENTER_ROUNDS):
        sums = np.zeros_like(centers)
        np.add.at(sums, _nearest_center(sample, centers), sample)
        length = np.linalg.norm(sums, axis=1, keepdims=True)
        centers = np.where(length > 0, sums / np.maximum(length, 1e-9), centers)
    return centers


def _nearest_center(vectors: Vectors, centers: Vectors) -> NDArray[np.int64]:
    nearest = np.empty(len(vectors), np.int64)
    for some in _blocks(np.arange(len(vectors)), len(centers)):
        nearest[some] = (vectors[some] @ centers.T).argmax(1)
    return nearest


def _blocks(rows: NDArray[np.int64], width: int) -> Iterator[NDArray[np.int64]]:
    step = max(1, BLOCK_BYTES // (4 * max(width, 1)))
    for start in range(0, len(rows), step):
        yield rows[start : start + step]


def _best(
    similar: Vectors, rows: NDArray[np.int64], among: NDArray[np.int64] | None, count: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return places and cosines of the best columns of each row, without the row itself."""
    if among is None:
        similar[np.arange(len(rows)), rows] = -2.0
    else:
        similar[among[None, :] == rows[:, None]] = -2.0
    width = similar.shape[1]
    columns = _promising(similar, count)
    some = similar if columns is None else np.take_along_axis(similar, columns, 1)
    count = min(count, width - 1)
    if not count:
        return np.empty((len(rows), 0), np.int64), np.empty((len(rows), 0), np.float32)
    best = np.argpartition(-some, count - 1, axis=1)[:, :count]
    near = np.take_along_axis(some, best, 1)
    if columns is not None:
        best = np.take_along_axis(columns, best, 1)
    places = best if among is None else among[best]
    order = np.lexsort((places, -near), axis=1)
    return np.take_along_axis(places, order, 1), np.take_along_axis(near, order, 1)


def _promising(similar: Vectors, count: int) -> NDArray[np.int64] | None:
    """Return the columns that can be among the best: those of the groups with the best maxima.

    The ``count`` best values lie in the ``count`` groups whose maxima are largest. Finding maxima
    is many times faster than sorting.
    """
    whole = similar.shape[1] // GROUP
    if whole <= 2 * count:
        return None
    # A group is every whole-th column: maxima over the middle axis run along the memory.
    maxima = similar[:, : whole * GROUP].reshape(len(similar), GROUP, whole).max(1)
    np.negative(maxima, out=maxima)
    groups = np.argpartition(maxima, count - 1, axis=1)[:, :count]
    inside = (groups[:, :, None] + np.arange(GROUP) * whole).reshape(len(similar), -1)
    rest = np.arange(whole * GROUP, similar.shape[1])
    return np.concatenate((inside, np.broadcast_to(rest, (len(similar), len(rest)))), axis=1)
