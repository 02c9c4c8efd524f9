"""What all the addresses of a picture, and of its copies, say of it: labels, owners, pages.

A picture that queries for different labels have found has at least one wrong label; one that
stands on the pages of many unrelated owners is a placeholder, or a logo.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from carsets.curation.corpus import NO_LABEL, author_of, class_of
from carsets.integrity.decay import host_of
from carsets.release.groups import hash_of
from carsets.release.label_texts import read_labels
from carsets.release.labels import LABELS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from carsets.catalog.curation_rows import CurationRows, VoiceRow
    from carsets.curation.corpus import Coded, Corpus

    Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Votes:
    """What queries say of one label of each image and its copies."""

    same: NDArray[np.int32]  # queries that name the image's own value
    other: NDArray[np.int32]  # queries that name another one
    rival: NDArray[np.int32]  # code of the other value that most name; NO_LABEL = none


@dataclass(frozen=True, slots=True)
class Voices:
    """All addresses of the pictures of today's dataset; one place in every array each."""

    place: Places  # of the image
    asked: NDArray[np.uint64]  # source and query
    owner: NDArray[np.uint64]  # author, or else host of the page; 0 = unknown
    label: dict[str, NDArray[np.int32]]  # codes as in the corpus, "class" too; NO_LABEL = none

    def __len__(self) -> int:
        return len(self.place)

    def owners(self, unit: Places) -> NDArray[np.int64]:
        """Return how many owners show each unit: an image's place, or that of what it copies."""
        known = self.owner != 0
        return _distinct(unit[self.place[known]], self.owner[known], len(unit))

    def classes(self, unit: Places) -> NDArray[np.int64]:
        """Return under how many classes each unit was found."""
        codes = self.label["class"]
        known = codes != NO_LABEL
        return _distinct(unit[self.place[known]], codes[known].astype(np.uint64), len(unit))

    def votes(self, name: str, own: Coded, unit: Places) -> Votes:
        """Return what the queries that found each unit say of a label. One query is one voice."""
        codes = self.label[name]
        known = np.flatnonzero(codes != NO_LABEL)
        spoken = np.stack(
            (
                unit[self.place[known]].astype(np.uint64),
                codes[known].astype(np.uint64),
                self.asked[known],
            ),
            axis=1,
        )
        spoken = np.unique(spoken, axis=0)
        width = np.uint64(max(len(own.names), int(codes.max(initial=0)) + 1))
        pairs, votes = np.unique(spoken[:, 0] * width + spoken[:, 1], return_counts=True)
        units, values = (pairs // width).astype(np.int64), (pairs % width).astype(np.int32)
        total = np.bincount(units, votes, len(unit)).astype(np.int64)
        mine = unit.astype(np.uint64) * width + np.maximum(own.codes, 0).astype(np.uint64)
        at = np.minimum(np.searchsorted(pairs, mine), max(len(pairs) - 1, 0))
        same = np.zeros(len(unit), np.int64)
        rival = np.full(len(unit), NO_LABEL, np.int32)
        if len(pairs):
            same = np.where((pairs[at] == mine) & (own.codes >= 0), votes[at], 0)
            rival = _rivals(units, values, votes, own.codes, unit)
        has_label = own.codes != NO_LABEL
        return Votes(
            same=np.where(has_label, same, 0).astype(np.int32),
            other=np.where(has_label, total[unit] - same, 0).astype(np.int32),
            rival=rival,
        )


def _rivals(
    units: Places,
    values: NDArray[np.int32],
    votes: NDArray[np.int64],
    own: NDArray[np.int32],
    unit: Places,
) -> NDArray[np.int32]:
    """Return, for each image, the value that most queries name and that is not its own."""
    order = np.lexsort((values, -votes, units))
    units, values = units[order], values[order]
    start = np.searchsorted(units, unit)
    rival = np.full(len(unit), NO_LABEL, np.int32)
    for step in (1, 0):  # the second, unless the first is another one
        at = np.minimum(start + step, len(units) - 1)
        other = (start + step < len(units)) & (units[at] == unit) & (values[at] != own)
        rival = np.where(other, values[at], rival)
    return rival


def _distinct(units: Places, keys: NDArray[np.uint64], count: int) -> NDArray[np.int64]:
    pairs = np.unique(np.stack((units.astype(np.uint64), keys), axis=1), axis=0)
    return np.bincount(pairs[:, 0].astype(np.int64), minlength=count)


def read_voices(
    rows: CurationRows, corpus: Corpus, advance: Callable[[int], None] = lambda _: None
) -> Voices:
    """Read where all pictures were seen. Labels that the corpus lacks get new codes there."""
    numbers, asked, owner = array("q"), array("Q"), array("Q")
    label = {name: array("i") for name in (*LABELS, "class")}
    coded = {**corpus.labels, "class": corpus.classes}
    codes = {
        name: {text: code for code, text in enumerate(one.names)} for name, one in coded.items()
    }
    for chunk in rows.voices():
        for row in chunk:
            numbers.append(row.seq)
            asked.append(hash_of(row.source, row.query_id))
            owner.append(owner_of(row))
            labels = read_labels(row.labels_json)
            for name in LABELS:
                text = labels.get(name, "")
                known = codes[name]
                label[name].append(known.setdefault(text, len(known)) if text else NO_LABEL)
            text, known = class_of(labels), codes["class"]
            label["class"].append(known.setdefault(text, len(known)) if text else NO_LABEL)
        advance(len(chunk))
    for name, one in coded.items():
        one.names = list(codes[name])
    place = corpus.places_of(np.frombuffer(numbers, np.int64))
    here = place >= 0
    return Voices(
        place=place[here],
        asked=np.frombuffer(asked, np.uint64)[here],
        owner=np.frombuffer(owner, np.uint64)[here],
        label={name: np.frombuffer(cells, np.int32)[here] for name, cells in label.items()},
    )


def owner_of(row: VoiceRow) -> int:
    """Return the key of whose page it is: the author's, or else that of the page's host."""
    host = host_of(row.page_url) or host_of(row.url)
    return author_of(row) or (hash_of("host", host) if host else 0)
