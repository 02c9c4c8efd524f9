"""What images that look alike are called: labels predicted from images of other owners.

Every image is judged by models that have seen neither it, nor its copies, nor what the same author
or page shows: a linear one (Gaussian classes of one shape, in closed form) and the votes of its
nearest neighbors. Their answer is sharpened or flattened, and the share of labels that are drawn
at random is chosen, so that the labels there are become most likely. So a label that features
cannot tell (of a picture's year, say) is never doubted, and a doubt is a probability.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from carsets.curation.neighbors import NO_NEIGHBOR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from carsets.curation.similarity import Graph, Vectors

    Codes = NDArray[np.int32]
    Keys = NDArray[np.uint64]

FOLDS = 5
LEAST_CLASS = 20  # images of a value that can be learnt
SAMPLE = 20_000  # images by which the models are weighed
BLOCK_CELLS = 4_000_000  # images times classes at once: about 100 MB
SHRINKAGE = 0.1  # of the common spread towards a ball, and
PSEUDO = 5.0  # images at the middle of all, added to each class
SHARPNESS = (0.1, 0.2, 0.35, 0.6, 1.0)  # of the linear model
VOTES = (0.0, 0.5, 1.0, 2.0)  # weight of the neighbors beside it
NOISE = (0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5)
VOTE_PRIOR = 2.0  # neighbors' worth of the classes' shares
TIE = 0.005  # nats an image: explanations as good as the best, of which the most noise is believed
LEAST_GAIN = 0.02  # nats an image; below, features say nothing of the label


@dataclass(frozen=True, slots=True)
class Judged:
    """What features say of one label, one place for each image of a graph."""

    wrong: NDArray[np.float32]  # probability that the label is wrong; nan = not judged
    predicted: Codes  # the most likely value; -1 = not judged
    noise: float  # share of labels that look drawn at random
    gain: float  # nats an image by which features tell the label; 0 = not at all


def judge(graph: Graph, codes: Codes, owner: Keys) -> Judged:
    """Judge the labels ``codes`` (negative = none) of the images of a graph.

    ``owner`` is what images that belong together share: no image is judged by its own.
    """
    count = len(graph)
    wrong = np.full(count, np.nan, np.float32)
    predicted = np.full(count, -1, np.int32)
    sizes = np.bincount(codes[codes >= 0]) if (codes >= 0).any() else np.zeros(0, np.int64)
    learnt = np.flatnonzero(sizes >= LEAST_CLASS)
    if len(learnt) < 2:
        return Judged(wrong, predicted, 0.0, 0.0)
    dense = np.full(len(sizes), -1, np.int32)
    dense[learnt] = np.arange(len(learnt), dtype=np.int32)
    mine = np.where(codes >= 0, dense[np.maximum(codes, 0)], -1)
    rows = np.flatnonzero(mine >= 0)
    prior = sizes[learnt] / sizes[learnt].sum()
    answers = _Answers(graph, mine, rows, owner, prior)
    given = prior[mine[rows]]
    step = max(1, len(rows) // SAMPLE)
    ways, noise, likely = _most_likely(answers, given, np.arange(0, len(rows), step))
    gain = likely - float(np.log(given).mean())
    if gain < LEAST_GAIN:
        return Judged(wrong, predicted, 0.0, 0.0)
    chance, best = answers.give(np.arange(len(rows)), [ways])
    by_chance = noise * given * (1 - chance[0])
    wrong[rows] = by_chance / np.maximum((1 - noise) * chance[0] + noise * given, 1e-12)
    predicted[rows] = learnt[best]
    return Judged(wrong, predicted, noise, gain)


def _most_likely(
    answers: _Answers, given: Vectors, sample: NDArray[np.int64]
) -> tuple[tuple[float, float], float, float]:
    """Return sharpness and weight of the votes, and the noise, that fit the labels best."""
    ways = [(sharpness, votes) for sharpness in SHARPNESS for votes in VOTES]
    chances, _ = answers.give(sample, ways)
    prior = given[sample]
    by_noise = []
    for noise in NOISE:
        likely = [
            float(np.log(np.maximum((1 - noise) * chance + noise * prior, 1e-12)).mean())
            for chance in chances
        ]
        best = int(np.argmax(likely))
        by_noise.append((likely[best], noise, ways[best]))
    most = max(likely for likely, _, _ in by_noise)
    # Few wrong labels are told as well by flatter answers: those would call none of them wrong.
    _, noise, way = max((one for one in by_noise if one[0] >= most - TIE), key=lambda one: one[1])
    return way, noise, most


class _Answers:
    """The probabilities that models give the labels that images have."""

    def __init__(
        self, graph: Graph, mine: Codes, rows: NDArray[np.int64], owner: Keys, prior: Vectors
    ) -> None:
        self.graph, self.mine, self.rows, self.owner, self.prior = graph, mine, rows, owner, prior
        self.fold = owner[rows] % np.uint64(FOLDS)
        self.models = list(_linear_models(graph.vectors[rows], mine[rows], self.fold, len(prior)))

    def give(
        self, places: NDArray[np.int64], ways: list[tuple[float, float]]
    ) -> tuple[Vectors, NDArray[np.int64]]:
        """Return probabilities (ways, places), and the most likely class by the last way."""
        chance = np.empty((len(ways), len(places)), np.float32)
        best = np.empty(len(places), np.int64)
        for number, (weights, offsets) in enumerate(self.models):
            of_fold = np.flatnonzero(self.fold[places] == number)
            for some in _blocks(of_fold, len(self.prior)):
                rows = self.rows[places[some]]
                linear = self.graph.vectors[rows] @ weights + offsets
                votes = np.log(self._votes(rows))
                own, each = self.mine[rows], np.arange(len(rows))
                for way, (sharpness, weight) in enumerate(ways):
                    logits = sharpness * linear + weight * votes
                    logits -= logits.max(1, keepdims=True)
                    best[some] = logits.argmax(1)
                    chance[way, some] = np.exp(logits[each, own]) / np.exp(logits).sum(1)
        return chance, best

    def _votes(self, rows: NDArray[np.int64]) -> Vectors:
        """Return the shares of the classes among each row's neighbors of other owners."""
        neighbors = self.graph.neighbors[rows]
        counts = neighbors != NO_NEIGHBOR
        counts &= self.owner[neighbors] != self.owner[rows][:, None]
        labels = self.mine[neighbors]
        counts &= labels >= 0
        votes = np.tile(VOTE_PRIOR * self.prior, (len(rows), 1))
        at, which = np.nonzero(counts)
        np.add.at(votes, (at, labels[at, which]), 1.0)
        shares: Vectors = (votes / votes.sum(1, keepdims=True)).astype(np.float32)
        return shares


