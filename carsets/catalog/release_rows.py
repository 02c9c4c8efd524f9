"""What a release reads of the catalog, in two passes over one unchanging state of it.

The first pass reads few columns of every image and decides; the second reads all columns of those
that were chosen. JSON comes as text: the same labels stand on thousands of images, and whoever
reads them can remember what they mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Text, bindparam, cast, func, select

from carsets.catalog import collection, grouping_rows, tombstones
from carsets.catalog.schema import (
    images,
    queries,
    reviews,
    schema_version,
    sightings,
)
from carsets.catalog.unsigned import from_sql
from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection

    from carsets.catalog.collection import Collection
    from carsets.catalog.grouping_rows import GroupingRow
    from carsets.catalog.tombstones import Tombstone

LIGHT_CHUNK = 5_000  # images read at once by the first pass
# The sightings that brought an image into the catalog.
_BROUGHT = (Outcome.STORED.value, Outcome.NOT_A_CAR.value)


class LightRow(NamedTuple):
    """What the first pass reads of an image; ``labels`` is JSON."""

    seq: int
    image_id: str
    sha256: str
    phash: int  # signed
    verdict: str
    license: str
    license_evidence: int
    license_url: str
    license_raw: str
    labels: str | None
    reservation: str
    path: str
    bytes: int
    width: int
    height: int
    format: str
    car_score: float | None
    view: str
    served_url: str
    fetched_at: str
    source: str | None  # None and below: nobody remembers where it was seen
    url: str | None
    page_url: str | None
    title: str | None
    author: str | None
    author_url: str | None
    taken: str | None


class FullRow(NamedTuple):
    """Everything that a release tells of an image. ``*_json`` are JSON."""

    seq: int
    image_id: str
    sha256: str
    md5: str
    phash: int  # signed
    path: str
    width: int
    height: int
    bytes: int
    format: str
    mime: str
    flags_json: str | None
    labels_json: str | None
    car_score: float | None
    view: str
    verdict: str
    top_labels_json: str | None
    license: str
    license_evidence: int
    license_url: str
    license_raw: str
    license_read_at: str
    served_url: str
    fetched_at: str
    url: str | None  # None and below: nobody remembers where it was seen
    page_url: str | None
    thumbnail: str | None
    source: str | None
    source_id: str | None
    rank: int | None
    title: str | None
    description: str | None
    tags_json: str | None
    taken: str | None
    uploaded: str | None
    extra_json: str | None
    author: str | None
    author_url: str | None
    attribution: str | None
    query: str | None


class ReviewRow(NamedTuple):
    """One decision of a person that was not undone."""

    seq: int
    decision: str
    labels: Any


@dataclass(frozen=True, slots=True)
class ReleaseRows:
    """One state of the catalog, which stays as it is while others write."""

    connection: Connection

    def total(self) -> int:
        """Return how many images the catalog has, of any verdict."""
        return self.connection.scalar(select(func.count()).select_from(images)) or 0

    def schema(self) -> int:
        """Return the version of the catalog's tables."""
        return self.connection.scalar(select(func.max(schema_version.c.version))) or 0

    def light(self, chunk: int = LIGHT_CHUNK) -> Iterator[list[LightRow]]:
        """Yield all images, oldest first."""
        last = 0
        while True:
            numbers = self.connection.scalars(
                select(images.c.seq).where(images.c.seq > last).order_by(images.c.seq).limit(chunk)
            ).all()
            if not numbers:
                return
            rows = self.connection.execute(
                _LIGHT, {"first": numbers[0], "last": numbers[-1]}
            ).fetchall()
            yield _one_each([LightRow._make(row) for row in rows])
            last = numbers[-1]

    def full(self, numbers: Sequence[int]) -> list[FullRow]:
        """Return the images of these numbers (``seq``), in their order."""
        rows = self.connection.execute(
            _FULL.where(images.c.seq.in_(numbers)).order_by(images.c.seq, sightings.c.sighting_id)
        ).fetchall()
        found = {row.seq: row for row in reversed([FullRow._make(row) for row in rows])}
        return [found[number] for number in numbers]

    def reviews(self, first: int, last: int) -> Iterator[ReviewRow]:
        """Yield the decisions about images numbered so, the oldest decision first."""
        return self._reviews(images.c.seq.between(first, last))

    def reviews_of(self, numbers: Sequence[int]) -> Iterator[ReviewRow]:
        """Yield the decisions about these images, the oldest decision first."""
        return self._reviews(images.c.seq.in_(numbers))

    def _reviews(self, which: ColumnElement[bool]) -> Iterator[ReviewRow]:
        rows = self.connection.execute(
            select(images.c.seq, reviews.c.decision, reviews.c.labels)
            .join(images, images.c.image_id == reviews.c.image_id)
            .where(which, reviews.c.undone.is_(False))
            .order_by(reviews.c.review_id)
        )
        for row in rows:
            yield ReviewRow._make(row)

    def has_reviews(self) -> bool:
        """Whether people have decided anything: mostly not, and then nobody need ask."""
        return self.connection.execute(select(reviews.c.review_id).limit(1)).first() is not None

    def grouping(self) -> Iterator[list[GroupingRow]]:
        """Yield what makes images related, of all images, oldest first."""
        return grouping_rows.grouping_rows(self.connection)

    def near_groups(self) -> Iterator[tuple[str, str]]:
        """Yield (group id, image id) of all near-duplicate groups that were found."""
        return grouping_rows.near_groups(self.connection)

    def tombstones(self) -> list[Tombstone]:
        """Return what was removed on request, as hashes, sorted."""
        return tombstones.list_tombstones(self.connection)

    def collection(self) -> Collection:
        """Return how the whole dataset came about, in numbers."""
        return collection.read_collection(self.connection)

    def known_noise(self) -> dict[str, Any]:
        """Return what people found in the last random sample, and what a linear head could learn.

        None, and nothing, where nobody has looked.
        """
        return {
            "spot_check": collection.newest_spot_check(self.connection),
            "baseline": collection.newest_baselines(self.connection),
        }


