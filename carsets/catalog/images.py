"""One row for each sha256: which images are in the dataset, and which stand for them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select, update

from carsets.catalog.connection import lock_writers, upsert
from carsets.catalog.fingerprints import fingerprints_after
from carsets.catalog.rows import Admission, StoredImage
from carsets.catalog.schema import images, sightings, tombstones
from carsets.catalog.sightings import OVERTAKEN, level, representative, settle_all
from carsets.catalog.unsigned import from_sql, to_sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sqlalchemy import ColumnElement, Connection

    from carsets.catalog.fingerprints import Fingerprints
    from carsets.catalog.rows import Candidate, ImageRow, SightingRow
    from carsets.outcomes import Outcome

    Match = Callable[[Fingerprints], Iterable[int]]

ID_LENGTH = 16  # hex digits of the sha256; more only when two images share them
CHUNK = 10_000  # fingerprints looked through at once
VARIABLES = 500  # values in one IN (...)


def admit_all(
    connection: Connection, candidates: Sequence[Candidate], newer_than: int
) -> tuple[list[Admission], list[Fingerprints]]:
    """Decide about images whose files are written, once and for all processes.

    Runs in one transaction that holds the write lock, so that of two copies that come at the same
    moment exactly one is stored. Returns the decisions, and the fingerprints of the images newer
    than ``newer_than`` that were there before. Almost all candidates resemble nothing: these are
    written together, the others looked at one by one.
    """
    lock_writers(connection)
    newer = list(fingerprints_after(connection, newer_than, CHUNK))
    alone = _unlike_all(connection, candidates, newer)
    decided = _store_all(connection, [candidates[place] for place in alone])
    admissions = dict(zip(alone, decided, strict=True))
    for place, candidate in enumerate(candidates):
        if place not in admissions:
            admissions[place] = _admit(connection, candidate, newer_than)
    return [admissions[place] for place in range(len(candidates))], newer


def _unlike_all(
    connection: Connection, candidates: Sequence[Candidate], newer: Sequence[Fingerprints]
) -> list[int]:
    """Return the places of the candidates that have no copy, tombstone or namesake."""
    rows = [candidate.image for candidate in candidates]
    short_ids = [row.sha256[:ID_LENGTH] for row in rows]
    twins = or_(
        images.c.image_id.in_(short_ids),
        images.c.sha256.in_([row.sha256 for row in rows]),
        images.c.pixel_hash.in_([row.pixel_hash for row in rows]),
    )
    found = connection.execute(
        select(images.c.image_id, images.c.sha256, images.c.pixel_hash).where(twins)
    )
    taken = {value for row in found for value in row}
    removed = select(tombstones.c.value).where(
        tombstones.c.kind == "sha256", tombstones.c.value.in_([row.sha256 for row in rows])
    )
    taken |= set(connection.scalars(removed))
    places = []
    for place, candidate in enumerate(candidates):
        names = {short_ids[place], rows[place].sha256, rows[place].pixel_hash}
        match = candidate.match
        resembles = candidate.near or (match and any(any(match(batch)) for batch in newer))
        if not names & taken and not resembles:
            places.append(place)
        taken |= names
    return places


def _store_all(connection: Connection, candidates: Sequence[Candidate]) -> list[Admission]:
    if not candidates:
        return []
    ids = [candidate.image.sha256[:ID_LENGTH] for candidate in candidates]
    rows = [_columns(one.image, image_id) for one, image_id in zip(candidates, ids, strict=True)]
    connection.execute(images.insert(), rows)
    numbers: dict[str, int] = dict(
        connection.execute(
            select(images.c.image_id, images.c.seq).where(images.c.image_id.in_(ids))
        ).all()
    )
    seen = [
        (candidate.sighting, image_id)
        for candidate, image_id in zip(candidates, ids, strict=True)
        if candidate.sighting is not None
    ]
    settle_all(connection, seen)
    return [
        Admission("stored", image_id, seq=numbers[image_id], keeps_file=True) for image_id in ids
    ]


def _admit(connection: Connection, candidate: Candidate, newer_than: int) -> Admission:
    image = candidate.image
    if _is_removed(connection, image.sha256):
        return Admission("removed", "")
    twin = _one(connection, images.c.sha256 == image.sha256)
    if twin is not None:
        winner = representative(connection, twin.image_id)
        return Admission("duplicate_bytes", winner.image_id, keeps_file=twin.kept)
    alike = _alike(connection, image, candidate.near, newer_than, candidate.match)
    best = max(alike, key=lambda other: other.rank, default=None)
    if best is not None and best.rank >= image.rank:
        kind = level(best.pixel_hash == image.pixel_hash)
        return Admission(kind.value, best.image_id)
    return _store(connection, image, candidate.sighting, alike)


def _store(
    connection: Connection, image: ImageRow, sighting: SightingRow | None, worse: list[StoredImage]
) -> Admission:
    image_id = free_image_id(connection, image.sha256)
    seq: int = connection.execute(
        images.insert().values(_columns(image, image_id)).returning(images.c.seq)
    ).scalar_one()
    for old in worse:
        _supersede(connection, old, image_id, level(old.pixel_hash == image.pixel_hash))
    if sighting is not None:
        settle_all(connection, [(sighting, image_id)])
    return Admission("stored", image_id, seq=seq, replaced=tuple(worse), keeps_file=True)


def _supersede(connection: Connection, old: StoredImage, by: str, how: Outcome) -> None:
    connection.execute(
        update(images)
        .where(images.c.image_id == old.image_id)
        .values(verdict="superseded", superseded_by=by)
    )
    theirs = sightings.c.image_id == old.image_id
    overtaken = sightings.c.outcome.in_([outcome.value for outcome in OVERTAKEN[how]])
    connection.execute(update(sightings).where(theirs, overtaken).values(outcome=how.value))
    connection.execute(update(sightings).where(theirs).values(image_id=by))


def _alike(
    connection: Connection,
    image: ImageRow,
    near: Sequence[int],
    newer_than: int,
    match: Match | None,
) -> list[StoredImage]:
    """Return the images of today's dataset that show the same picture."""
    numbers = set(near)
    if match is not None:
        for batch in fingerprints_after(connection, newer_than, CHUNK):
            numbers.update(match(batch))
    same = stored_images(connection, images.c.pixel_hash == image.pixel_hash)
    found = {other.seq: other for other in same}
    for other in images_of(connection, sorted(numbers - found.keys())):
        found[other.seq] = other
    today: dict[int, StoredImage] = {}
    for other in found.values():
        if other.verdict == "superseded":
            winner = representative(connection, other.image_id)
            other = _one(connection, images.c.image_id == winner.image_id) or other
        if other.kept:  # pictures that were dropped are known by their bytes alone
            today[other.seq] = other
    return list(today.values())


