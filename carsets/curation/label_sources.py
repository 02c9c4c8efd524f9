"""Who says a label: the engine's query, the caption, the tags, other queries; and do they agree?

A word is not the thing ("london" is not London). So it is counted, label by label, how often what
the engine was asked for is also what caption and tags name, and how often they name another value.
Where a photo was taken is a source of labels for places, and of none for vehicles: it is counted
only.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from carsets.curation.corpus import NO_LABEL
from carsets.curation.texts import OTHER, SAME

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carsets.curation.corpus import Corpus
    from carsets.curation.label_doubts import LabelDoubt


@dataclass(frozen=True, slots=True)
class Agreement:
    """One label; all are counts of images."""

    label: str
    engine: int  # have it from the query that brought them
    caption_same: int
    caption_other: int
    tags_same: int
    tags_other: int
    both_same: int  # caption and tags name the engine's value: the three sources combined
    both_other: int
    other_queries_same: int  # were found by other queries for the same value
    other_queries_other: int  # by queries for another one

    def as_json(self) -> dict[str, Any]:
        """Return what is printed with ``--json``."""
        return asdict(self)


def agreements(corpus: Corpus, doubts: Iterable[LabelDoubt]) -> list[Agreement]:
    """Return how the sources of each label agree."""
    return [_agreement(corpus, doubt) for doubt in doubts]


def _agreement(corpus: Corpus, doubt: LabelDoubt) -> Agreement:
    has = corpus.labels[doubt.name].codes != NO_LABEL
    caption, tags = corpus.says[doubt.name].text[has], corpus.says[doubt.name].tags[has]

    def count(flags: np.ndarray) -> int:
        return int(np.count_nonzero(flags))

    return Agreement(
        label=doubt.name,
        engine=count(has),
        caption_same=count(caption == SAME),
        caption_other=count(caption == OTHER),
        tags_same=count(tags == SAME),
        tags_other=count(tags == OTHER),
        both_same=count((caption == SAME) & (tags == SAME)),
        both_other=count((caption == OTHER) & (tags == OTHER)),
        other_queries_same=count((doubt.votes.same > 1) & ~doubt.disputed & has),
        other_queries_other=count(doubt.disputed & has),
    )
