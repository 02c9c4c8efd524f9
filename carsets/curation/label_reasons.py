"""The scores about labels, with their reasons in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carsets.curation.corpus import NO_LABEL
from carsets.curation.kinds import Kind
from carsets.curation.label_doubts import CONTRADICTED, COUNTS_CONTRADICT
from carsets.curation.years import YearFault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from carsets.curation.corpus import Corpus
    from carsets.curation.label_doubts import LabelDoubt

    Scores = NDArray[np.float32]
    Scored = tuple[Kind, Scores, Callable[[int], str]]

SUSPICIOUS = 0.1  # probability that a label is wrong from which it is told
PREDICTED = 0.3  # probability that a label is wrong from which features are named as a reason


class LabelReasons:
    """Finds, for each image and kind, the label that is doubted most, and says why."""

    def __init__(self, corpus: Corpus, doubts: list[LabelDoubt]) -> None:
        self.corpus, self.doubts = corpus, doubts

    def scores(self) -> Iterator[Scored]:
        """Yield kind, score and reason of all four kinds."""
        yield self._most(Kind.LABEL_NOISE, _suspicious, self._wrong)
        yield self._most(Kind.ENGINE_DISAGREEMENT, _disputed, self._queries)
        yield self._most(Kind.TEXT_CONTRADICTION, self._contradicted, self._text)
        yield self._most(Kind.COUNT_CONTRADICTION, self._counted, self._counts)

    def _most(
        self,
        kind: Kind,
        score_of: Callable[[LabelDoubt], Scores],
        words: Callable[[LabelDoubt, int], str],
    ) -> Scored:
        best = np.zeros(len(self.corpus), np.float32)
        which = np.zeros(len(self.corpus), np.int8)
        for number, doubt in enumerate(self.doubts):
            confirmed = self.corpus.confirmed[doubt.name]
            score = np.where(confirmed, 0, score_of(doubt)).astype(np.float32)
            which[score > best] = number
            best = np.maximum(best, score)
        return kind, best, lambda place: words(self.doubts[which[place]], place)

    def _contradicted(self, doubt: LabelDoubt) -> Scores:
        weight = CONTRADICTED.get(doubt.name, 0.0)
        flags = self.corpus.says[doubt.name].contradicted()
        return (flags * weight).astype(np.float32)

    def _counted(self, doubt: LabelDoubt) -> Scores:
        flags = (self.corpus.count_says < 0) & (doubt.name == "body")
        return (flags * COUNTS_CONTRADICT).astype(np.float32)

    def _own(self, doubt: LabelDoubt, place: int) -> str:
        coded = self.corpus.labels[doubt.name]
        return coded.names[int(coded.codes[place])]

    def _wrong(self, doubt: LabelDoubt, place: int) -> str:
        named = [
            self._features(doubt, place),
            self._queries(doubt, place) if doubt.disputed[place] else "",
            self._text(doubt, place) if self.corpus.says[doubt.name].contradicted()[place] else "",
            self._counts(doubt, place)
            if doubt.name == "body" and self.corpus.count_says[place] < 0
            else "",
            YearFault(int(self.corpus.year_says[place])).meaning if doubt.name == "year" else "",
        ]
        said = "; ".join(filter(None, named))
        return f"{doubt.name} {self._own(doubt, place)}: {said or 'nothing confirms it'}"

    def _features(self, doubt: LabelDoubt, place: int) -> str:
        at = doubt.graph_place[place]
        if doubt.judged is None or at < 0 or not doubt.judged.wrong[at] >= PREDICTED:
            return ""
        predicted = int(doubt.judged.predicted[at])
        names = self.corpus.labels[doubt.name].names
        if predicted == self.corpus.labels[doubt.name].codes[place]:
            return "it looks little like others of it"
        return f"it looks like {names[predicted]}"

    def _queries(self, doubt: LabelDoubt, place: int) -> str:
        same, other = int(doubt.votes.same[place]), int(doubt.votes.other[place])
        rival = int(doubt.votes.rival[place])
        name = "another one" if rival == NO_LABEL else self.corpus.labels[doubt.name].names[rival]
        return f"{other} of {same + other} queries that found it say {name}"

    def _text(self, doubt: LabelDoubt, place: int) -> str:
        says = self.corpus.says[doubt.name]
        other = int(says.other[place])
        name = "another one" if other == NO_LABEL else self.corpus.labels[doubt.name].names[other]
        return f"caption or tags say {name}"

    def _counts(self, doubt: LabelDoubt, place: int) -> str:
        return f"the web mostly calls its model something else than {self._own(doubt, place)}"


def _suspicious(doubt: LabelDoubt) -> Scores:
    """Return where a label is more doubtful than any; what nobody speaks against is not."""
    least = max(SUSPICIOUS, 1.5 * doubt.noise)
    return np.where(doubt.wrong >= least, doubt.wrong, 0).astype(np.float32)


def _disputed(doubt: LabelDoubt) -> Scores:
    total = np.maximum(doubt.votes.same + doubt.votes.other, 1)
    return np.where(doubt.disputed, doubt.votes.other / total, 0).astype(np.float32)