def remember_refused(connection: Connection, rows: Iterable[ImageRow]) -> None:
    """Write images that were looked at and dropped, so that their bytes are known."""
    for row in rows:
        if _one(connection, images.c.sha256 == row.sha256) is None:
            columns = _columns(row, free_image_id(connection, row.sha256))
            insert = upsert(connection, images).on_conflict_do_nothing()
            connection.execute(insert, columns)


def free_image_id(connection: Connection, sha256: str) -> str:
    """Return the shortest beginning of the sha256, from 16 digits, that no other image has."""
    for length in range(ID_LENGTH, len(sha256)):
        holder = connection.scalar(
            select(images.c.sha256).where(images.c.image_id == sha256[:length])
        )
        if holder is None or holder == sha256:
            return sha256[:length]
    return sha256


def images_of(connection: Connection, numbers: Sequence[int]) -> list[StoredImage]:
    """Return the images of these sequence numbers."""
    found: list[StoredImage] = []
    for start in range(0, len(numbers), VARIABLES):
        some = numbers[start : start + VARIABLES]
        found += stored_images(connection, images.c.seq.in_(some))
    return found


def stored_images(connection: Connection, where: ColumnElement[bool]) -> list[StoredImage]:
    """Return the images that meet a condition, dropped and superseded ones too."""
    rows = connection.execute(select(*_STORED).where(where).order_by(images.c.seq))
    return [
        StoredImage(
            seq=row.seq,
            image_id=row.image_id,
            sha256=row.sha256,
            path=row.path,
            verdict=row.verdict,
            superseded_by=row.superseded_by,
            pixel_hash=row.pixel_hash,
            phash=from_sql(row.phash),
            dhash=from_sql(row.dhash),
            rank=(row.openness, row.width * row.height, row.bytes),
            run_id=row.run_id,
        )
        for row in rows
    ]


_STORED = (
    images.c.seq,
    images.c.image_id,
    images.c.sha256,
    images.c.path,
    images.c.verdict,
    images.c.superseded_by,
    images.c.pixel_hash,
    images.c.phash,
    images.c.dhash,
    images.c.openness,
    images.c.width,
    images.c.height,
    images.c.bytes,
    images.c.run_id,
)


def is_kept(connection: Connection, sha256: str) -> bool:
    """Return whether an image with these bytes is in today's dataset."""
    image = _one(connection, images.c.sha256 == sha256)
    return image is not None and image.kept


def superseded_paths(connection: Connection) -> list[str]:
    """Return where in the store the images were that better copies have replaced."""
    rows = connection.execute(
        select(images.c.path).where(images.c.verdict == "superseded", images.c.path != "")
    )
    return list(rows.scalars())


def _one(connection: Connection, where: ColumnElement[bool]) -> StoredImage | None:
    return next(iter(stored_images(connection, where)), None)


def _is_removed(connection: Connection, sha256: str) -> bool:
    found = connection.scalar(
        select(tombstones.c.value).where(
            tombstones.c.kind == "sha256", tombstones.c.value == sha256
        )
    )
    return found is not None


def _columns(image: ImageRow, image_id: str) -> dict[str, Any]:
    columns = asdict(image)
    columns["image_id"] = image_id
    columns["phash"] = to_sql(image.phash)
    columns["dhash"] = to_sql(image.dhash)
    for name in ("flags", "reservation_signals", "top_labels"):
        columns[name] = [*columns[name]]
    return columns
