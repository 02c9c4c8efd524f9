"""How sure a label is, from everything that speaks of it: one probability with its reason.

Four witnesses may speak of a label: the features (``out_of_sample``), the other queries that found
the picture or a copy of it, caption and tags, and a fourth for some: for body styles the result
counts, for years the dates. Each says how
probable it holds the label to be wrong; their odds are multiplied as those of independent
witnesses. One that has nothing to say changes nothing. The numbers below were set by thought, and
measured on planted noise (``benchmarks/planted_noise.py``), not fitted to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from carsets.curation.corpus import NO_LABEL
from carsets.curation.texts import related_bodies
from carsets.curation.years import YearFault
from carsets.release.labels import LABELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from carsets.curation.corpus import Corpus
    from carsets.curation.out_of_sample import Judged
    from carsets.curation.similarity import Graph
    from carsets.curation.voices import Voices, Votes

    Chances = NDArray[np.float32]

USUAL_NOISE = 0.05  # of labels, where features do not tell it
LEAST_NOISE, MOST_NOISE = 0.01, 0.3  # what is believed of an estimate
# Caption or tags name another value, and not the label's.
CONTRADICTED = {"make": 0.6, "body": 0.35, "color": 0.3, "year": 0.6}
SUPPORTED = 1 / 3  # of the usual noise is left where caption or tags name the label's value
COUNTS_CONTRADICT = 0.35  # the web mostly calls the model another body style
# A camera's clock may be wrong, and a list of models incomplete; who published it cannot be early.
DATED = {YearFault.TAKEN: 0.6, YearFault.UPLOADED: 0.9, YearFault.NOT_MADE: 0.5}
COUNTS_SUPPORT = 1 / 2  # of the usual noise is left where it calls it so


@dataclass(slots=True)
class LabelDoubt:
    """What is doubtful about one label, one place for each image."""

    name: str
    wrong: Chances  # 0 = no label, or people confirmed it
    judged: Judged | None
    graph_place: NDArray[np.int64]  # in the graph of features; -1 = not there
    votes: Votes
    disputed: NDArray[np.bool_]  # queries for another value found it too
    noise: float


def doubt_labels(
    corpus: Corpus, voices: Voices, unit: NDArray[np.int64], graph: Graph, judged: dict[str, Judged]
) -> list[LabelDoubt]:
    """Return what is doubtful about each label. ``unit`` is the place of what each image copies."""
    at = np.full(len(corpus), -1, np.int64)
    at[graph.place] = np.arange(len(graph))
    return [
        _doubt_label(name, corpus, voices, unit, at, judged.get(name))
        for name in LABELS
        if (corpus.labels[name].codes != NO_LABEL).any()
    ]


def _doubt_label(
    name: str,
    corpus: Corpus,
    voices: Voices,
    unit: NDArray[np.int64],
    at: NDArray[np.int64],
    judged: Judged | None,
) -> LabelDoubt:
    coded = corpus.labels[name]
    votes = voices.votes(name, coded, unit)
    noise = USUAL_NOISE
    if judged is not None and judged.gain:
        noise = min(max(judged.noise, LEAST_NOISE), MOST_NOISE)
    odds = np.full(len(corpus), _odds(noise))
    if judged is not None and judged.gain:
        seen = np.where(at >= 0, judged.wrong[np.maximum(at, 0)], np.nan)
        odds = np.where(np.isnan(seen), odds, _odds(np.clip(seen, 0.001, 0.999)))
    disputed = votes.other > 0
    if name == "body":
        disputed &= ~_related(coded.codes, votes.rival, coded.names)
    voiced = (votes.other + noise) / (votes.same + votes.other + 1)
    speaks = disputed | ((votes.same > 1) & (votes.other == 0))
    odds *= np.where(speaks, _odds(np.clip(voiced, 0.001, 0.95)) / _odds(noise), 1)
    if name in CONTRADICTED:
        says = corpus.says[name]
        odds *= _witness(says.contradicted(), CONTRADICTED[name], noise)
        odds *= _witness(says.supported(), noise * SUPPORTED, noise)
    if name == "body":
        odds *= _witness(corpus.count_says < 0, COUNTS_CONTRADICT, noise)
        odds *= _witness(corpus.count_says > 0, noise * COUNTS_SUPPORT, noise)
    if name == "year":
        for fault, chance in DATED.items():
            odds *= _witness(corpus.year_says == fault, chance, noise)
    wrong = odds / (1 + odds)
    wrong[(coded.codes == NO_LABEL) | corpus.confirmed[name]] = 0
    return LabelDoubt(name, wrong.astype(np.float32), judged, at, votes, disputed, noise)


def _odds(chance: float | NDArray[np.floating]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = np.asarray(chance / (1 - chance), np.float64)
    return result


def _witness(speaks: NDArray[np.bool_], wrong: float, noise: float) -> NDArray[np.float64]:
    return np.where(speaks, _odds(max(wrong, noise / 10)) / _odds(noise), 1.0)


def _related(
    codes: NDArray[np.int32], rivals: NDArray[np.int32], names: list[str]
) -> NDArray[np.bool_]:
    """Return where two body styles may both be said of one vehicle."""
    pairs, at = np.unique(np.stack((codes, rivals), axis=1), axis=0, return_inverse=True)
    known = [
        bool(one >= 0 and two >= 0 and related_bodies(names[one], names[two]))
        for one, two in pairs.tolist()
    ]
    return np.array(known, np.bool_)[at.reshape(-1)]
