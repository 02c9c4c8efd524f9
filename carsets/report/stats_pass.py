"""Counts a catalog for ``scrapy stats``, one chunk of rows after the other.

Counted is what is in the dataset today: what the machine or people keep, and what waits for
review. Memory grows with the different labels, hosts and licenses, not with the images.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np

from carsets.catalog.copies_found import copies_found
from carsets.catalog.fingerprints import KEPT
from carsets.licenses import Evidence
from carsets.release.first_pass import host_of
from carsets.release.groups import read_keys
from carsets.release.label_texts import read_labels
from carsets.release.labels import label_value
from carsets.release.people import NOBODY, words_by_image
from carsets.release.splits import assign
from carsets.report.label_stats import DatasetStats, LabelStats, Thresholds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from carsets.catalog.release_rows import LightRow, ReleaseRows
    from carsets.release.people import Word
    from carsets.release.splits import Assignment, Shares

LEFT_OUT = "left out"
UNKNOWN = "unknown"


def gather(
    rows: ReleaseRows,
    shares: Shares,
    salt: str,
    label: tuple[str, ...],
    thresholds: Thresholds,
    *,
    watch: Callable[[LightRow], None] | None = None,
) -> DatasetStats:
    """Return the statistics of one state of a catalog.

    ``label`` are the labels whose values exact shares are counted out for; ``watch`` is shown
    every image that counts.
    """
    assignment = _assignment(rows, shares, salt, label)
    names = (*shares.names, LEFT_OUT)
    total = 0
    splits: Counter[str] = Counter(dict.fromkeys(names, 0))
    kinds: defaultdict[str, defaultdict[str, Counter[str]]] = defaultdict(
        lambda: defaultdict(Counter)
    )
    by: dict[str, Counter[str]] = {
        name: Counter() for name in ("source", "host", "license", "evidence")
    }
    for place, row, labels in _dataset(rows):
        total += 1
        if watch is not None:
            watch(row)
        split = names[max(int(assignment.codes[place]), -1)]
        splits[split] += 1
        for kind, value in labels.items():
            kinds[kind][value][split] += 1
        by["source"][row.source or UNKNOWN] += 1
        by["host"][host_of(row.url or "") or UNKNOWN] += 1
        by["license"][row.license or UNKNOWN] += 1
        by["evidence"][Evidence(row.license_evidence).name.lower()] += 1
    return DatasetStats(
        total=total,
        splits=splits,
        kinds=[
            LabelStats(kind, values, total - _images(values), thresholds)
            for kind, values in sorted(kinds.items())
        ],
        by={name: dict(counts.most_common()) for name, counts in by.items()},
        copies=copies_found(rows.connection),
    )


def _assignment(rows: ReleaseRows, shares: Shares, salt: str, label: tuple[str, ...]) -> Assignment:
    keys = read_keys(rows.grouping(), rows.near_groups())
    if not shares.exact:
        return assign(keys, shares, salt)
    chosen = np.zeros(len(keys), np.bool_)
    classes = np.full(len(keys), -1, np.int32)
    numbers: dict[str, int] = {}
    for place, _, labels in _dataset(rows):
        chosen[place] = True
        if value := label_value(labels, shares.labels or label):
            classes[place] = numbers.setdefault(value, len(numbers))
    return assign(keys, shares, salt, chosen=chosen, classes=classes)


def _dataset(rows: ReleaseRows) -> Iterator[tuple[int, LightRow, Mapping[str, str]]]:
    """Yield place, row and labels of every image that is in the dataset, as people say it is."""
    place = -1
    reviewed = rows.has_reviews()
    for chunk in rows.light():
        words = words_by_image(rows.reviews(chunk[0].seq, chunk[-1].seq)) if reviewed else {}
        for row in chunk:
            place += 1
            word = words.get(row.seq, NOBODY)
            if is_in_dataset(row.verdict, word):
                labels = read_labels(row.labels)
                yield place, row, labels if word is NOBODY else word.corrected(labels)


def is_in_dataset(verdict: str, word: Word) -> bool:
    """Whether an image counts: people's word stands above the machine's."""
    if verdict == "superseded" or word.verdict == "drop":
        return False
    return word.verdict == "keep" or verdict in KEPT


def _images(values: Mapping[str, Mapping[str, int]]) -> int:
    return sum(sum(splits.values()) for splits in values.values())
