"""The second pass: everything that is told of the images that are in, some thousand at a time."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from carsets.catalog.release_rows import hash_of_picture
from carsets.licenses import DeclaredLicense, Evidence
from carsets.release.label_texts import read_json, read_labels, read_scores, read_words
from carsets.release.labels import label_value
from carsets.release.people import NOBODY, words_by_image
from carsets.release.record import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from carsets.catalog.release_rows import FullRow, ReleaseRows
    from carsets.release.people import Word
    from carsets.release.selection import Selection

CHUNK = 1_000  # records at once


def read_records(
    rows: ReleaseRows, selection: Selection, label: tuple[str, ...], *, shuffled: bool = False
) -> Iterator[list[Record]]:
    """Yield the records of a release: the oldest image first, or in the order of their ids."""
    places = selection.places(shuffled=shuffled)
    splits = (*selection.split_names, "")  # the last one is for NO_SPLIT
    reviewed = rows.has_reviews()
    for start in range(0, len(places), CHUNK):
        some = places[start : start + CHUNK]
        numbers = selection.seq[some].tolist()
        words = words_by_image(rows.reviews_of(numbers)) if reviewed else {}
        yield [
            record_of(row, words.get(row.seq, NOBODY), label, splits[split])
            for row, split in zip(rows.full(numbers), selection.splits[some].tolist(), strict=True)
        ]


def record_of(row: FullRow, word: Word, label: Sequence[str], split: str) -> Record:
    """Return the record of one image."""
    labels = read_labels(row.labels_json)
    human: frozenset[str] = frozenset()
    denied: tuple[tuple[str, str], ...] = ()
    if word is not NOBODY:
        human, denied = word.confirmed(), word.denied(labels)
        labels = word.corrected(labels)
    return Record(
        image_id=row.image_id,
        sha256=row.sha256,
        md5=row.md5,
        phash=f"{hash_of_picture(row):016x}",
        path=row.path,
        width=row.width,
        height=row.height,
        bytes=row.bytes,
        format=row.format,
        mime=row.mime,
        flags=read_words(row.flags_json),
        labels=labels,
        label=label_value(labels, tuple(label)) if label else "",
        human_labels=human,
        denied=denied,
        car_score=row.car_score,
        view=word.view or row.view,
        verdict=word.verdict or row.verdict,
        top_labels=read_scores(row.top_labels_json),
        license=_license(
            row.license or "unknown", row.license_evidence, row.license_url, row.license_raw
        ),
        license_read_at=row.license_read_at,
        title=row.title or "",
        author=row.author or "",
        author_url=row.author_url or "",
        attribution=row.attribution or "",
        url=row.url or "",
        page_url=row.page_url or "",
        thumbnail_url=row.thumbnail or "",
        source=row.source or "",
        source_id=row.source_id or "",
        query=row.query or "",
        rank=row.rank or 0,
        description=row.description or "",
        tags=read_words(row.tags_json),
        taken=row.taken or "",
        uploaded=row.uploaded or "",
        extra=read_json(row.extra_json) or {},
        served_url=row.served_url,
        fetched_at=row.fetched_at,
        split=split,
    )


@lru_cache(4096)
def _license(code: str, evidence: int, url: str, raw: str) -> DeclaredLicense:
    return DeclaredLicense(code, Evidence(evidence), url, raw)
