"""What one host is sent by all workers together: never more at once, never closer than it may be.

A worker asks before each request, and is let through or told when to ask again. A request that
was let through counts until it ends, or its worker dies.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, func, select, update

from carsets.catalog.connection import upsert
from carsets.catalog.schema import host_requests, hosts, workers
from carsets.catalog.workers import LeaseLostError, is_living
from carsets.catalog.workers import now as now_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

POLL = 0.05  # seconds until a worker asks again for a host that is busy


@dataclass(frozen=True, slots=True)
class Knock:
    """A request that wants to be sent."""

    request_id: str
    host: str
    delay: float  # seconds to the next one
    at_once: int  # how many the host may be sent


@dataclass(frozen=True, slots=True)
class News:
    """What a worker has to tell of hosts, in one call."""

    knocks: Sequence[Knock] = ()
    sent: Sequence[Knock] = ()  # just now, after it was let through: the pause begins here
    ended: Sequence[str] = ()  # request ids
    pauses: Mapping[str, float] | None = None  # host -> seconds that it asks to be left alone


def pace_hosts(connection: Connection, run_id: str, news: News) -> dict[str, float]:
    """Return for each knock how many seconds it has to wait; 0 lets it through.

    Raises LeaseLostError if this worker counts as dead.
    """
    if news.ended:
        connection.execute(delete(host_requests).where(host_requests.c.request_id.in_(news.ended)))
    names = sorted({knock.host for knock in (*news.knocks, *news.sent)} | {*(news.pauses or ())})
    if not names:
        return {}
    next_at = _lock(connection, names)
    was = dict(next_at)
    now = _time_of_the_living(connection, run_id)  # after the wait for the rows
    for knock in news.sent:
        next_at[knock.host] = max(next_at[knock.host], now + knock.delay)
    for host, pause in (news.pauses or {}).items():
        next_at[host] = max(next_at[host], now + pause)
    waits = _let_in(connection, run_id, news.knocks, next_at, now)
    changed = [
        {"name": name, "moment": next_at[name]} for name in names if next_at[name] != was[name]
    ]
    if changed:
        connection.execute(
            update(hosts)
            .where(hosts.c.host == bindparam("name"))
            .values(next_at=bindparam("moment")),
            changed,
        )
    return waits


def _lock(connection: Connection, names: Sequence[str]) -> dict[str, float]:
    """Keep hosts to ourselves until the transaction ends; return when each may be asked again."""
    wanted = (
        select(hosts.c.host, hosts.c.next_at)
        .where(hosts.c.host.in_(names))
        .order_by(hosts.c.host)  # in one order, or two workers could wait for each other
        .with_for_update()
    )
    found: dict[str, float] = dict(connection.execute(wanted).all())
    if new := [{"host": name, "next_at": 0.0} for name in names if name not in found]:
        connection.execute(upsert(connection, hosts).on_conflict_do_nothing(), new)
        found = dict(connection.execute(wanted).all())
    return found


def _time_of_the_living(connection: Connection, run_id: str) -> float:
    """Return the database's clock. Raises LeaseLostError if this worker counts as dead."""
    moment = connection.scalar(
        select(now_of(connection)).where(workers.c.run_id == run_id, is_living(connection))
    )
    if moment is None:
        raise LeaseLostError
    return float(moment)


def _let_in(
    connection: Connection,
    run_id: str,
    knocks: Sequence[Knock],
    next_at: dict[str, float],
    now: float,
) -> dict[str, float]:
    busy = _busy(connection, sorted({knock.host for knock in knocks}))
    waits: dict[str, float] = {}
    let_in = []
    for knock in knocks:
        waits[knock.request_id] = max(0.0, next_at[knock.host] - now)
        if waits[knock.request_id]:
            continue
        if busy[knock.host] >= knock.at_once > 0:
            waits[knock.request_id] = POLL
            continue
        busy[knock.host] += 1
        next_at[knock.host] = now + knock.delay
        let_in.append({"request_id": knock.request_id, "host": knock.host, "run_id": run_id})
    if let_in:
        connection.execute(host_requests.insert(), let_in)
    return waits


def _busy(connection: Connection, names: Sequence[str]) -> Counter[str]:
    if not names:
        return Counter()
    rows = connection.execute(
        select(host_requests.c.host, func.count())
        .join(workers, workers.c.run_id == host_requests.c.run_id)
        .where(host_requests.c.host.in_(names), is_living(connection))
        .group_by(host_requests.c.host)
    )
    return Counter(dict(rows.all()))
