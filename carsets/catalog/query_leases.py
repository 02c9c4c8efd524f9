"""Which worker asks which query: handed out under leases, and taken over from the dead.

PostgreSQL hands them out with FOR UPDATE SKIP LOCKED, so that workers do not wait for each other;
SQLite lets one writer in at a time anyway.

Libraries that make a queue of PostgreSQL (Procrastinate, PgQueuer) run jobs of their own, once
each. Here a job is a query of a plan that is written down nowhere, whose progress is in the
catalog already, and which goes on in another worker where the last one was. With them all of
that would be kept twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from carsets.catalog.connection import upsert
from carsets.catalog.query_progress import read_progress
from carsets.catalog.rows import ANSWERS
from carsets.catalog.schema import pages, queries, query_leases, workers
from carsets.catalog.workers import dead, others, require_life

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection

    from carsets.catalog.rows import QueryProgress


@dataclass(frozen=True, slots=True)
class Leased:
    """What a worker may ask now, and what it may wait for."""

    queries: Mapping[str, QueryProgress | None]  # by id; None: never asked before
    elsewhere: frozenset[str]  # not answered, and being asked by other workers
    given_up: frozenset[str]  # asked by a worker, this one or another, without an answer
    bench: str  # how the source has refused another worker; "" = it has not


def lease_queries(
    connection: Connection,
    run_id: str,
    source: str,
    wanted: Sequence[tuple[str, int]],
    most: int,
    per_query: int = 0,
) -> Leased:
    """Lease up to ``most`` of the queries (id, place in the plan) that are free.

    ``per_query`` is how many images the plan wants of each; 0: all. Raises LeaseLostError if this
    worker counts as dead.
    """
    ids = [query_id for query_id, _ in wanted]
    past = _past(connection, source, ids)
    open_ids = {name for name in ids if _is_open(past.get(name), per_query)}
    taken, elsewhere, given_up, bench = _lease(connection, run_id, source, wanted, open_ids, most)
    # Read again, now that nobody else moves them on.
    past = _past(connection, source, taken) if taken else {}
    return Leased(
        {name: past.get(name) for name in taken if _is_open(past.get(name), per_query)},
        elsewhere,
        given_up,
        bench,
    )


def lease_batch(
    connection: Connection, run_id: str, source: str, query_id: str, page: int
) -> bool | None:
    """Lease one batch of a list; return whether it is ours, and None when it is done.

    Raises LeaseLostError if this worker counts as dead.
    """
    done = select(pages.c.page).where(
        pages.c.source == source,
        pages.c.query_id == query_id,
        pages.c.page == page,
        pages.c.outcome.in_(ANSWERS),
    )
    name = f"{query_id}.{page}"
    taken, *_ = _lease(connection, run_id, source, [(name, page)], {name}, 1)
    if connection.scalar(done) is not None:
        return None
    return bool(taken)


def _lease(
    connection: Connection,
    run_id: str,
    source: str,
    wanted: Sequence[tuple[str, int]],
    open_ids: set[str],
    most: int,
) -> tuple[list[str], frozenset[str], frozenset[str], str]:
    """Return what was leased, what others hold, what they gave up, and how we are refused."""
    require_life(connection, run_id)
    bench = others(connection, run_id, source).bench
    rows = [
        {"source": source, "query_id": name, "place": place, "run_id": ""}
        for name, place in sorted(wanted)  # in one order, or two workers could wait in a ring
        if name in open_ids
    ]
    if not rows:
        return [], frozenset(), frozenset(), bench
    these = (query_leases.c.source == source, query_leases.c.query_id.in_(open_ids))
    known = set(connection.scalars(select(query_leases.c.query_id).where(*these)))
    if new := [row for row in rows if row["query_id"] not in known]:
        connection.execute(upsert(connection, query_leases).on_conflict_do_nothing(), new)
    taken = list(
        connection.scalars(
            select(query_leases.c.query_id)
            .where(*these, _is_free(connection))
            .order_by(query_leases.c.place)
            .limit(most)
            .with_for_update(skip_locked=True)
        )
    )
    if taken:
        mine = (query_leases.c.source == source, query_leases.c.query_id.in_(taken))
        connection.execute(update(query_leases).where(*mine).values(run_id=run_id))
    held = connection.execute(
        select(query_leases.c.query_id, query_leases.c.run_id, workers.c.has_left)
        .join(workers, workers.c.run_id == query_leases.c.run_id, isouter=True)
        .where(*these)
    ).all()
    elsewhere = {row.query_id for row in held if row.run_id != run_id and not row.has_left}
    return (
        taken,
        frozenset(elsewhere),
        frozenset(row.query_id for row in held if row.has_left),
        bench,
    )


def _is_free(connection: Connection) -> ColumnElement[bool]:
    return (query_leases.c.run_id == "") | query_leases.c.run_id.in_(dead(connection))


def _is_open(past: QueryProgress | None, per_query: int) -> bool:
    return past is None or not past.is_done(per_query)


def _past(connection: Connection, source: str, ids: Sequence[str]) -> dict[str, QueryProgress]:
    return read_progress(connection, queries.c.source == source, queries.c.query_id.in_(ids))
