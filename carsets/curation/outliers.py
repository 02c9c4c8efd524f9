"""Images that look like nothing else of their class (Gordo et al. 2016 discard such images).

An image is far out when even its K-th nearest neighbor *of its own class* is far away, seen from
how far apart the images of the class usually are. The distance is divided by that of its
neighbors, so that a class of photos that all differ does not consist of outliers. Copies of the
image itself do not count as neighbors: two copies of a wrong picture would vouch for each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carsets.curation.neighbors import NO_NEIGHBOR, nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from carsets.curation.similarity import Graph, Vectors

LEAST_CLASS = 12  # images; of fewer nobody can tell what is usual
NEIGHBOR = 5  # whose distance counts
SPARE = 5  # more neighbors are fetched, for those that turn out to be copies
USUAL = 1.5  # deviations from the class's median that are nothing special
SURE = 4.0  # deviations at which the score is 1


def outlier_scores(
    graph: Graph,
    classes: NDArray[np.int32],
    copies: NDArray[np.int64],
    advance: Callable[[int], None] = lambda _: None,
) -> NDArray[np.float32]:
    """Return a score from 0 to 1 for each image; 0 where the class is too small to tell.

    ``classes`` are codes, negative for none. ``copies`` names the picture of each image: images
    of one picture share the number.
    """
    score = np.zeros(len(graph), np.float32)
    if not len(graph):
        return score
    order = np.argsort(classes, kind="stable")
    starts = np.flatnonzero(np.diff(classes[order], prepend=classes[order][:1] - 1))
    for start, end in zip(starts, [*starts[1:], len(order)], strict=True):
        rows = order[start:end]
        if classes[rows[0]] >= 0 and len(rows) >= LEAST_CLASS:
            score[rows] = _of_class(graph.whole(rows), copies[rows])
        advance(len(rows))
    return score


def _of_class(vectors: Vectors, copies: NDArray[np.int64]) -> NDArray[np.float32]:
    places, cosines = nearest(vectors, NEIGHBOR + SPARE)
    distance = np.where(places == NO_NEIGHBOR, np.nan, 1 - cosines)
    distance[copies[places] == copies[:, None]] = np.nan
    distance.sort(axis=1)  # what does not count, nan, comes last
    known = np.isfinite(distance)
    last = np.minimum(known.sum(1), NEIGHBOR) - 1
    usual = np.take_along_axis(distance, np.maximum(last, 0)[:, None], 1)[:, 0]
    logs = np.log(np.maximum(np.where(last >= 0, usual, np.nan), 1e-4))
    if np.isnan(logs).all():
        return np.zeros(len(vectors), np.float32)
    middle = np.nanmedian(logs)
    spread = 1.4826 * np.nanmedian(np.abs(logs - middle))
    deviations = (logs - middle) / max(float(spread), 0.05)
    score = np.clip((deviations - USUAL) / (SURE - USUAL), 0, 1)
    result: NDArray[np.float32] = np.nan_to_num(score, nan=0.0).astype(np.float32)
    return result