def hash_of_picture(row: LightRow | FullRow) -> int:
    """Return the perceptual hash, unsigned."""
    return from_sql(row.phash)


def _one_each(rows: list[LightRow]) -> list[LightRow]:
    """Return the first of the rows of each image: one that two sightings brought is one image."""
    if all(one.seq != other.seq for one, other in pairwise(rows)):
        return rows
    return [row for place, row in enumerate(rows) if not place or rows[place - 1].seq != row.seq]


_JSON_COLUMNS = {
    "flags_json": images.c.flags,
    "labels_json": images.c.labels,
    "top_labels_json": images.c.top_labels,
    "tags_json": sightings.c.tags,
    "extra_json": sightings.c.extra,
}
_OF_SIGHTINGS = {
    *("url", "page_url", "thumbnail", "source", "source_id", "rank", "title", "description"),
    *("taken", "uploaded", "author", "author_url", "attribution"),
}


def _column(name: str) -> Any:
    if name in _JSON_COLUMNS:
        return cast(_JSON_COLUMNS[name], Text).label(name)
    if name == "query":
        return queries.c.text.label(name)
    return (sightings if name in _OF_SIGHTINGS else images).c[name]


_BRINGING = (sightings.c.image_id == images.c.image_id) & sightings.c.outcome.in_(_BROUGHT)
_SEEN = images.outerjoin(sightings, _BRINGING)
_ASKED = _SEEN.outerjoin(
    queries,
    (queries.c.source == sightings.c.source) & (queries.c.query_id == sightings.c.query_id),
)


def _light() -> Any:
    columns = [
        cast(images.c.labels, Text).label(name) if name == "labels" else _column(name)
        for name in LightRow._fields
    ]
    return (
        select(*columns)
        .select_from(_SEEN)
        .where(images.c.seq.between(bindparam("first"), bindparam("last")))
        .order_by(images.c.seq, sightings.c.sighting_id)
    )


_LIGHT = _light()
_FULL = select(*(_column(name) for name in FullRow._fields)).select_from(_ASKED)
