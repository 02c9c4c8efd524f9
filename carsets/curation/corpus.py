"""Today's dataset as compact arrays: what all stages of curation look at.

The images stand in the order of their ids, so that nothing depends on when they came.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from carsets.catalog.unsigned import from_sql
from carsets.curation.texts import TextSays, caption_of, read_says, related_bodies
from carsets.curation.years import year_fault
from carsets.integrity.decay import host_of
from carsets.release.groups import NOBODY, hash_of, id_number
from carsets.release.label_texts import read_json, read_labels, read_words
from carsets.release.labels import LABELS
from carsets.release.people import Word, words_by_image

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from carsets.catalog.curation_rows import CurationRow, CurationRows, VoiceRow

    Places = NDArray[np.int64]
    Keys = NDArray[np.uint64]

NO_LABEL = -1
CLASS = ("make", "model")  # what a class is, for caps and outliers; else what there is of LABELS


@dataclass(slots=True)
class Coded:
    """One text of each image as a number; ``names`` are the texts by number."""

    codes: NDArray[np.int32]  # NO_LABEL = none
    names: list[str]

    def sizes(self) -> NDArray[np.int64]:
        """Return how many images have each text."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.names))


@dataclass(slots=True)
class Corpus:
    """All images of today's dataset; one place in every array each."""

    seq: NDArray[np.int64]
    key: Keys  # the first 64 bits of the id, growing
    phash: Keys
    dhash: Keys
    openness: NDArray[np.int64]
    width: NDArray[np.int64]
    height: NDArray[np.int64]
    bytes: NDArray[np.int64]
    fetched: NDArray[np.int64]  # seconds since 1970; LATEST = unknown
    car_score: NDArray[np.float32]  # nan: the detector has not looked
    author: Keys  # 0 = unknown
    host: Keys  # of the page, or else of the image; 0 = unknown
    page: Keys
    source: NDArray[np.int32]
    caption: Keys  # of the words; 0 = none
    caption_words: NDArray[np.int16]
    makes_named: NDArray[np.int8]  # other makes than its own, in caption and tags
    has_geo: NDArray[np.bool_]
    count_says: NDArray[np.int8]  # -1: result counts call the model another body style; 1: this one
    labels: dict[str, Coded]
    classes: Coded
    year_says: NDArray[np.int8]  # what dates say against a label ``year``: see YearFault
    says: dict[str, TextSays]  # what caption and tags say of a label
    confirmed: dict[str, NDArray[np.bool_]]  # by people
    sources: list[str]
    decided: set[int] = field(default_factory=set)  # numbers of images: people said keep or drop
    network: tuple[str, int] = ("", 0)  # model and width of most of the features
    hosts: dict[int, str] = field(default_factory=dict)  # by key
    by_seq: Places = field(init=False)  # all places, the oldest image first

    def __post_init__(self) -> None:
        self.by_seq = np.argsort(self.seq, kind="stable")

    def __len__(self) -> int:
        return len(self.seq)

    def places_of(self, numbers: NDArray[np.int64]) -> Places:
        """Return the places of images by their numbers; -1 for those that are not here."""
        order = self.by_seq
        at = np.searchsorted(self.seq, numbers, sorter=order)
        at[at == len(order)] = 0
        places = order[at] if len(order) else np.zeros(len(numbers), np.int64)
        found: Places = np.where(self.seq[places] == numbers, places, -1) if len(order) else at - 1
        return found

    def rank(self) -> NDArray[np.int64]:
        """Return the rank of each image as what stands for its copies, 0 the best.

        The more open license, then the larger picture, then the heavier file, as in a crawl; then
        the one that was fetched first. The order of the rows says nothing: images of one second
        are told apart by their ids.
        """
        size = self.width * self.height
        order = np.lexsort((self.key, self.fetched, -self.bytes, -size, -self.openness))
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order))
        return rank


