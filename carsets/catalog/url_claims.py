"""Which worker fetches which URL: claimed before the download, given back by death.

A claim outlasts its download until the last worker of the source has left, so that a URL that
failed in one worker is not asked for again by another one in the same crawl.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, or_, select

from carsets.catalog.connection import upsert
from carsets.catalog.schema import sightings, url_claims
from carsets.catalog.sightings import Finality
from carsets.catalog.unsigned import from_sql, to_sql
from carsets.catalog.workers import dead, require_life

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection


def claim_urls(
    connection: Connection, run_id: str, hashes: Iterable[int], max_attempts: int
) -> set[int]:
    """Return those URLs (``url_hash``) that this worker, and no other, may fetch now.

    Raises LeaseLostError if this worker counts as dead.
    """
    require_life(connection, run_id)
    # In one order, or two workers could wait for each other.
    wanted = sorted(to_sql(number) for number in hashes)
    insert = upsert(connection, url_claims)
    statement = insert.on_conflict_do_update(
        index_elements=["url_hash"],
        set_={"run_id": insert.excluded.run_id},
        where=url_claims.c.run_id.in_(dead(connection)),
    )
    connection.execute(statement, [{"url_hash": one, "run_id": run_id} for one in wanted])
    mine = select(url_claims.c.url_hash).where(
        url_claims.c.url_hash.in_(wanted), url_claims.c.run_id == run_id
    )
    # Asked for last: who has written an end held the claim until it was written.
    ended = known_hashes(connection, wanted, max_attempts)
    return {from_sql(one) for one in connection.scalars(mine)} - ended


def known_among(connection: Connection, hashes: Iterable[int], max_attempts: int) -> set[int]:
    """Return those URLs (``url_hash``) that have ended, or that a worker has claimed."""
    signed = [to_sql(number) for number in hashes]
    claimed = select(url_claims.c.url_hash).where(
        url_claims.c.url_hash.in_(signed), url_claims.c.run_id.not_in(dead(connection))
    )
    ended = known_hashes(connection, signed, max_attempts)
    return {from_sql(one) for one in connection.scalars(claimed)} | ended


def known_hashes(connection: Connection, signed: list[int], max_attempts: int) -> set[int]:
    """Return the unsigned hashes of those URLs that have ended for good, or often enough."""
    done = or_(
        sightings.c.finality == int(Finality.FINAL),
        and_(sightings.c.finality == int(Finality.TRANSIENT), sightings.c.attempts >= max_attempts),
    )
    rows = select(sightings.c.url_hash).where(sightings.c.url_hash.in_(signed), done)
    return {from_sql(one) for one in connection.scalars(rows)}
