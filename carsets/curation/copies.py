"""Near-duplicate groups: what fingerprints, features, files and people call copies of one picture.

Fingerprints find most copies, and tell them from look-alikes where few bits differ. Of the pairs
that are left, those that are likely copies are looked at again, file against file, where somebody
can (``check_pairs``): pairs of fingerprints that are not sure, and images that are much nearer to
each other, by their features, than to everything else: crops, watermarks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from carsets.catalog.curation_rows import GroupRow
from carsets.curation.likely_copies import alike, distinctly_alike
from carsets.curation.local_features import Look
from carsets.curation.near_groups import Edges, Level, NearGroups, find_groups
from carsets.curation.near_pairs import hash_edges, sureness, twins_of
from carsets.curation.report import LocalFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from carsets.curation.corpus import Corpus
    from carsets.curation.options import CurateOptions
    from carsets.curation.progress import Progress
    from carsets.curation.similarity import Graph

    Scores = NDArray[np.float32]
    Places = NDArray[np.int64]
    CheckPairs = Callable[["Corpus", Edges, Callable[[int], None]], NDArray[np.int8]]
    Words = Sequence[tuple[int, int]]

# How sure it is that two images are copies, where no hash says so. Features alone, of a small
# network above all, see the kind of a picture rather than the picture: at CURATE_SAME_COSINE they
# are hardly believed, at 1 they are. Files that were looked at decide.
PEOPLE_SAY, FILES_SAY = 1.0, 0.9
FEATURES_SAY = (0.3, 0.8)
# Copies that are less sure have no voice about the labels and owners of what they would copy, and
# their files are looked at.
SURE_ENOUGH = 0.7
HOW = {
    Level.PEOPLE: "people call it the same picture",
    Level.FILES: "the same picture, as points of both show,",
    Level.HASH: "nearly the same picture",
    Level.MIRROR: "nearly the same picture, mirrored,",
    Level.FEATURES: "nearly the same features",
}


@dataclass(frozen=True, slots=True)
class Copies:
    """What was found: the groups, and one place for each image in all else."""

    keys: NDArray[np.uint64]  # of the images
    groups: NearGroups
    sure: Scores  # that it is a copy of a better one; 0 = it is none
    leader: Places  # of its group; its own place, for most
    level: NDArray[np.uint8]  # how it was found
    unit: Places  # of what it surely is a copy of: its own, for most
    looked_at: LocalFacts | None  # None: no file was held against another

    def reason(self, place: int) -> str:
        """Return why an image is a copy."""
        how = HOW[Level(self.level[place])]
        return f"{how} as {self.keys[self.leader[place]]:016x}, which is the better copy"

    def rows(self, numbers: NDArray[np.int64]) -> Iterator[GroupRow]:
        """Yield the groups as rows of the catalog; ``numbers`` are those of the images."""
        found = self.groups
        for place, leader, level, distance in zip(
            found.place, found.leader, found.level, found.distance, strict=True
        ):
            bits = None if distance < 0 else int(distance)
            name = Level(level).name.lower()
            yield GroupRow(int(numbers[place]), int(numbers[leader]), name, bits)

    def by_level(self) -> dict[str, int]:
        """Return how many copies were found in which way."""
        levels = self.groups.level[self.groups.copies]
        return {one.name.lower(): int((levels == one).sum()) for one in HOW}


def find_copies(
    corpus: Corpus,
    graph: Graph,
    rank: NDArray[np.int64],
    words: tuple[Words, Words],
    options: CurateOptions,
    check_pairs: CheckPairs | None,
    progress: Progress,
) -> Copies:
    """Return the copies. ``words`` are people's on pairs of places: the same, and different."""
    progress.begin("near duplicates", len(corpus))
    twins = twins_of(corpus.phash, corpus.dhash, rank)
    by_hash = hash_edges(
        corpus.phash,
        corpus.dhash,
        rank,
        twins,
        options.near_distance,
        options.near_dhash_distance,
    )
    by_looks = alike(graph, options.same_cosine)
    edges = [by_hash, by_looks]
    progress.advance(len(corpus))
    looked_at = None
    if check_pairs is not None:
        asked = _to_look_at(corpus, graph, by_hash, by_looks, options.local_pairs)
        progress.begin("looking at files", len(asked))
        said = check_pairs(corpus, asked, progress.advance)
        same = asked.where(said == Look.SAME)
        edges = [one.without(asked.where(said == Look.DIFFERENT)) for one in edges]
        edges.append(same.found_as(Level.FILES))
        looked_at = LocalFacts(len(asked), len(same), int((said == Look.DIFFERENT).sum()))
    groups = find_groups(Edges.joined(edges), rank, *words, twins)
    return _copies(corpus, graph, groups, options.same_cosine, looked_at)


def _to_look_at(corpus: Corpus, graph: Graph, by_hash: Edges, by_looks: Edges, most: int) -> Edges:
    """Return the pairs whose files may decide, at most so many: the likeliest copies first."""
    unsure = by_hash.where(sureness(by_hash, corpus.phash, corpus.dhash) < SURE_ENOUGH)
    likely = Edges.one_after_another([distinctly_alike(graph), by_looks]).without(by_hash)
    return Edges.one_after_another([unsure, likely]).first(most)


def _copies(
    corpus: Corpus,
    graph: Graph,
    groups: NearGroups,
    same_cosine: float,
    looked_at: LocalFacts | None,
) -> Copies:
    sure = sureness(groups.edges(), corpus.phash, corpus.dhash)
    sure[groups.level == Level.PEOPLE] = PEOPLE_SAY
    sure[groups.level == Level.FILES] = FILES_SAY
    by_looks = np.flatnonzero(groups.level == Level.FEATURES)
    cosines = graph.cosines_of(groups.place[by_looks], groups.leader[by_looks])
    sure[by_looks] = np.interp(cosines, (min(same_cosine, 0.999), 1), FEATURES_SAY)
    places, copies = groups.place, groups.copies
    unit, leader = np.arange(len(corpus)), np.arange(len(corpus))
    unit[places[sure >= SURE_ENOUGH]] = groups.leader[sure >= SURE_ENOUGH]
    leader[places] = groups.leader
    score = np.zeros(len(corpus), np.float32)
    score[places[copies]] = sure[copies]
    level = np.zeros(len(corpus), np.uint8)
    level[places] = groups.level
    return Copies(corpus.key, groups, score, leader, level, unit, looked_at)