def _blocks(rows: NDArray[np.int64], classes: int) -> Iterator[NDArray[np.int64]]:
    step = max(1, BLOCK_CELLS // max(classes, 1))
    for start in range(0, len(rows), step):
        yield rows[start : start + step]


def _linear_models(
    vectors: Vectors, codes: Codes, fold: Keys, classes: int
) -> Iterator[tuple[Vectors, Vectors]]:
    """Yield, for each fold, weights (width, classes) and offsets learnt from all others."""
    width = vectors.shape[1]
    sums = np.zeros((FOLDS, classes, width))
    counts = np.zeros((FOLDS, classes))
    products = np.zeros((FOLDS, width, width))
    for number in range(FOLDS):
        some = np.flatnonzero(fold == number)
        np.add.at(sums[number], codes[some], vectors[some])
        counts[number] = np.bincount(codes[some], minlength=classes)
        products[number] = vectors[some].T.astype(np.float64) @ vectors[some]
    for number in range(FOLDS):
        size = counts.sum(0) - counts[number]
        total = sums.sum(0) - sums[number]
        whole = max(size.sum(), 1.0)
        middle = total.sum(0) / whole
        means = (total + PSEUDO * middle) / (size + PSEUDO)[:, None]
        between = (means * size[:, None]).T @ means
        spread = (products.sum(0) - products[number] - between) / whole
        ball = np.trace(spread) / width
        spread = (1 - SHRINKAGE) * spread + (SHRINKAGE * ball + 1e-6) * np.eye(width)
        weights = np.linalg.solve(spread, means.T)
        offsets = np.log((size + 1) / (whole + classes)) - 0.5 * (means.T * weights).sum(0)
        yield weights.astype(np.float32), offsets.astype(np.float32)
