"""``scrapy iterate``: learn from the dataset as people have left it, judge it anew, ask again.

Every label is judged by what was learnt from images of other owners (``curation.out_of_sample``),
and, where people have kept and dropped enough, so is whether an image belongs. The strongest
disagreements become questions, which ``scrapy review`` shows first; the next round learns from the
answers. People's word is never overruled, and nothing is deleted or hidden.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from carsets.catalog.curation_rows import ScoreRow
from carsets.catalog.lessons import ROUND, Lesson
from carsets.curation.corpus import NO_LABEL
from carsets.curation.kinds import Kind
from carsets.curation.label_reasons import SUSPICIOUS
from carsets.curation.out_of_sample import judge
from carsets.curation.similarity import build_graph
from carsets.learning.features import choose_network
from carsets.learning.measures import Share
from carsets.learning.questions import choose, worth_of
from carsets.learning.round_facts import LabelFacts, Round, VerdictFacts, read_round
from carsets.learning.round_state import RoundState
from carsets.learning.verdict_head import DROP, KEEP, UNSAID, learn_verdicts
from carsets.release.labels import LABELS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from carsets.catalog.catalog import Catalog
    from carsets.curation.out_of_sample import Judged
    from carsets.curation.progress import Progress
    from carsets.learning.verdict_head import VerdictHead

    Places = NDArray[np.int64]


def run_round(
    catalog: Catalog, progress: Progress, when: str, *, questions: int, features: str = ""
) -> Round:
    """Make one round, and write its scores and questions at ``when`` (ISO 8601, UTC)."""
    last = next(iter(catalog.newest_lessons(ROUND)), None)
    with catalog.curation_state() as rows:
        state = RoundState(rows, choose_network(rows.networks(), features), progress)
    told = {"questions": questions, "features": features, "state": state.digest()}
    if last is not None and last.options == told:
        return read_round(last.result, new=False)
    learnt = _Learnt(state, progress)
    asked = choose(learnt.worth, state.owner, state.corpus.key, questions)
    made = learnt.facts(1 if last is None else last.result["number"] + 1, asked)
    catalog.record_round(learnt.rows(asked), Lesson(ROUND, "", told, made.as_json(), when))
    return made


class _Learnt:
    """What was learnt of a state."""

    def __init__(self, state: RoundState, progress: Progress) -> None:
        self.state, corpus = state, state.corpus
        progress.begin("nearest neighbors", len(state.place))
        self.graph = build_graph(state.described, progress.advance)
        owner = state.owner[state.place]
        self.judged: dict[str, Judged] = {}
        self.wrong: dict[str, NDArray[np.float32]] = {}  # of each label, one place for each image
        for name in LABELS:
            progress.begin(f"label {name}", len(state.place))
            # What people have dropped is no example of anything.
            codes = np.where(state.said == DROP, NO_LABEL, corpus.labels[name].codes)
            judged = judge(self.graph, codes[state.place].astype(np.int32), owner)
            progress.advance(len(state.place))
            if judged.gain:
                self.judged[name], self.wrong[name] = judged, self._suspicious(name, judged)
        progress.begin("verdicts", len(state.place))
        self.head: VerdictHead | None = learn_verdicts(
            state.vectors, state.said[state.place], owner, state.waiting[state.place]
        )
        progress.advance(len(state.place))
        self.drop: NDArray[np.float32] | None = None
        if self.head is not None and self.head.better:
            self.drop = np.zeros(len(corpus), np.float32)
            self.drop[state.place] = self.head.drop
        self.most = np.zeros(len(corpus), np.float32)
        for wrong in self.wrong.values():
            np.maximum(self.most, wrong, out=self.most)
        self.worth = worth_of(self.most, self.drop, state.waiting, state.settled)

    def _suspicious(self, name: str, judged: Judged) -> NDArray[np.float32]:
        """Return the chance that a label is wrong, where it is worth a word; never of people's."""
        wrong = np.zeros(len(self.state.corpus), np.float32)
        wrong[self.state.place] = np.nan_to_num(judged.wrong)
        wrong[self.state.corpus.confirmed[name] | (self.state.said == DROP)] = 0
        wrong[wrong < max(SUSPICIOUS, 1.5 * judged.noise)] = 0
        return wrong

    # --- What is written ------------------------------------------------------------------------

    def rows(self, asked: Places) -> dict[str, Iterator[ScoreRow]]:
        """Return the scores of the round by kind."""
        drop = np.zeros_like(self.most) if self.drop is None else self.drop.copy()
        drop[(drop < SUSPICIOUS) | (self.state.said != UNSAID)] = 0
        order = 1 - np.arange(len(asked)) / max(len(asked), 1)
        return {
            Kind.HEAD_LABEL: self._scored(np.flatnonzero(self.most), self.most, self._label_reason),
            Kind.HEAD_VERDICT: self._scored(np.flatnonzero(drop), drop, self._drop_reason),
            Kind.ASKED: (
                ScoreRow(int(self.state.corpus.seq[place]), float(score), self._reason(place))
                for place, score in zip(asked.tolist(), order.tolist(), strict=True)
            ),
        }

    def _scored(self, places: Places, score: NDArray[np.float32], reason: Any) -> Any:
        for place in places.tolist():
            number = int(self.state.corpus.seq[place])
            yield ScoreRow(number, round(float(score[place]), 4), reason(place))

    def _reason(self, place: int) -> str:
        by_label = self.drop is None or self.most[place] >= self.worth[place]
        return self._label_reason(place) if by_label else self._drop_reason(place)

    def _label_reason(self, place: int) -> str:
        name = max(self.wrong, key=lambda one: float(self.wrong[one][place]))
        coded = self.state.corpus.labels[name]
        at = int(np.searchsorted(self.state.place, place))
        own, predicted = int(coded.codes[place]), int(self.judged[name].predicted[at])
        looks = "little like others of it" if own == predicted else f"like {coded.names[predicted]}"
        chance = self.wrong[name][place]
        return f"{name} {coded.names[own]}: it looks {looks}; wrong with {chance:.0%}"

    def _drop_reason(self, place: int) -> str:
        assert self.drop is not None
        return f"people have dropped {self.drop[place]:.0%} of images like it"

    # --- What is told ---------------------------------------------------------------------------

    def facts(self, number: int, asked: Places) -> Round:
        """Return what the round did."""
        state = self.state
        now = np.zeros(len(state.corpus), np.bool_)
        now[asked] = True
        before, settled = state.asked_before, state.settled
        return Round(
            number=number,
            new=True,
            network=state.corpus.network[0],
            images=len(state.corpus),
            with_features=len(state.place),
            spoken_of=len(state.words),
            asked=len(asked),
            newly_asked=int((now & ~before).sum()),
            answered=int((before & settled).sum()),
            still_asked=int((now & before).sum()),
            let_go=int((before & ~settled & ~now).sum()),
            labels=[
                self._label_facts(name)
                for name in LABELS
                if (state.corpus.labels[name].codes != NO_LABEL).any()
            ],
            verdicts=self._verdict_facts(),
        )

    def _label_facts(self, name: str) -> LabelFacts:
        state, coded = self.state, self.state.corpus.labels[name]
        judged = self.judged.get(name)
        spoken = np.zeros(0, np.int64)
        if judged is not None:
            confirmed = state.corpus.confirmed[name][state.place] & (judged.predicted >= 0)
            spoken = np.flatnonzero(confirmed)
        agreement = None
        if judged is not None and len(spoken):
            places = state.place[spoken]
            hits = judged.predicted[spoken] == coded.codes[places]
            agreement = Share.of(hits, state.owner[places].view(np.int64))
        wrong = self.wrong.get(name, np.zeros(0, np.float32))
        return LabelFacts(
            label=name,
            images=int((coded.codes != NO_LABEL).sum()),
            told_by_features=round(judged.gain, 4) if judged else 0.0,
            noise=judged.noise if judged else 0.0,
            doubted=int((wrong >= 0.5).sum()),
            confirmed=len(spoken),
            agreement=agreement,
        )

    def _verdict_facts(self) -> VerdictFacts:
        state = self.state
        agreement = None
        if self.head is not None:
            said = state.said[state.place]
            known = said != UNSAID
            hits = (self.head.drop[known] >= 0.5) == (said[known] == DROP)
            agreement = Share.of(hits, state.owner[state.place][known].view(np.int64))
        return VerdictFacts(
            kept=int((state.said == KEEP).sum()),
            dropped=int((state.said == DROP).sum()),
            used=self.drop is not None,
            agreement=agreement,
        )
