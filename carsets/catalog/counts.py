"""How many results the engines said that queries have, each number with its date."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select, update

from carsets.catalog.connection import upsert
from carsets.catalog.fingerprints import KEPT
from carsets.catalog.rows import CountRow
from carsets.catalog.schema import counts, images

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from sqlalchemy import Connection

    BodyCountsOf = Callable[[Mapping[str, str]], Any]  # of JSON types; None for nothing

_NAMES = tuple(field.name for field in fields(CountRow))


def record(connection: Connection, rows: Iterable[CountRow]) -> None:
    """Write counts; one that was written before stays as it is."""
    columns = [{**asdict(row), "labels": dict(row.labels)} for row in rows]
    if columns:
        connection.execute(upsert(connection, counts).on_conflict_do_nothing(), columns)


def counted_since(connection: Connection, source: str, since: str) -> set[str]:
    """Return the ids of the queries that an engine has answered since then (ISO 8601, UTC)."""
    rows = connection.execute(
        select(counts.c.query_id).where(counts.c.source == source, counts.c.counted_at >= since)
    )
    return set(rows.scalars())


def latest(connection: Connection) -> Iterator[CountRow]:
    """Yield the newest count of each query and engine, in the order in which they were asked."""
    newest = (
        select(func.max(counts.c.count_id))
        .group_by(counts.c.source, counts.c.query_id)
        .scalar_subquery()
    )
    rows = connection.execute(
        select(*(counts.c[name] for name in _NAMES))
        .where(counts.c.count_id.in_(newest))
        .order_by(counts.c.count_id)
    )
    for row in rows:
        yield CountRow(**{**row._mapping, "labels": row.labels or {}})


def join(
    connection: Connection, body_counts_of: BodyCountsOf, after: int, chunk: int
) -> tuple[int, int, int]:
    """Write into up to ``chunk`` kept images after a sequence number what is known of their model.

    Returns the last sequence number looked at (0 when there was none), how many images were
    looked at, and how many of them have counts now.
    """
    rows = connection.execute(
        select(images.c.seq, images.c.labels)
        .where(images.c.seq > after, images.c.verdict.in_(KEPT))
        .order_by(images.c.seq)
        .limit(chunk)
    ).all()
    changes = [{"of": row.seq, "known": body_counts_of(row.labels or {})} for row in rows]
    if changes:
        change = update(images).where(images.c.seq == bindparam("of"))
        connection.execute(change.values(body_counts=bindparam("known")), changes)
    covered = sum(change["known"] is not None for change in changes)
    return (rows[-1].seq if rows else 0), len(rows), covered
