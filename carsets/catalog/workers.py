"""Who works: runs that say, again and again, that they live.

A worker that has not said so for its lease's time is dead, and all that it held is free: its
queries, the URLs that it was about to fetch, its places at hosts, its share of a limit. All times
are the database's, so that the clocks of the workers do not matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Float, and_, column, delete, exists, func, select, table, update

from carsets.catalog.connection import CatalogError, bound_waiting, lock_writers
from carsets.catalog.schema import host_requests, hosts, queries, query_leases, sightings, workers
from carsets.catalog.schema import url_claims as claims

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, Select

RECORDED = 2  # finality (see ``sightings.Finality``) from which the end of a URL is an end


class LeaseLostError(CatalogError):
    """This worker was silent for too long: others have taken over what it held."""

    def __init__(self) -> None:
        super().__init__("the lease of this worker has run out: others go on with its queries")


@dataclass(frozen=True, slots=True)
class Others:
    """How the other workers of a source are doing."""

    living: int
    bench: str  # how the source has refused one of them; "" = it has not


def now(connection: Connection) -> ColumnElement[float]:
    """Return the database's clock: seconds since 1970."""
    if connection.dialect.name == "postgresql":
        return func.extract("epoch", func.clock_timestamp()).cast(Float)
    return (func.julianday("now") - 2440587.5) * 86_400.0


def is_living(connection: Connection) -> ColumnElement[bool]:
    """Return the condition under which a row of ``workers`` is one that still works."""
    return and_(~workers.c.has_left, workers.c.expires_at > now(connection))


def dead(connection: Connection) -> Select[Any]:
    """Return the query for the ids of the workers that were killed."""
    return select(workers.c.run_id).where(
        ~workers.c.has_left, workers.c.expires_at <= now(connection)
    )


def require_life(connection: Connection, run_id: str) -> None:
    """Raise LeaseLostError if this worker counts as dead."""
    this = and_(workers.c.run_id == run_id, is_living(connection))
    if not connection.scalar(select(exists().where(this))):
        raise LeaseLostError


def join(connection: Connection, run_id: str, source: str, plan: str, lease: float) -> int:
    """Enter a worker for ``lease`` seconds; return how many others of the source work already.

    The first one begins anew: what the last workers of this source have left is forgotten.
    """
    undo_dead(connection)
    bound_waiting(connection, lease)
    lock_writers(connection)
    others = _others(connection, source, run_id)
    if not others:
        _forget(connection, source)
    connection.execute(
        workers.insert().values(
            run_id=run_id,
            source=source,
            plan=plan,
            expires_at=now(connection) + lease,
            has_left=False,
            bench="",
        )
    )
    return others


def say_alive(connection: Connection, run_id: str, lease: float) -> None:
    """Prolong the lease, and end what the dead are in. Raises LeaseLostError if it has run out."""
    undo_dead(connection)
    done = connection.execute(
        update(workers)
        .where(workers.c.run_id == run_id, is_living(connection))
        .values(expires_at=now(connection) + lease)
    )
    if not done.rowcount:
        raise LeaseLostError


def undo_dead(connection: Connection) -> None:
    """Let PostgreSQL undo what dead workers are in the middle of: others may wait for its locks.

    Such a worker was frozen in the middle, or its machine is gone. (PostgreSQL's own
    ``idle_in_transaction_session_timeout`` does not see the hanging pipelines of psycopg.)
    """
    if connection.dialect.name != "postgresql":
        return
    sessions = table("pg_stat_activity", *map(column, ("pid", "application_name", "usename")))
    connection.execute(
        select(func.pg_terminate_backend(sessions.c.pid)).where(
            sessions.c.application_name.in_(dead(connection)),
            sessions.c.usename == func.current_user(),
            sessions.c.pid != func.pg_backend_pid(),
        )
    )


def say_bench(connection: Connection, run_id: str, bench: str) -> None:
    """Tell the others that the source refuses us."""
    connection.execute(update(workers).where(workers.c.run_id == run_id).values(bench=bench))


def others(connection: Connection, run_id: str, source: str) -> Others:
    """Return how the others of this source are doing, those that have left included."""
    bench = connection.scalar(
        select(func.max(workers.c.bench)).where(
            workers.c.source == source, workers.c.run_id != run_id
        )
    )
    return Others(_others(connection, source, run_id), bench or "")


def leave(connection: Connection, run_id: str, source: str) -> None:
    """Let go of everything that this worker held and has not done.

    Kept, until the last worker of the source leaves, are the queries that got no answer and the
    URLs that have ended: nobody asks for them again before the next crawl.
    """
    lock_writers(connection)
    connection.execute(
        update(workers).where(workers.c.run_id == run_id).values(has_left=True, outstanding=0)
    )
    ended = select(queries.c.query_id).where(
        queries.c.source == source, queries.c.run_id == run_id, queries.c.ended_at != ""
    )
    connection.execute(
        delete(query_leases).where(
            query_leases.c.source == source,
            query_leases.c.run_id == run_id,
            query_leases.c.query_id.not_in(ended),
        )
    )
    recorded = exists().where(
        sightings.c.url_hash == claims.c.url_hash, sightings.c.finality >= RECORDED
    )
    connection.execute(delete(claims).where(claims.c.run_id == run_id, ~recorded))
    connection.execute(delete(host_requests).where(host_requests.c.run_id == run_id))
    if not _others(connection, source, run_id):
        _forget(connection, source)


def _others(connection: Connection, source: str, run_id: str) -> int:
    living = select(func.count()).where(
        workers.c.source == source, workers.c.run_id != run_id, is_living(connection)
    )
    return connection.scalar(living) or 0


def _forget(connection: Connection, source: str) -> None:
    """Empty the tables of what workers of a source have left that are no more."""
    connection.execute(delete(query_leases).where(query_leases.c.source == source))
    connection.execute(delete(workers).where(workers.c.source == source))
    known = select(workers.c.run_id)
    for held in (claims, host_requests):
        connection.execute(delete(held).where(held.c.run_id.not_in(known)))
    if not connection.scalar(select(func.count()).select_from(workers)):
        connection.execute(delete(hosts))
