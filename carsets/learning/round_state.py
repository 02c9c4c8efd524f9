"""Everything that a round of ``scrapy iterate`` depends on."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from carsets.curation.corpus import read_corpus
from carsets.curation.kinds import Kind
from carsets.curation.similarity import read_vectors
from carsets.learning.verdict_head import DROP, KEEP, UNSAID
from carsets.release.groups import read_keys
from carsets.release.labels import LABELS
from carsets.release.people import words_by_image
from carsets.release.quotas import group_roots

if TYPE_CHECKING:
    from carsets.catalog.curation_rows import CurationRows
    from carsets.curation.corpus import Corpus
    from carsets.curation.progress import Progress
    from carsets.release.people import Word


class RoundState:
    """The dataset as people have left it; one place in every array for each of its images."""

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
