"""What curation has found, in numbers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from carsets.curation.corpus import NO_LABEL

if TYPE_CHECKING:
    from carsets.curation.corpus import Corpus
    from carsets.curation.label_doubts import LabelDoubt
    from carsets.curation.label_sources import Agreement
    from carsets.curation.similarity import Graph
    from carsets.curation.uniqueness import Uniqueness


@dataclass(frozen=True, slots=True)
class GraphFacts:
    """The graph of similarities."""

    images: int
    neighbors: int  # of each
    components: int  # that edges of CURATE_SAME_COSINE hold together
    largest: int  # images of the largest one
    unlisted: int  # images that are among the nearest of no other
    most_listed: int  # how often the image is listed that most list

    @classmethod
    def of(cls, graph: Graph, least: float) -> Self | None:
        """Return the facts about a graph; None for one of no images."""
        if not len(graph):
            return None
        component, degree = graph.components(least), graph.degree()
        return cls(
            images=len(graph),
            neighbors=graph.neighbors.shape[1],
            components=len(np.unique(component)),
            largest=int(np.bincount(component).max()),
            unlisted=int((degree == 0).sum()),
            most_listed=int(degree.max()),
        )


@dataclass(frozen=True, slots=True)
class LocalFacts:
    """The second look at pairs that are likely copies."""

    pairs: int  # whose files were held against each other
    confirmed: int
    refuted: int
    unreadable: int = 0  # images whose files could not be looked at


@dataclass(frozen=True, slots=True)
class LabelFacts:
    """One label. ``expected_wrong`` is the sum of the probabilities."""

    label: str
    images: int
    told_by_features: float  # nats an image; 0 = features say nothing of it
    noise: float  # share of labels that look drawn at random
    expected_wrong: float  # images
    doubted: int  # images whose label is more likely wrong than right

    @classmethod
    def of(cls, corpus: Corpus, doubt: LabelDoubt) -> Self:
        """Return the facts about one label."""
        return cls(
            label=doubt.name,
            images=int((corpus.labels[doubt.name].codes != NO_LABEL).sum()),
            told_by_features=round(doubt.judged.gain if doubt.judged else 0.0, 4),
            noise=doubt.noise,
            expected_wrong=round(float(doubt.wrong.sum()), 1),
            doubted=int((doubt.wrong >= 0.5).sum()),
        )


@dataclass(slots=True)
class CurationReport:
    """All that is printed after a run. Counts are of images unless their name says more."""

    images: int = 0
    addresses: int = 0  # at which the pictures were seen
    network: str = ""  # whose features were compared
    groups: int = 0  # of near duplicates
    copies_by_level: dict[str, int] = field(default_factory=dict)
    doubted: dict[str, int] = field(default_factory=dict)  # by kind
    doubts: list[int] = field(default_factory=list)  # images by doubt, in tenths
    marked: int = 0  # in review because of curation
    returned: int = 0  # sent back from there
    with_place: int = 0  # that tell where they were taken
    graph: GraphFacts | None = None
    looked_at: LocalFacts | None = None
    not_looked_at: str = ""  # why no file was held against another
    labels: list[LabelFacts] = field(default_factory=list)
    agreements: list[Agreement] = field(default_factory=list)
    worst_hosts: list[tuple[str, int]] = field(default_factory=list)  # images beyond the cap
    uniqueness: Uniqueness | None = None

    def as_json(self) -> dict[str, Any]:
        """Return everything as JSON types."""
        facts = asdict(self)
        if self.uniqueness is not None:
            facts["uniqueness"]["share"] = round(self.uniqueness.share, 6)
            facts["uniqueness"]["share_of_addresses"] = round(self.uniqueness.share_of_addresses, 6)
        return facts
