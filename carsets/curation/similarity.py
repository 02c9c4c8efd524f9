"""How similar all images are: vectors of their features, and the graph of nearest neighbors.

The catalog holds what the detector pooled of its last map, as float16: the mean over the picture,
or GeM or R-MAC (CAR_DETECTION_POOLING); those of one way alone are compared. What is done here is
what the retrieval literature does after pooling: the mean of all vectors is taken off, the
directions that vary most are kept (PCA), and every vector is brought to the length 1. What all
images share is of no use to find copies, but it is what something strange lacks: outliers are
looked for with the mean put back.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from carsets.curation.neighbors import NO_NEIGHBOR, nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from carsets.catalog.curation_rows import CurationRows
    from carsets.curation.corpus import Corpus

    Places = NDArray[np.int64]
    Vectors = NDArray[np.float32]

WIDTH = 128  # numbers of a vector at most: more cost time in proportion, and gained nothing
SAMPLE = 20_000  # images from which mean and directions are learnt
NEIGHBORS = 10


@dataclass(frozen=True, slots=True)
class Graph:
    """The nearest neighbors of every image that has features."""

    place: Places  # in the corpus, growing
    vectors: Vectors  # (n, width), length 1
    neighbors: NDArray[np.int32]  # (n, k): places in this graph, the nearest first
    cosines: Vectors  # (n, k)
    lengths: Vectors  # (n,), that the vectors had
    middle: Vectors  # (width + 1,): the mean, and what of it no direction shows

    def whole(self, places: Places) -> Vectors:
        """Return some vectors with the mean put back, of length 1, (n, width + 1)."""
        width = len(self.middle) - 1
        vectors = np.empty((len(places), width + 1), np.float32)
        vectors[:, :width] = self.vectors[places] * self.lengths[places, None] + self.middle[:width]
        vectors[:, width] = self.middle[width]
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        result: Vectors = vectors / np.maximum(length, 1e-9)
        return result

    def __len__(self) -> int:
        return len(self.place)

    def cosines_of(self, one: Places, two: Places) -> Vectors:
        """Return the cosines of pairs of places in the corpus, all of which have features."""
        a, b = np.searchsorted(self.place, one), np.searchsorted(self.place, two)
        cosines: Vectors = (self.vectors[a] * self.vectors[b]).sum(1)
        return cosines

    def degree(self) -> NDArray[np.int64]:
        """Return to how many images each one is among the nearest; 0: it is like no other."""
        listed = self.neighbors[self.neighbors != NO_NEIGHBOR]
        return np.bincount(listed, minlength=len(self))

    def components(self, least: float) -> NDArray[np.int64]:
        """Return the component of each image: what chains of cosines of ``least`` hold together.

        A component is named by its smallest member.
        """
        rows, columns = np.nonzero((self.neighbors != NO_NEIGHBOR) & (self.cosines >= least))
        return connected(rows, self.neighbors[rows, columns].astype(np.int64), len(self))


def connected(one: Places, two: Places, count: int) -> NDArray[np.int64]:
    """Return for each of ``count`` places the smallest place that edges lead to."""
    name = np.arange(count)
    while True:
        low = np.minimum(name[one], name[two])
        following = name.copy()
        np.minimum.at(following, name[one], low)
        np.minimum.at(following, name[two], low)
        while not np.array_equal(following, following[following]):
            following = following[following]
        if np.array_equal(following, name):
            return name
        name = following


@dataclass(frozen=True, slots=True)
class Described:
    """The images that have features of the usual network; see Graph."""

    place: Places
    vectors: Vectors
    lengths: Vectors
    middle: Vectors

    def __len__(self) -> int:
        return len(self.place)


def read_vectors(
    rows: CurationRows, corpus: Corpus, advance: Callable[[int], None] = lambda _: None
) -> Described:
    """Read the features of the usual network, and make vectors of them."""
    model, width = corpus.network
    if not width:
        nothing = np.empty(0, np.float32)
        return Described(np.empty(0, np.int64), np.empty((0, 0), np.float32), nothing, nothing)
    mean, directions = _learn(rows, corpus, model, width)
    place = np.empty(len(corpus), np.int64)
    vectors = np.empty((len(corpus), directions.shape[1]), np.float32)
    shown = mean @ directions
    count = 0
    for numbers, raw in rows.features(model, width):
        at = corpus.places_of(numbers)
        some = at >= 0
        place[count : count + some.sum()] = at[some]
        vectors[count : count + some.sum()] = _clean(raw[some]) @ directions - shown
        count += int(some.sum())
        advance(len(numbers))
    order = np.argsort(place[:count])
    place, vectors = place[:count][order], vectors[:count][order]
    length = np.linalg.norm(vectors, axis=1)
    useful = length > 1e-6  # what is all zeros, or exactly the mean, is like nothing
    vectors[useful] /= length[useful, None]
    unseen = np.sqrt(max(float(mean @ mean - shown @ shown), 0.0))
    middle = np.append(shown, unseen).astype(np.float32)
    return Described(place[useful], vectors[useful], length[useful], middle)


def _clean(raw: NDArray[np.float16]) -> Vectors:
    return np.nan_to_num(raw.astype(np.float32), nan=0.0, posinf=0.0, neginf=0.0)


def _learn(rows: CurationRows, corpus: Corpus, model: str, width: int) -> tuple[Vectors, Vectors]:
    """Return mean and directions (width, kept) of a sample that is spread over all images."""
    step = np.uint64(max(1, len(corpus) // SAMPLE))
    total = np.zeros(width, np.float64)
    products = np.zeros((width, width), np.float64)
    count = 0
    for numbers, raw in rows.features(model, width):
        at = corpus.places_of(numbers)
        # By the id, which has nothing to do with the order of the crawl.
        vectors = _clean(raw[(at >= 0) & (corpus.key[at] % step == 0)]).astype(np.float64)
        total += vectors.sum(0)
        products += vectors.T @ vectors
        count += len(vectors)
    mean = total / max(count, 1)
    spread = products / max(count, 1) - np.outer(mean, mean)
    values, directions = np.linalg.eigh(spread)
    best = np.argsort(-values, kind="stable")[:WIDTH]
    chosen = directions[:, best]
    # The sign of a direction is arbitrary: its largest number is made positive.
    signs = np.sign(chosen[np.abs(chosen).argmax(0), np.arange(chosen.shape[1])])
    return mean.astype(np.float32), (chosen * np.where(signs == 0, 1, signs)).astype(np.float32)


def build_graph(described: Described, advance: Callable[[int], None] = lambda _: None) -> Graph:
    """Return the graph of the nearest neighbors of all vectors."""
    neighbors, cosines = nearest(described.vectors, NEIGHBORS, advance)
    return Graph(
        described.place,
        described.vectors,
        neighbors,
        cosines,
        described.lengths,
        described.middle,
    )
