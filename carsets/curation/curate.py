"""All stages of curation, one after another, each written when it is done.

    read -> near duplicates -> placeholders -> graph -> outliers -> labels -> caps -> doubt

What is written depends on the catalog and the options alone: a second run writes the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carsets.curation.caps import BotRules
from carsets.curation.copies import find_copies
from carsets.curation.corpus import read_corpus
from carsets.curation.doubt import WEIGHTS, combine
from carsets.curation.findings import Findings
from carsets.curation.floods import Floods
from carsets.curation.kinds import Kind
from carsets.curation.label_doubts import doubt_labels
from carsets.curation.label_reasons import LabelReasons
from carsets.curation.label_sources import agreements
from carsets.curation.out_of_sample import judge
from carsets.curation.outliers import outlier_scores
from carsets.curation.placeholders import placeholder_scores
from carsets.curation.report import CurationReport, GraphFacts, LabelFacts
from carsets.curation.similarity import build_graph, read_vectors
from carsets.curation.uniqueness import measure
from carsets.curation.voices import read_voices
from carsets.release.labels import LABELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from carsets.catalog.catalog import Catalog
    from carsets.catalog.curation_rows import CurationRows
    from carsets.curation.copies import CheckPairs, Copies
    from carsets.curation.corpus import Corpus
    from carsets.curation.label_doubts import LabelDoubt
    from carsets.curation.options import CurateOptions
    from carsets.curation.progress import Progress
    from carsets.curation.similarity import Described, Graph
    from carsets.curation.voices import Voices

LABEL_KINDS = (
    Kind.LABEL_NOISE,
    Kind.ENGINE_DISAGREEMENT,
    Kind.TEXT_CONTRADICTION,
    Kind.COUNT_CONTRADICTION,
)


def curate(
    catalog: Catalog,
    options: CurateOptions,
    progress: Progress,
    when: str,
    check_pairs: CheckPairs | None = None,
) -> CurationReport:
    """Score all images, group copies, send what is doubtful to review; return what was found.

    ``when`` is the time to write (ISO 8601, UTC). ``check_pairs`` looks at the files of pairs that
    are likely copies, and says which are.
    """
    curation = Curation(catalog, options, progress, when)
    curation.run(check_pairs)
    return curation.report


class Curation:
    """What the stages have found so far; one place in every array for each image."""

    corpus: Corpus
    rank: NDArray[np.int64]  # 0 the best of all
    voices: Voices
    described: Described
    graph: Graph
    copies: Copies
    findings: Findings
    label_doubts: list[LabelDoubt]
    words: tuple[list[tuple[int, int]], list[tuple[int, int]]]  # on pairs: the same, different

    def __init__(
        self, catalog: Catalog, options: CurateOptions, progress: Progress, when: str
    ) -> None:
        self.catalog, self.options, self.progress, self.when = catalog, options, progress, when
        self.report = CurationReport()

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
        self.rank, self.findings = corpus.rank(), Findings(corpus.seq)
        addresses = rows.addresses()
        self.progress.begin("reading addresses", addresses)
        self.voices = read_voices(rows, corpus, self.progress.advance)
        self.progress.begin("reading features", kept)
        self.described = read_vectors(rows, corpus, self.progress.advance)
        self.words = _words_on_pairs(rows, corpus)
        self.report.images, self.report.addresses = len(corpus), addresses
        self.report.network = corpus.network[0]

    def find_neighbors(self) -> None:
        """Build the graph of similarities; no catalog is held open meanwhile."""
        self.progress.begin("nearest neighbors", len(self.described))
        self.graph = build_graph(self.described, self.progress.advance)

    def find_copies(self, check_pairs: CheckPairs | None) -> None:
        """Find near-duplicate groups; doubt all but the best of each."""
        self.copies = found = find_copies(
            self.corpus,
            self.graph,
            self.rank,
            self.words,
            self.options,
            check_pairs,
            self.progress,
        )
        self.findings.keep(Kind.NEAR_DUPLICATE, found.sure, found.reason)
        self.catalog.write_near_groups(
            found.rows(self.corpus.seq),
            Kind.NEAR_DUPLICATE,
            self.findings.rows(Kind.NEAR_DUPLICATE),
            self.when,
        )
        self.report.groups = len(np.unique(found.groups.leader))
        self.report.copies_by_level = found.by_level()
        self.report.looked_at = found.looked_at
        self.report.uniqueness = measure(
            self.corpus, found.groups, found.leader, self.report.addresses
        )

    def find_placeholders(self) -> None:
        """Find what unrelated owners show."""
        self.progress.begin("placeholders", len(self.corpus))
        unit = self.copies.unit
        owners, classes = self.voices.owners(unit), self.voices.classes(unit)
        score = placeholder_scores(
            owners, classes, self.options.placeholder_owners, self.options.placeholder_pages
        )[unit]

        def reason(place: int) -> str:
            at = unit[place]
            return f"{owners[at]} unrelated owners show the picture, for {classes[at]} classes"

        self.findings.keep(Kind.PLACEHOLDER, score, reason)
        self._write(Kind.PLACEHOLDER)

    def find_outliers(self) -> None:
        """Find what looks like nothing else of its class."""
        corpus, graph = self.corpus, self.graph
        self.progress.begin("outliers", len(graph))
        score = np.zeros(len(corpus), np.float32)
        score[graph.place] = outlier_scores(
            graph,
            corpus.classes.codes[graph.place],
            self.copies.unit[graph.place],
            self.progress.advance,
        )
        names = corpus.classes

        def reason(place: int) -> str:
            return f"it looks unlike the other images of {names.names[names.codes[place]]}"

        self.findings.keep(Kind.OUTLIER, score, reason)
        self._write(Kind.OUTLIER)
        self.report.graph = GraphFacts.of(graph, self.options.same_cosine)

    def doubt_labels(self) -> None:
        """Find labels that features, other queries, texts or counts speak against."""
        corpus, graph, unit = self.corpus, self.graph, self.copies.unit
        seeds = np.where(corpus.author != 0, corpus.author, corpus.page)
        seeds = np.where(seeds != 0, seeds, corpus.key)[unit][graph.place]
        # Authors' keys are even spread; a hash again would gain nothing.
        judged = {}
        for name in LABELS:
            codes = corpus.labels[name].codes[graph.place]
            if (codes >= 0).any():
                self.progress.begin(f"label {name}", len(graph))
                judged[name] = judge(graph, codes, seeds)
                self.progress.advance(len(graph))
        self.label_doubts = doubts = doubt_labels(corpus, self.voices, unit, graph, judged)
        for kind, score, reason in LabelReasons(corpus, doubts).scores():
            self.findings.keep(kind, score, reason)
        self._write(*LABEL_KINDS)
        self.report.agreements = agreements(corpus, doubts)
        self.report.with_place = int(corpus.has_geo.sum())
        self.report.labels = [LabelFacts.of(corpus, doubt) for doubt in doubts]

    def find_floods(self) -> None:
        """Find hosts and authors that give too much, and automatic captions."""
        self.progress.begin("caps", len(self.corpus))
        floods, rules = Floods(self.corpus, self.rank), BotRules(self.corpus)
        for kind, score, reason in floods.scores(
            self.options.host_share, self.options.author_share
        ):
            self.findings.keep(kind, score, reason)
        self.findings.keep(Kind.BOT, rules.scores(), rules.reason)
        self._write(Kind.HOST_CAP, Kind.AUTHOR_CAP, Kind.BOT)
        over = self.findings.scores[Kind.HOST_CAP] > 0
        self.report.worst_hosts = floods.worst_hosts(over)

    def combine(self) -> None:
        """Put all scores together, and let review hold what is doubted enough."""
        corpus, findings = self.corpus, self.findings
        self.progress.begin("doubt", len(corpus))
        doubt, kind = combine(findings.scores, corpus.car_score)
        kinds = list(WEIGHTS)

        def reason(place: int) -> str:
            if kind[place] < 0:
                return f"the detector is not sure: car score {corpus.car_score[place]:.2f}"
            return findings.reason(kinds[kind[place]], place)

        # What sends an image to review is what curation itself has found.
        found = np.any([findings.doubted(one) for one in WEIGHTS], axis=0)
        marked = np.where((doubt >= self.options.review) & found, doubt, 0)
        findings.keep(Kind.DOUBT, doubt, reason)
        findings.keep(Kind.REVIEW_MARK, marked.astype(np.float32), reason)
        self.report.marked, self.report.returned = self.catalog.write_doubts(
            (Kind.DOUBT, Kind.REVIEW_MARK),
            findings.rows(Kind.DOUBT),
            findings.rows(Kind.REVIEW_MARK),
            corpus.decided,
            self.when,
        )
        told = dict.fromkeys((*WEIGHTS, *LABEL_KINDS))
        self.report.doubted = {one.value: int(findings.doubted(one).sum()) for one in told}
        self.report.doubts = np.histogram(doubt, np.linspace(0, 1, 11))[0].tolist()

    def _write(self, *kinds: Kind) -> None:
        found = {kind.value: self.findings.rows(kind) for kind in kinds}
        self.catalog.write_scores(found, self.when)


def _words_on_pairs(
    rows: CurationRows, corpus: Corpus
) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Return the pairs of places that people call the same, and those they call different."""
    pairs = [(pair.seq_a, pair.seq_b, pair.same) for pair in rows.pair_verdicts()]
    ones = corpus.places_of(np.array([pair[0] for pair in pairs], np.int64)).tolist()
    twos = corpus.places_of(np.array([pair[1] for pair in pairs], np.int64)).tolist()
    same: list[tuple[int, int]] = []
    different: list[tuple[int, int]] = []
    for one, two, (_, _, is_same) in zip(ones, twos, pairs, strict=True):
        if one >= 0 and two >= 0:
            (same if is_same else different).append((one, two))
    return same, different