_NUMBERS = ("seq", "key", "phash", "dhash", "author", "host", "page", "caption")
_SMALL = (
    *("openness", "width", "height", "bytes", "fetched", "source"),
    *("caption_words", "makes_named", "year_says"),
)
LATEST = np.iinfo(np.int64).max


def read_corpus(rows: CurationRows, advance: Callable[[int], None] = lambda _: None) -> Corpus:
    """Read today's dataset."""
    reader = _Reader(words_by_image(rows.reviews(0, rows.newest())) if rows.has_reviews() else {})
    for chunk in rows.images():
        for row in chunk:
            reader.take(row)
        advance(len(chunk))
    return reader.corpus()


class _Reader:
    def __init__(self, words: Mapping[int, Word]) -> None:
        self.words = words
        self.wide = {name: array("Q") for name in _NUMBERS}
        self.small = {name: array("q") for name in _SMALL}
        self.car_score, self.has_geo, self.count_says = array("f"), array("b"), array("b")
        self.codes = {name: array("i") for name in (*LABELS, "class")}
        self.names: dict[str, dict[str, int]] = {name: {} for name in (*LABELS, "class", "source")}
        self.text = {name: array("b") for name in LABELS}
        self.tags = {name: array("b") for name in LABELS}
        self.other = {name: array("i") for name in LABELS}
        self.confirmed = {name: array("b") for name in LABELS}
        self.decided: set[int] = set()
        self.networks: dict[tuple[str, int], int] = {}
        self.hosts: dict[int, str] = {}

    def take(self, row: CurationRow) -> None:
        word = self.words.get(row.seq)
        labels = read_labels(row.labels_json)
        if word is not None:
            labels = word.corrected(labels)
            if word.verdict:
                self.decided.add(row.seq)
        tags = read_words(row.tags_json)
        caption = caption_of(row.title or "", row.description or "")
        says = read_says(caption, " ".join(tags), labels, (row.taken or "")[:4])
        self._take_numbers(row, caption, says.other_makes, year_fault(labels, row))
        self._take_labels(labels, word)
        for name in LABELS:
            of_text, of_tags, other = says.of.get(name, (0, 0, ""))
            self.text[name].append(of_text)
            self.tags[name].append(of_tags)
            self.other[name].append(self._code(name, other) if other else NO_LABEL)
        self.count_says.append(count_word(labels.get("body", ""), read_json(row.counts_json)))
        if row.features_size:
            network = (row.model, row.features_size // 2)
            self.networks[network] = self.networks.get(network, 0) + 1

    def _take_numbers(
        self, row: CurationRow, caption: str, other_makes: int, year_says: int
    ) -> None:
        host = host_of(row.page_url or "") or host_of(row.url or "")
        host_key = hash_of(host) if host else 0
        if host_key:
            self.hosts.setdefault(host_key, host)
        words = caption.split()
        wide = {
            "seq": row.seq,
            "key": id_number(row.image_id),
            "phash": from_sql(row.phash),
            "dhash": from_sql(row.dhash),
            "author": author_of(row),
            "host": host_key,
            "page": hash_of(row.page_url) if row.page_url else 0,
            "caption": hash_of(*words) if words else 0,
        }
        small = {
            "openness": row.openness,
            "width": row.width,
            "height": row.height,
            "bytes": row.bytes,
            "fetched": seconds_of(row.fetched_at),
            "source": self._code("source", row.source or ""),
            "caption_words": min(len(words), 30_000),
            "makes_named": min(other_makes, 100),
            "year_says": year_says,
        }
        for name, value in wide.items():
            self.wide[name].append(value)
        for name, value in small.items():
            self.small[name].append(value)
        self.car_score.append(float("nan") if row.car_score is None else row.car_score)
        self.has_geo.append('"latitude"' in (row.extra_json or ""))

    def _take_labels(self, labels: Mapping[str, str], word: Word | None) -> None:
        confirmed = word.confirmed() if word is not None else frozenset()
        for name in LABELS:
            value = labels.get(name, "")
            self.codes[name].append(self._code(name, value) if value else NO_LABEL)
            self.confirmed[name].append(name in confirmed)
        name = class_of(labels)
        self.codes["class"].append(self._code("class", name) if name else NO_LABEL)

    def _code(self, of: str, text: str) -> int:
        return self.names[of].setdefault(text, len(self.names[of]))

    def corpus(self) -> Corpus:
        wide = {name: np.frombuffer(cells, np.uint64) for name, cells in self.wide.items()}
        order = np.lexsort((wide["seq"], wide["key"]))

        def sorted_as(cells: array[Any], kind: Any) -> Any:
            return np.frombuffer(cells, np.dtype(cells.typecode))[order].astype(kind, copy=False)

        def coded(name: str) -> Coded:
            return Coded(sorted_as(self.codes[name], np.int32), list(self.names[name]))

        small = {name: sorted_as(cells, np.int64) for name, cells in self.small.items()}
        return Corpus(
            seq=wide["seq"][order].astype(np.int64),
            key=wide["key"][order],
            phash=wide["phash"][order],
            dhash=wide["dhash"][order],
            openness=small["openness"],
            width=small["width"],
            height=small["height"],
            bytes=small["bytes"],
            fetched=small["fetched"],
            author=wide["author"][order],
            host=wide["host"][order],
            page=wide["page"][order],
            caption=wide["caption"][order],
            source=small["source"].astype(np.int32),
            caption_words=small["caption_words"].astype(np.int16),
            makes_named=small["makes_named"].astype(np.int8),
            year_says=small["year_says"].astype(np.int8),
            car_score=sorted_as(self.car_score, np.float32),
            has_geo=sorted_as(self.has_geo, np.bool_),
            count_says=sorted_as(self.count_says, np.int8),
            labels={name: coded(name) for name in LABELS},
            classes=coded("class"),
            says={
                name: TextSays(
                    text=sorted_as(self.text[name], np.int8),
                    tags=sorted_as(self.tags[name], np.int8),
                    other=sorted_as(self.other[name], np.int32),
                )
                for name in LABELS
            },
            confirmed={name: sorted_as(self.confirmed[name], np.bool_) for name in LABELS},
            sources=list(self.names["source"]),
            decided=self.decided,
            network=max(self.networks, key=lambda one: (self.networks[one], one), default=("", 0)),
            hosts=self.hosts,
        )


def seconds_of(time: str) -> int:
    """Return a time of the catalog in seconds since 1970; LATEST where it has none."""
    try:
        return int(datetime.fromisoformat(time).timestamp())
    except ValueError:
        return int(LATEST)


def class_of(labels: Mapping[str, str]) -> str:
    """Return the class of an image: make and model, or else the first label that it has."""
    parts = [labels[name] for name in CLASS if labels.get(name)]
    if parts:
        return " ".join(parts)
    return next((labels[name] for name in LABELS if labels.get(name)), "")


def author_of(row: CurationRow | VoiceRow) -> int:
    """Return the key of an author, 0 where nobody is named."""
    if row.author_url:
        return hash_of("address", row.author_url.casefold())
    name = " ".join((row.author or "").split()).casefold()
    return hash_of(row.source or "", name) if name and name not in NOBODY else 0


def count_word(body: str, counts: Any) -> int:
    """Return what result counts say of a label ``body``: 1 the same, -1 another one, 0 nothing.

    Each engine that decides has one voice. A model that is a car to half of the web and a truck
    to the other half is ambiguous, and nothing contradicts either label.
    """
    if not body or not isinstance(counts, list):
        return 0
    labels = [one.get("label") for one in counts if isinstance(one, dict)]
    voices = [label for label in labels if label]
    if not voices or len(voices) * 2 <= len(labels):
        return 0
    agreeing = sum(related_bodies(body, voice) for voice in voices)
    if agreeing * 2 == len(voices):
        return 0
    return 1 if agreeing * 2 > len(voices) else -1
