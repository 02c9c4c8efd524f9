"""``scrapy iterate``: learn from the dataset as people have left it, judge it anew, ask again.

Every label is judged by what was learnt from images of other owners (``curation.out_of_sample``),
and, where people have kept and dropped enough, so is whether an image belongs. The strongest
disagreements become questions, which ``scrapy review`` shows first; the next round learns from the
answers. People's word is never overruled, and nothing is deleted or hidden.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from carsets.catalog.curation_rows import ScoreRow
from carsets.catalog.lessons import ROUND, Lesson
from carsets.curation.corpus import NO_LABEL, read_corpus
from carsets.curation.kinds import Kind
from carsets.curation.label_reasons import SUSPICIOUS
from carsets.curation.out_of_sample import judge
from carsets.curation.similarity import build_graph, read_vectors
from carsets.learning.features import choose_network
from carsets.learning.measures import Share
from carsets.learning.questions import choose, worth_of
from carsets.learning.verdict_head import DROP, KEEP, UNSAID, learn_verdicts
from carsets.release.groups import read_keys
from carsets.release.labels import LABELS
from carsets.release.people import words_by_image
from carsets.release.quotas import group_roots

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from carsets.catalog.catalog import Catalog
    from carsets.catalog.curation_rows import CurationRows
    from carsets.curation.corpus import Corpus
    from carsets.curation.out_of_sample import Judged
    from carsets.learning.verdict_head import VerdictHead
    from carsets.release.people import Word

    Places = NDArray[np.int64]


class Progress(Protocol):
    """Who is told how far it is."""

    def begin(self, stage: str, total: int) -> None: ...
    def advance(self, count: int = 1) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFacts:
    """One label in a round. Counts are of images."""

    label: str
    images: int  # that have it
    told_by_features: float  # nats an image; 0 = features say nothing of it
    noise: float  # share of labels that look drawn at random
    doubted: int  # whose label is more likely wrong than right
    confirmed: int  # whose label people gave or confirmed, and features have a word on
    agreement: Share | None  # of these, the share that features read as people do


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictFacts:
    """What people have kept and dropped in all, and how far a head follows them."""

    kept: int
    dropped: int
    used: bool  # whether there are enough verdicts, and the head tells them
    agreement: Share | None  # share of verdicts that it foretells from others


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one round did. Counts are of images unless their name says more."""

    number: int
    new: bool  # False: nothing has changed since this round, and nothing was written
    network: str
    images: int  # of the dataset, in review too
    with_features: int
    spoken_of: int  # about which people have said anything, in all rounds
    asked: int
    newly_asked: int  # not by the last round
    answered: int  # of those that the last round asked
    still_asked: int  # unanswered, and asked again
    let_go: int  # unanswered, and asked no more
    labels: list[LabelFacts]
    verdicts: VerdictFacts

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON types."""
        return asdict(self)


def run_round(
    catalog: Catalog, progress: Progress, when: str, *, questions: int, features: str = ""
) -> Round:
    """Make one round, and write its scores and questions at ``when`` (ISO 8601, UTC)."""
    last = next(iter(catalog.newest_lessons(ROUND)), None)
    with catalog.curation_state() as rows:
        state = _State(rows, choose_network(rows.networks(), features), progress)
    told = {"questions": questions, "features": features, "state": state.digest()}
    if last is not None and last.options == told:
        return _read(last.result, new=False)
    learnt = _Learnt(state, progress)
    asked = choose(learnt.worth, state.owner, state.corpus.key, questions)
    made = learnt.facts(1 if last is None else last.result["number"] + 1, asked)
    catalog.record_round(learnt.rows(asked), Lesson(ROUND, "", told, made.as_json(), when))
    return made


def _read(result: Mapping[str, Any], *, new: bool) -> Round:
    def share(found: Mapping[str, Any]) -> Share | None:
        return None if found["agreement"] is None else Share(**found["agreement"])

    labels = [LabelFacts(**{**one, "agreement": share(one)}) for one in result["labels"]]
    verdicts = VerdictFacts(**{**result["verdicts"], "agreement": share(result["verdicts"])})
    return Round(**{**result, "new": new, "labels": labels, "verdicts": verdicts})


class _State:
    """All that a round depends on; one place in every array for each image of the corpus."""

    def __init__(self, rows: CurationRows, network: tuple[str, int], progress: Progress) -> None:
        kept = rows.kept()
        progress.begin("reading images", kept)
        self.corpus: Corpus = read_corpus(rows, progress.advance)
        self.corpus.network = network
        progress.begin("reading features", 2 * kept)
        self.described = read_vectors(rows, self.corpus, progress.advance)
        self.place, self.vectors = self.described.place, self.described.vectors
        words = words_by_image(rows.reviews(0, rows.newest()))
        seq = self.corpus.seq
        self.words: list[tuple[int, Word]] = [
            (place, words[number])
            for place, number in enumerate(seq.tolist())
            if number in words and (words[number].verdict or words[number].labels)
        ]
        self.waiting = np.isin(seq, rows.waiting())
        self.asked_before = np.isin(seq, rows.scored(Kind.ASKED))
        progress.begin("related images", rows.total())
        keys = read_keys(rows.grouping(), rows.near_groups())
        roots, _ = group_roots(keys)
        self.owner = keys.image_id[roots][np.searchsorted(keys.seq, seq)]
        self.settled = np.zeros(len(seq), np.bool_)
        self.said = np.full(len(seq), UNSAID, np.int8)
        for place, word in self.words:
            self.settled[place] = True
            self.said[place] = {"keep": KEEP, "drop": DROP}.get(word.verdict, UNSAID)

    def digest(self) -> str:
        """Return a hash of everything: the same state is not judged twice."""
        corpus = self.corpus
        hash = blake2b(digest_size=16)
        for array in (corpus.seq, corpus.key, self.owner, self.waiting, self.said, self.place):
            hash.update(array.tobytes())
        for name in LABELS:
            hash.update(corpus.labels[name].codes.tobytes() + corpus.confirmed[name].tobytes())
            hash.update(repr(corpus.labels[name].names).encode("utf-8", "surrogatepass"))
        hash.update(repr((corpus.network, self.words)).encode("utf-8", "surrogatepass"))
        return hash.hexdigest()


class _Learnt:
    """What was learnt of a state."""

    def __init__(self, state: _State, progress: Progress) -> None:
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
