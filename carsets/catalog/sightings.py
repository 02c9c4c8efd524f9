"""Every URL that was found, and how it ended: reading and writing."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from enum import IntEnum
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import and_, case, func, or_, select

from carsets.catalog.connection import upsert
from carsets.catalog.rows import SightingRow
from carsets.catalog.schema import images, queries, sightings
from carsets.catalog.unsigned import to_sql, url_hash
from carsets.outcomes import Outcome, Retry

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray
    from sqlalchemy import ColumnElement, Connection
    from sqlalchemy.dialects import postgresql, sqlite

VARIABLES = 500  # values in one IN (...): below the limit of every database
CHUNK = 20_000  # rows read at once
MOST_ALTERNATES = 8  # smaller copies of one image; the largest are kept
LONGEST_ALTERNATE = 2_000  # characters of one address


class Finality(IntEnum):
    """How much an outcome says about its URL. A lesser one never overwrites a greater one."""

    NOTHING = 0  # known_url: the truth stands in another row
    UNDECIDED = 1  # the run or the policy ended before the URL did
    TRANSIENT = 2
    FINAL = 3

    @classmethod
    def of(cls, outcome: Outcome) -> Finality:
        """Return the finality of an outcome."""
        if outcome is Outcome.KNOWN_URL:
            return cls.NOTHING
        return {
            Retry.ALWAYS: cls.UNDECIDED,
            Retry.LATER: cls.TRANSIENT,
            Retry.NEVER: cls.FINAL,
        }[outcome.retry]


# When a better copy takes a picture's place, on which level, and which outcomes then change.
OVERTAKEN = {
    Outcome.DUPLICATE_PIXELS: (Outcome.STORED, Outcome.DUPLICATE_BYTES),
    Outcome.NEAR_DUPLICATE: (Outcome.STORED, Outcome.DUPLICATE_BYTES, Outcome.DUPLICATE_PIXELS),
}


def level(same_pixels: bool) -> Outcome:
    """Return how a copy and a picture are alike."""
    return Outcome.DUPLICATE_PIXELS if same_pixels else Outcome.NEAR_DUPLICATE


_KEY = ("url_hash", "query_id", "source")
_KEPT_FROM_FIRST = {"sighting_id", "first_run_id", *_KEY}
_FIELDS = [field.name for field in fields(SightingRow) if field.name not in {"outcome", "run_id"}]


def record(connection: Connection, rows: Sequence[SightingRow]) -> None:
    """Write a batch: what is new, and what says more than what is there."""
    if not rows:
        return
    columns = [_columns(row) for row in rows]
    _follow_superseded(connection, columns)
    _find_known(connection, columns)
    connection.execute(_statement(connection, force=False), columns)


def settle_all(connection: Connection, rows: Sequence[tuple[SightingRow, str]]) -> None:
    """Write the sightings of images that were just stored, with their ids: nothing overrules it."""
    settled = {
        "outcome": Outcome.STORED.value,
        "finality": int(Finality.FINAL),
        "attempts": 0,
        "alternates": "",
    }
    columns = [_columns(row) | settled | {"image_id": image_id} for row, image_id in rows]
    if columns:
        connection.execute(_statement(connection, force=True), columns)


def _columns(row: SightingRow) -> dict[str, Any]:
    columns = {name: getattr(row, name) for name in _FIELDS}
    finality = Finality.of(row.outcome)
    now = row.ended_at or row.seen_at or datetime.now(UTC).isoformat(timespec="seconds")
    columns |= {
        "url_hash": to_sql(url_hash(row.url)),
        "outcome": row.outcome.value,
        "finality": int(finality),
        "alternates": _kept_alternates(row) if finality in _TRIED_AGAIN else "",
        "attempts": int(row.outcome.retry is Retry.LATER),
        "tags": list(row.tags),
        "labels": dict(row.labels),
        "extra": dict(row.extra),
        "first_run_id": row.run_id,
        "last_run_id": row.run_id,
        "seen_at": row.seen_at or now,
        "ended_at": now,
    }
    return columns


_TRIED_AGAIN = {Finality.UNDECIDED, Finality.TRANSIENT}


def _kept_alternates(row: SightingRow) -> str:
    """Return the first of the smaller copies, one a line; addresses hold no spaces."""
    usable = (
        url
        for url in row.alternates
        if len(url) <= LONGEST_ALTERNATE and len(url.split()) == 1 and url != row.url
    )
    return "\n".join(islice(usable, MOST_ALTERNATES))


def _statement(connection: Connection, *, force: bool) -> sqlite.Insert | postgresql.Insert:
    """Return the upsert of sightings; building it anew costs more than running it."""
    key = (connection.dialect.name, force)
    if key not in _STATEMENTS:
        _STATEMENTS[key] = _build_statement(connection, force=force)
    return _STATEMENTS[key]


_STATEMENTS: dict[tuple[str, bool], sqlite.Insert | postgresql.Insert] = {}


def _build_statement(connection: Connection, *, force: bool) -> sqlite.Insert | postgresql.Insert:
    insert = upsert(connection, sightings)
    new, old = insert.excluded, sightings.c
    takes: ColumnElement[bool] = and_(
        old.finality < int(Finality.FINAL), new.finality >= old.finality
    )
    update: dict[str, Any] = {
        column.name: new[column.name] if force else case((takes, new[column.name]), else_=column)
        for column in old
        if column.name not in _KEPT_FROM_FIRST
    }
    final = old.finality == int(Finality.FINAL)
    update["attempts"] = case((final, old.attempts), else_=old.attempts + new.attempts)
    update["last_run_id"] = new.last_run_id
    update["seen_at"] = new.seen_at
    return insert.on_conflict_do_update(index_elements=list(_KEY), set_=update)


def _follow_superseded(connection: Connection, columns: list[dict[str, Any]]) -> None:
    """Point at today's copy of a picture: a better one may have come since the image ended."""
    named = {row["image_id"] for row in columns if row["image_id"]}
    moved: dict[str, tuple[str, Outcome]] = {}
    for some in _slices(sorted(named)):
        found = connection.execute(
            select(images.c.image_id, images.c.superseded_by, images.c.pixel_hash).where(
                images.c.image_id.in_(some), images.c.superseded_by.is_not(None)
            )
        )
        for image_id, _, pixel_hash in found:
            winner = representative(connection, image_id)
            moved[image_id] = (winner.image_id, level(winner.pixel_hash == pixel_hash))
    for row in columns:
        if row["image_id"] in moved:
            row["image_id"], now = moved[row["image_id"]]
            if row["outcome"] in OVERTAKEN[now]:
                row["outcome"] = now.value


