"""All stages of curation, one after another, each written when it is done.

    read -> near duplicates -> placeholders -> graph -> outliers -> labels -> caps -> doubt

What is written depends on the catalog and the options alone: a second run writes the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from carsets.catalog.curation_rows import GroupRow, ScoreRow
from carsets.curation.caps import BotRules, over_cap
from carsets.curation.corpus import read_corpus
from carsets.curation.doubt import WEIGHTS, combine
from carsets.curation.kinds import Kind
from carsets.curation.label_doubts import doubt_labels
from carsets.curation.label_reasons import LabelReasons
from carsets.curation.label_sources import agreements
from carsets.curation.near_groups import Edges, Level, find_groups
from carsets.curation.near_pairs import hash_edges, sureness, twins_of
from carsets.curation.out_of_sample import judge
from carsets.curation.outliers import outlier_scores
from carsets.curation.placeholders import placeholder_scores
from carsets.curation.report import CurationReport, GraphFacts, LabelFacts, LocalFacts
from carsets.curation.similarity import build_graph, read_vectors
from carsets.curation.uniqueness import measure
from carsets.curation.voices import read_voices
from carsets.release.labels import LABELS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from carsets.catalog.catalog import Catalog
    from carsets.catalog.curation_rows import CurationRows
    from carsets.curation.corpus import Corpus
    from carsets.curation.near_groups import NearGroups
    from carsets.curation.options import CurateOptions
    from carsets.curation.similarity import Graph
    from carsets.curation.voices import Voices

    Scores = NDArray[np.float32]
    Places = NDArray[np.int64]
    CheckPairs = Callable[["Corpus", Edges, Callable[[int], None]], NDArray[np.bool_]]

FLOOR = 0.05  # scores below it are not worth a row
# How sure it is that two images are copies, where no hash says so. Features alone, of a small
# network above all, see the kind of a picture rather than the picture: at CURATE_SAME_COSINE they
# are hardly believed, at 1 they are. Files that were looked at decide.
PEOPLE_SAY, FILES_SAY = 1.0, 0.9
FEATURES_SAY = (0.3, 0.8)
# Copies that are less sure have no voice about the labels and owners of what they would copy.
SURE_ENOUGH = 0.7


class Progress(Protocol):
    """Who is told how far it is."""

    def begin(self, stage: str, total: int) -> None: ...
    def advance(self, count: int = 1) -> None: ...


def curate(
    catalog: Catalog,
    options: CurateOptions,
    progress: Progress,
    when: str,
    check_pairs: CheckPairs | None = None,
) -> CurationReport:
    """Score all images, group copies, send what is doubtful to review; return what was found.

    ``when`` is the time to write (ISO 8601, UTC). ``check_pairs`` looks at the files of pairs that
    only features call copies, and says which are.
    """
    curation = Curation(catalog, options, progress, when)
    curation.run(check_pairs)
    return curation.report


class Curation:
    """What the stages have found so far; one place in every array for each image."""

    corpus: Corpus
    voices: Voices
    graph: Graph
    groups: NearGroups
    unit: Places  # place of what each image surely is a copy of: its own, for most
    same: list[tuple[int, int]]  # people's words on pairs of places
    different: list[tuple[int, int]]

    def __init__(
        self, catalog: Catalog, options: CurateOptions, progress: Progress, when: str
    ) -> None:
        self.catalog, self.options, self.progress, self.when = catalog, options, progress, when
        self.report = CurationReport()
        self.scores: dict[Kind, Scores] = {}
        self.reasons: dict[Kind, Callable[[int], str]] = {}

    def run(self, check_pairs: CheckPairs | None = None) -> None:
        """Go through all stages."""
        with self.catalog.curation_state() as rows:
            self.read(rows)
        self.find_neighbors()
        self.find_copies(check_pairs)
        self.find_placeholders()
        self.find_outliers()
        self.doubt_labels()
        self.find_floods()
        self.combine()

    def read(self, rows: CurationRows) -> None:
        """Read all that is needed of one state of the catalog."""
        kept = rows.kept()
        self.progress.begin("reading images", kept)
        self.corpus = corpus = read_corpus(rows, self.progress.advance)
        self.rank = corpus.rank()
        addresses = rows.addresses()
        self.progress.begin("reading addresses", addresses)
        self.voices = read_voices(rows, corpus, self.progress.advance)
        self.progress.begin("reading features", kept)
        self.described = read_vectors(rows, corpus, self.progress.advance)
        pairs = [(pair.seq_a, pair.seq_b, pair.same) for pair in rows.pair_verdicts()]
        ones = corpus.places_of(np.array([pair[0] for pair in pairs], np.int64)).tolist()
        twos = corpus.places_of(np.array([pair[1] for pair in pairs], np.int64)).tolist()
        self.same, self.different = [], []
        for one, two, (_, _, same) in zip(ones, twos, pairs, strict=True):
            if one >= 0 and two >= 0:
                (self.same if same else self.different).append((one, two))
        self.report.images, self.report.addresses = len(corpus), addresses
        self.report.network = corpus.network[0]

    def find_neighbors(self) -> None:
        """Build the graph of similarities; no catalog is held open meanwhile."""
        self.progress.begin("nearest neighbors", len(self.described))
        self.graph = build_graph(self.described, self.progress.advance)

    def find_copies(self, check_pairs: CheckPairs | None) -> None:
        """Find near-duplicate groups; doubt all but the best of each."""
        corpus, options = self.corpus, self.options
        self.progress.begin("near duplicates", len(corpus))
        twins = twins_of(corpus.phash, corpus.dhash, self.rank)
        by_hash = hash_edges(
            corpus.phash,
            corpus.dhash,
            self.rank,
            twins,
            options.near_distance,
            options.near_dhash_distance,
        )
        alike = self._alike(by_hash, check_pairs)
        self.groups = groups = find_groups(
            Edges.joined([by_hash, alike]), self.rank, self.same, self.different, twins
        )
        self.progress.advance(len(corpus))
        sure = sureness(groups, corpus.phash, corpus.dhash)
        sure[groups.level == Level.PEOPLE] = PEOPLE_SAY
        by_looks = np.flatnonzero(groups.level == Level.FEATURES)
        sure[by_looks] = FILES_SAY if check_pairs else self._sure_by_looks(groups, by_looks)
        self.unit = np.arange(len(corpus))
        believed = sure >= SURE_ENOUGH
        self.unit[groups.place[believed]] = groups.leader[believed]
        leader = np.arange(len(corpus))
        leader[groups.place] = groups.leader
        score = np.zeros(len(corpus), np.float32)
        score[groups.place[groups.copies]] = sure[groups.copies]
        level = np.zeros(len(corpus), np.uint8)
        level[groups.place] = groups.level
        numbers = corpus.seq

        def reason(place: int) -> str:
            how = HOW[Level(level[place])]
            return f"{how} as {corpus.key[leader[place]]:016x}, which is the better copy"

        self._keep(Kind.NEAR_DUPLICATE, score, reason)
        rows = (
            GroupRow(
                int(numbers[place]),
                int(numbers[leader]),
                Level(level).name.lower(),
                None if distance < 0 else int(distance),
            )
            for place, leader, level, distance in zip(
                groups.place, groups.leader, groups.level, groups.distance, strict=True
            )
        )
        self.catalog.write_near_groups(
            rows, Kind.NEAR_DUPLICATE, self._rows(Kind.NEAR_DUPLICATE), self.when
        )
        self.report.groups = len(np.unique(groups.leader))
        copies = groups.level[groups.copies]
        self.report.copies_by_level = {one.name.lower(): int((copies == one).sum()) for one in HOW}
        self.report.uniqueness = measure(corpus, groups, leader, self.report.addresses)

    def _alike(self, by_hash: Edges, check_pairs: CheckPairs | None) -> Edges:
        """Return the pairs that features call copies, as far as their files confirm it."""
        if check_pairs is None:
            return alike_edges(self.graph, self.options.same_cosine)
        asked = alike_edges(self.graph, self.options.candidate_cosine).without(by_hash)
        asked = Edges.joined([asked])  # each pair once
        self.progress.begin("looking at files", len(asked))
        confirmed = asked.where(check_pairs(self.corpus, asked, self.progress.advance))
        self.report.looked_at = LocalFacts(len(asked), len(confirmed))
        return confirmed

    def _sure_by_looks(self, groups: NearGroups, rows: Places) -> Scores:
        """Return how sure some rows of the groups are, by their features alone."""
        at = np.zeros(len(self.corpus), np.int64)
        at[self.graph.place] = np.arange(len(self.graph))
        vectors = self.graph.vectors
        one, other = vectors[at[groups.place[rows]]], vectors[at[groups.leader[rows]]]
        least = min(self.options.same_cosine, 0.999)
        sure: Scores = np.interp((one * other).sum(1), (least, 1), FEATURES_SAY).astype(np.float32)
        return sure

    def find_placeholders(self) -> None:
        """Find what unrelated owners show."""
        self.progress.begin("placeholders", len(self.corpus))
        owners, classes = self.voices.owners(self.unit), self.voices.classes(self.unit)
        score = placeholder_scores(
            owners, classes, self.options.placeholder_owners, self.options.placeholder_pages
        )[self.unit]
        self._keep(
            Kind.PLACEHOLDER,
            score,
            lambda place: (
                f"{owners[self.unit[place]]} unrelated owners show the picture, "
                f"for {classes[self.unit[place]]} classes"
            ),
        )
        self._write(Kind.PLACEHOLDER)

    def find_outliers(self) -> None:
        """Find what looks like nothing else of its class."""
        corpus, graph = self.corpus, self.graph
        self.progress.begin("outliers", len(graph))
        score = np.zeros(len(corpus), np.float32)
        score[graph.place] = outlier_scores(
            graph,
            corpus.classes.codes[graph.place],
            self.unit[graph.place],
            self.progress.advance,
        )
        names = corpus.classes

        def reason(place: int) -> str:
            return f"it looks unlike the other images of {names.names[names.codes[place]]}"

        self._keep(Kind.OUTLIER, score, reason)
        self._write(Kind.OUTLIER)
        if len(graph):
            component = graph.components(self.options.same_cosine)
            degree = graph.degree()
            self.report.graph = GraphFacts(
                images=len(graph),
                neighbors=graph.neighbors.shape[1],
                components=len(np.unique(component)),
                largest=int(np.bincount(component).max()),
                unlisted=int((degree == 0).sum()),
                most_listed=int(degree.max()),
            )

    def doubt_labels(self) -> None:
        """Find labels that features, other queries, texts or counts speak against."""
        corpus, graph = self.corpus, self.graph
        seeds = np.where(corpus.author != 0, corpus.author, corpus.page)
        seeds = np.where(seeds != 0, seeds, corpus.key)[self.unit][graph.place]
        # Authors' keys are even spread; a hash again would gain nothing.
        judged = {}
        for name in LABELS:
            codes = corpus.labels[name].codes[graph.place]
            if (codes >= 0).any():
                self.progress.begin(f"label {name}", len(graph))
                judged[name] = judge(graph, codes, seeds)
                self.progress.advance(len(graph))
        doubts = doubt_labels(corpus, self.voices, self.unit, graph, judged)
        self.label_doubts = doubts
        reasons = LabelReasons(corpus, doubts)
        for kind, score, reason in reasons.scores():
            self._keep(kind, score, reason)
        kinds = (
            Kind.LABEL_NOISE,
            Kind.ENGINE_DISAGREEMENT,
            Kind.TEXT_CONTRADICTION,
            Kind.COUNT_CONTRADICTION,
        )
        self._write(*kinds)
        self.report.agreements = agreements(corpus, doubts)
        self.report.with_place = int(corpus.has_geo.sum())
        self.report.labels = [LabelFacts.of(corpus, doubt) for doubt in doubts]

    def find_floods(self) -> None:
        """Find hosts and authors that give too much, and automatic captions."""
        corpus, options = self.corpus, self.options
        self.progress.begin("caps", len(corpus))
        # A host of many authors is a host of nobody in particular: their own cap holds, and that
        # of each page, which anybody may write full of names.
        host = np.where(corpus.author == 0, corpus.host, corpus.page)
        owners = (
            (Kind.HOST_CAP, host, options.host_share, self._host_name),
            (Kind.AUTHOR_CAP, corpus.author, options.author_share, lambda _: "one author"),
        )
        for kind, owner, share, name_of in owners:
            score, has = over_cap(owner, corpus.classes.codes, self.rank, share)
            self._keep(kind, score, self._flood_reason(share, has, name_of))
        rules = BotRules(corpus)
        self._keep(Kind.BOT, rules.scores(), rules.reason)
        self._write(Kind.HOST_CAP, Kind.AUTHOR_CAP, Kind.BOT)
        over = self.scores[Kind.HOST_CAP] > 0
        keys, counts = np.unique(corpus.host[over], return_counts=True)
        worst = sorted(
            (-int(count), self.corpus.hosts[int(key)])
            for key, count in zip(keys, counts, strict=True)
            if key
        )
        self.report.worst_hosts = [(name, -count) for count, name in worst[:20]]

    def _host_name(self, place: int) -> str:
        host = self.corpus.hosts.get(int(self.corpus.host[place]), "one host")
        return host if self.corpus.author[place] == 0 else f"one page of {host}"

    def _flood_reason(
        self, share: float, has: NDArray[np.int64], name_of: Callable[[int], str]
    ) -> Callable[[int], str]:
        classes = self.corpus.classes

        def reason(place: int) -> str:
            return (
                f"{name_of(place)} gives {has[place]} images of "
                f"{classes.names[classes.codes[place]]}, more than {share:.0%} of them"
            )

        return reason

    def combine(self) -> None:
        """Put all scores together, and let review hold what is doubted enough."""
        corpus = self.corpus
        self.progress.begin("doubt", len(corpus))
        doubt, kind = combine(self.scores, corpus.car_score)
        kinds = list(WEIGHTS)

        def reason(place: int) -> str:
            if kind[place] < 0:
                return f"the detector is not sure: car score {corpus.car_score[place]:.2f}"
            return self.reasons[kinds[kind[place]]](place)

        self._keep(Kind.DOUBT, doubt, reason)
        # What sends an image to review is what curation itself has found.
        found = np.zeros(len(corpus), np.bool_)
        for one in WEIGHTS:
            found |= self.scores[one] >= FLOOR
        marked = np.where((doubt >= self.options.review) & found, doubt, 0)
        self._keep(Kind.REVIEW_MARK, marked.astype(np.float32), reason)
        self.report.marked, self.report.returned = self.catalog.write_doubts(
            (Kind.DOUBT, Kind.REVIEW_MARK),
            self._rows(Kind.DOUBT),
            self._rows(Kind.REVIEW_MARK),
            corpus.decided,
            self.when,
        )
        self.report.doubted = {
            one.value: int((self.scores[one] >= FLOOR).sum()) for one in (*WEIGHTS, *_LABEL_KINDS)
        }
        self.report.doubts = np.histogram(doubt, np.linspace(0, 1, 11))[0].tolist()

    def _keep(self, kind: Kind, score: Scores, reason: Callable[[int], str]) -> None:
        self.scores[kind], self.reasons[kind] = score, reason

    def _rows(self, kind: Kind) -> Iterator[ScoreRow]:
        score, reason = self.scores[kind], self.reasons[kind]
        for place in np.flatnonzero(score >= FLOOR).tolist():
            yield ScoreRow(
                int(self.corpus.seq[place]), round(float(score[place]), 4), reason(place)
            )

    def _write(self, *kinds: Kind) -> None:
        self.catalog.write_scores({kind.value: self._rows(kind) for kind in kinds}, self.when)


_LABEL_KINDS = (Kind.ENGINE_DISAGREEMENT, Kind.TEXT_CONTRADICTION, Kind.COUNT_CONTRADICTION)
HOW = {
    Level.PEOPLE: "people call it the same picture",
    Level.HASH: "nearly the same picture",
    Level.MIRROR: "nearly the same picture, mirrored,",
    Level.FEATURES: "nearly the same features",
}


def alike_edges(graph: Graph, least: float) -> Edges:
    """Return the pairs of images whose features are nearly the same: crops, watermarks."""
    rows, columns = np.nonzero(graph.cosines >= least)
    one, two = graph.place[rows], graph.place[graph.neighbors[rows, columns]]
    return Edges.of(one, two, Level.FEATURES)
