"""Takes images out of the catalog on request, so that nothing but tombstones tells of them.

What goes: the rows of ``images``, and of every table that refers to them. What stays, emptied: the
sightings. Each was counted when its run ended, so a row without address, title, author and image
stays behind with the outcome ``removed``; found is still the sum of the outcomes, and the hash of
the address still keeps it from being fetched. Verdicts of ``verify`` stay without their address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import func, or_, select, update

from carsets.catalog import releases
from carsets.catalog.schema import (
    duplicate_groups,
    images,
    metadata,
    pages,
    queries,
    runs,
    sightings,
    verifications,
)
from carsets.catalog.sightings import Finality
from carsets.catalog.tombstones import author_hash, bury_all, hosts_above
from carsets.catalog.unsigned import from_sql, to_sql, url_hash
from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray
    from sqlalchemy import ColumnElement, Connection, Engine, Select

    from carsets.catalog.releases import ReleaseRow

    Numbers = NDArray[np.int64]

KINDS = ("url", "author", "host", "sha256", "image", "phash", "license")
VARIABLES = 500  # values in one IN (...), and images of one batch
CHUNK = 20_000  # rows read at once
REMOVED = "[removed]"
SHORTEST_WORD = 4  # letters; a shorter name is a part of too many words
_NONE = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Target:
    """What somebody wants removed. ``radius`` is in bits, of a perceptual hash alone."""

    kind: str  # one of KINDS
    value: str
    radius: int = 0


@dataclass(frozen=True, slots=True)
class Meant:
    """All that a request means, as numbers: 8 bytes each."""

    images: Numbers  # ``images.seq``: with every copy of the picture, better and worse ones
    sightings: Numbers  # ``sighting_id``


@dataclass(frozen=True, slots=True)
class Doomed:
    """One image that goes."""

    seq: int
    image_id: str
    sha256: str
    path: str
    phash: int  # unsigned


@dataclass(slots=True)
class RemovalBatch:
    """Some images and sightings that go together, and what names them in plain text."""

    images: list[Doomed] = field(default_factory=list)
    sighting_ids: list[int] = field(default_factory=list)
    texts: set[str] = field(default_factory=set)  # addresses, ids and hashes
    people: set[str] = field(default_factory=set)  # authors' names
    names: dict[str, set[str]] = field(default_factory=dict)  # what gets tombstones, by kind


def find(connection: Connection, target: Target) -> Meant:
    """Return all that a request means."""
    seen = _sightings_meant(connection, target)
    numbers = [_images_meant(connection, target)]
    for some in _slices(seen):
        numbers.append(
            _numbers(
                connection,
                select(images.c.seq)
                .join(sightings, sightings.c.image_id == images.c.image_id)
                .where(sightings.c.sighting_id.in_(some)),
            )
        )
    doomed = _with_copies(connection, np.unique(np.concatenate(numbers)))
    more = [seen]
    for some in _slices(doomed):
        more.append(
            _numbers(
                connection,
                select(sightings.c.sighting_id)
                .join(images, sightings.c.image_id == images.c.image_id)
                .where(images.c.seq.in_(some)),
            )
        )
    return Meant(doomed, np.unique(np.concatenate(more)))


def read_batch(
    connection: Connection, numbers: Sequence[int], sighting_ids: Sequence[int], *, by_looks: bool
) -> RemovalBatch:
    """Return the images of these numbers with their sightings, and the sightings given.

    ``by_looks``: their pictures get tombstones too, not only their bytes and addresses.
    """
    batch = RemovalBatch()
    rows: dict[int, Any] = {}
    for some in _slices(sighting_ids):
        found = connection.execute(select(*_NAMING).where(sightings.c.sighting_id.in_(some)))
        rows |= {row.sighting_id: row for row in found}
    for some in _slices(numbers):
        of_images = connection.execute(select(*_OF_IMAGES).where(images.c.seq.in_(some))).all()
        for row in of_images:
            doomed = Doomed(row.seq, row.image_id, row.sha256, row.path, from_sql(row.phash))
            batch.images.append(doomed)
            batch.texts |= {row.sha256, row.image_id, row.path, row.served_url}
            batch.names.setdefault("url", set()).update({row.served_url} - {""})
        ids = [row.image_id for row in of_images]
        found = connection.execute(select(*_NAMING).where(sightings.c.image_id.in_(ids)))
        rows |= {row.sighting_id: row for row in found}
    for row in rows.values():
        batch.texts |= {row.url, row.page_url, row.thumbnail, row.author_url}
        batch.texts.update(row.alternates.splitlines())
        batch.people.add(row.author)
    batch.texts.discard("")
    batch.people.discard("")
    batch.sighting_ids = sorted(rows)
    # Of an emptied sighting only the hash of its address is left: it has its tombstone.
    batch.names["url_hash"] = {f"{from_sql(row.url_hash):016x}" for row in rows.values()}
    batch.names["sha256"] = {image.sha256 for image in batch.images}
    if by_looks:
        batch.names["phash"] = {f"{image.phash:016x}" for image in batch.images}
    return batch


def bury_target(connection: Connection, target: Target, reason: str) -> None:
    """Write the tombstone of what was named itself, whether or not anything is found."""
    if target.kind in {"url", "author", "host", "sha256", "phash"}:
        bury_all(connection, {target.kind: [target.value]}, reason)


def bury_batch(connection: Connection, batch: RemovalBatch, reason: str) -> None:
    """Write the tombstones of a batch, and take its images out of the dataset at once."""
    bury_all(connection, batch.names, reason)
    for group in _slices([image.image_id for image in batch.images]):
        connection.execute(
            update(images).where(images.c.image_id.in_(group)).values(verdict="dropped")
        )


def forget(connection: Connection, batch: RemovalBatch) -> None:
    """Empty the sightings of a batch, and delete its images with all that refers to them."""
    for numbers in _slices(batch.sighting_ids):
        where = sightings.c.sighting_id.in_(numbers)
        connection.execute(update(sightings).where(where).values(_EMPTIED))
    for group in _slices([image.image_id for image in batch.images]):
        connection.execute(
            update(verifications)
            .where(verifications.c.image_id.in_(group))
            .values(image_id="", url="", note="")
        )
        connection.execute(
            update(images).where(images.c.superseded_by.in_(group)).values(superseded_by=None)
        )
        for table in reversed(metadata.sorted_tables):
            for column in table.columns:
                if table is not images and any(
                    key.column is images.c.image_id for key in column.foreign_keys
                ):
                    connection.execute(table.delete().where(column.in_(group)))
        connection.execute(duplicate_groups.delete().where(duplicate_groups.c.group_id.in_(group)))
        connection.execute(images.delete().where(images.c.image_id.in_(group)))


def clean_words(connection: Connection, target: Target) -> None:
    """Take what was named out of the texts of queries, pages and runs, where it may stand too."""
    if target.kind not in {"url", "author", "host"} or len(target.value) < SHORTEST_WORD:
        return
    for column in (
        *(queries.c.text, queries.c.note, pages.c.url, pages.c.note),
        *(runs.c.exit_reason, sightings.c.note),
    ):
        connection.execute(
            update(column.table)
            .where(column.contains(target.value, autoescape=True))
            .values({column: func.replace(column, target.value, REMOVED)})
        )


_EMPTIED: dict[str, Any] = {
    "url": "",
    "page_url": "",
    "thumbnail": "",
    "alternates": "",
    "source_id": "",
    "width": None,
    "height": None,
    "title": "",
    "description": "",
    "tags": [],
    "taken": "",
    "uploaded": "",
    "extra": {},
    "license_url": "",
    "license_raw": "",
    "author": "",
    "author_url": "",
    "attribution": "",
    "outcome": Outcome.REMOVED.value,
    "finality": int(Finality.FINAL),
    "note": "",
    "image_id": None,
}
_NAMING = (
    sightings.c.sighting_id,
    sightings.c.image_id,
    sightings.c.url,
    sightings.c.url_hash,
    sightings.c.page_url,
    sightings.c.thumbnail,
    sightings.c.alternates,
    sightings.c.author,
    sightings.c.author_url,
)
_OF_IMAGES = (
    images.c.seq,
    images.c.image_id,
    images.c.sha256,
    images.c.path,
    images.c.phash,
    images.c.served_url,
)


# --- Who is meant -----------------------------------------------------------------------------


def _sightings_meant(connection: Connection, target: Target) -> Numbers:
    columns, value = sightings.c, target.value
    number = columns.sighting_id
    if target.kind == "url":
        by_hash = columns.url_hash == to_sql(url_hash(value))
        shown = or_(columns.page_url == value, columns.thumbnail == value)
        found = _numbers(connection, select(number).where(or_(by_hash, shown)))
        likely = columns.alternates.contains(value, autoescape=True)
        copies = select(number, columns.alternates).where(likely)
        smaller = _chosen(connection, copies, lambda row: value in row.alternates.splitlines())
        return np.union1d(found, smaller)
    if target.kind == "author":
        wanted = author_hash(value)
        named = or_(columns.author != "", columns.author_url != "")
        rows = select(number, columns.author, columns.author_url).where(named)
        return _chosen(connection, rows, lambda row: wanted in map(author_hash, row[1:]))
    if target.kind == "host":
        fields = (columns.url, columns.page_url, columns.thumbnail, columns.alternates)
        return _at_host(connection, number, fields, value)
    return _NONE


def _at_host(connection: Connection, number: Any, fields: Sequence[Any], host: str) -> Numbers:
    """Return the rows with an address of a host, or of one below it."""
    host = host.lower().rstrip(".")
    likely = or_(*(func.lower(field).contains(host, autoescape=True) for field in fields))
    rows = select(number, *fields).where(likely)
    # Of smaller copies there may be several, one a line.
    return _chosen(
        connection,
        rows,
        lambda row: any(host in hosts_above(url) for text in row[1:] for url in text.splitlines()),
    )


def _images_meant(connection: Connection, target: Target) -> Numbers:
    columns, value = images.c, target.value
    where: ColumnElement[bool]
    if target.kind == "url":
        where = columns.served_url == value
    elif target.kind == "host":
        return _at_host(connection, columns.seq, (columns.served_url,), value)
    elif target.kind == "sha256":
        where = columns.sha256 == value.lower()
    elif target.kind == "image":
        where = columns.image_id == value.lower()
    elif target.kind == "phash":
        return alike(connection, int(value, 16), target.radius)
    elif target.kind == "license":
        codes = connection.scalars(select(columns.license).distinct())
        where = columns.license.in_([code for code in codes if is_of_family(code, value)])
    else:
        return _NONE
    return _numbers(connection, select(columns.seq).where(where))


def is_of_family(code: str, wanted: str) -> bool:
    """Whether a license is the wanted one: ``by`` means all its versions, and not ``by-nc``."""
    return re.fullmatch(rf"{re.escape(wanted.lower())}(-\d.*)?", code.lower()) is not None


def alike(connection: Connection, phash: int, radius: int) -> Numbers:
    """Return the numbers of all images whose perceptual hash differs in few bits."""
    found = [_NONE]
    rows = connection.execution_options(yield_per=CHUNK).execute(
        select(images.c.seq, images.c.phash)
    )
    for part in rows.partitions():
        prints = np.fromiter((from_sql(row.phash) for row in part), np.uint64, len(part))
        numbers = np.fromiter((row.seq for row in part), np.int64, len(part))
        found.append(numbers[np.bitwise_count(prints ^ np.uint64(phash)) <= radius])
    return np.sort(np.concatenate(found))


def _with_copies(connection: Connection, numbers: Numbers) -> Numbers:
    """Return the images with all that they stand for, and those that stand for them."""
    better = images.alias()
    rows = connection.execution_options(yield_per=CHUNK).execute(
        select(images.c.seq, better.c.seq)
        .join(better, better.c.image_id == images.c.superseded_by)
        .where(images.c.superseded_by.is_not(None))
    )
    pairs = [np.array(part, np.int64).reshape(-1, 2) for part in rows.partitions()]
    links = np.concatenate(pairs) if pairs else np.empty((0, 2), np.int64)
    known = numbers
    while True:
        touched = links[np.isin(links, known).any(axis=1)]
        found = np.union1d(known, touched.ravel())
        if len(found) == len(known):
            return known
        known = found


def _numbers(connection: Connection, statement: Select[Any]) -> Numbers:
    rows = connection.execution_options(yield_per=CHUNK).execute(statement)
    parts = [np.fromiter(part, np.int64, len(part)) for part in rows.scalars().partitions()]
    return np.unique(np.concatenate([_NONE, *parts]))


def _chosen(
    connection: Connection, statement: Select[Any], wanted: Callable[[Any], bool]
) -> Numbers:
    """Return the first column of the rows that are wanted."""
    rows = connection.execution_options(yield_per=CHUNK).execute(statement)
    return np.array(sorted(row[0] for row in rows if wanted(row)), np.int64)


# --- Releases, and the file itself ------------------------------------------------------------


def damaged_releases(
    connection: Connection,
) -> Iterator[tuple[ReleaseRow, Numbers]]:
    """Yield the releases that stand and hold images that are no more, with their numbers."""
    standing = [row for row in releases.all_releases(connection) if not row.withdrawn_at]
    if not standing:
        return
    rows = connection.execution_options(yield_per=CHUNK).execute(
        select(images.c.seq).order_by(images.c.seq)
    )
    parts = [np.fromiter(part, np.int64, len(part)) for part in rows.scalars().partitions()]
    there = np.concatenate(parts) if parts else np.empty(0, np.int64)
    for row in standing:
        gone = np.setdiff1d(row.numbers, there)
        if len(gone):
            yield row, gone


def shred(engine: Engine) -> bool:
    """Write the database anew, so that nothing deleted is left in it; False if it is being read.

    SQLite keeps what was deleted in free pages and in its log until others are written there.
    """
    raw = engine.raw_connection()
    try:
        connection = raw.driver_connection
        assert connection is not None
        if engine.dialect.name == "sqlite":
            cursor = connection.cursor()
            cursor.execute("PRAGMA secure_delete=ON")
            cursor.execute("VACUUM")
            busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            cursor.close()
            return not busy
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                for table in (images, sightings, verifications):
                    cursor.execute(f"VACUUM FULL {table.name}")
        finally:
            connection.autocommit = False
        return True
    finally:
        raw.close()


def _slices(values: Sequence[Any] | Numbers) -> Iterator[list[Any]]:
    for start in range(0, len(values), VARIABLES):
        some = values[start : start + VARIABLES]
        yield some.tolist() if isinstance(some, np.ndarray) else list(some)