def representative(connection: Connection, image_id: str) -> Any:
    """Return the row (image_id, superseded_by, pixel_hash) of the copy that counts today."""
    while True:
        row = connection.execute(
            select(images.c.image_id, images.c.superseded_by, images.c.pixel_hash).where(
                images.c.image_id == image_id
            )
        ).one()
        if row.superseded_by is None:
            return row
        image_id = row.superseded_by


def _find_known(connection: Connection, columns: list[dict[str, Any]]) -> None:
    """Tell a URL that another query has ended before to which image it led."""
    asked = [
        row for row in columns if row["outcome"] == Outcome.KNOWN_URL.value and not row["image_id"]
    ]
    images_of: dict[int, str] = {
        row["url_hash"]: row["image_id"] for row in columns if row["image_id"]
    }
    for some in _slices(sorted({row["url_hash"] for row in asked})):
        found = connection.execute(
            select(sightings.c.url_hash, sightings.c.image_id).where(
                sightings.c.url_hash.in_(some), sightings.c.image_id.is_not(None)
            )
        )
        images_of.update((row.url_hash, row.image_id) for row in found)
    for row in asked:
        row["image_id"] = images_of.get(row["url_hash"])


def known_url_hashes(connection: Connection, max_attempts: int) -> NDArray[np.uint64]:
    """Return the hashes of all URLs that must not be fetched again, in no order."""
    done = or_(
        sightings.c.finality == int(Finality.FINAL),
        and_(sightings.c.finality == int(Finality.TRANSIENT), sightings.c.attempts >= max_attempts),
    )
    rows = connection.execution_options(yield_per=CHUNK).execute(
        select(sightings.c.url_hash).where(done)
    )
    # Not counted before: other processes may be writing more of them.
    known = [
        np.fromiter(part, np.int64, len(part)).view(np.uint64)
        for part in rows.scalars().partitions()
    ]
    return np.concatenate(known) if known else np.empty(0, np.uint64)


def lookup_url(connection: Connection, url: str) -> tuple[Outcome, str | None] | None:
    """Return how a URL ended, as its most telling row says, and its image."""
    row = connection.execute(
        select(sightings.c.outcome, sightings.c.image_id)
        .where(sightings.c.url_hash == to_sql(url_hash(url)), sightings.c.url == url)
        .order_by(sightings.c.finality.desc(), sightings.c.sighting_id)
        .limit(1)
    ).first()
    return None if row is None else (Outcome(row.outcome), row.image_id)


def found_by(connection: Connection, source: str, query_id: str, urls: Iterable[str]) -> set[str]:
    """Return those of the URLs that this query of this source has found before."""
    by_hash = {to_sql(url_hash(url)): url for url in urls}
    found: set[str] = set()
    for some in _slices(sorted(by_hash)):
        rows = connection.execute(
            select(sightings.c.url_hash).where(
                sightings.c.url_hash.in_(some),
                sightings.c.query_id == query_id,
                sightings.c.source == source,
            )
        )
        found.update(by_hash[number] for number in rows.scalars())
    return found


def kept_by_query(connection: Connection, source: str) -> dict[str, int]:
    """Return how many images each query of a source has brought into the dataset."""
    rows = connection.execute(
        select(sightings.c.query_id, func.count())
        .where(sightings.c.source == source, sightings.c.outcome == Outcome.STORED.value)
        .group_by(sightings.c.query_id)
    )
    return dict(rows.all())


def unfinished(connection: Connection, source: str, max_attempts: int) -> Iterator[Any]:
    """Yield the rows of URLs whose last end was no end, oldest first, a chunk in memory.

    Beside the sighting's own columns each row has ``query_text``.
    """
    last = 0
    waiting = or_(
        and_(sightings.c.finality == int(Finality.TRANSIENT), sightings.c.attempts < max_attempts),
        sightings.c.finality == int(Finality.UNDECIDED),
    )
    while True:
        rows = connection.execute(
            select(sightings, queries.c.text.label("query_text"))
            .join(
                queries,
                and_(
                    queries.c.source == sightings.c.source,
                    queries.c.query_id == sightings.c.query_id,
                ),
                isouter=True,
            )
            .where(sightings.c.source == source, waiting, sightings.c.sighting_id > last)
            .order_by(sightings.c.sighting_id)
            .limit(VARIABLES)
        ).all()
        yield from rows
        if len(rows) < VARIABLES:
            return
        last = rows[-1].sighting_id


def _slices(values: list[Any]) -> Iterator[list[Any]]:
    for start in range(0, len(values), VARIABLES):
        yield values[start : start + VARIABLES]
