"""One limit of images for all workers of a plan: each may keep what it was handed, and no more.

What is kept is counted from the catalog, so that no crash can make it wrong. A worker that dies
with images in hand gives them back with its lease.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from carsets.catalog.connection import lock_writers
from carsets.catalog.schema import workers
from carsets.catalog.sightings import kept_by_query
from carsets.catalog.workers import is_living, require_life

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection


def share_limit(
    connection: Connection,
    run_id: str,
    *,
    limit: int,
    outstanding: int,
    wants_more: bool,
    planned: Collection[str],
) -> tuple[int, int]:
    """Return how many more images this worker may keep, and how many the plan has brought so far.

    ``outstanding``: what it was handed and has neither kept nor can give back; ``planned``: the
    ids of the plan's queries. Hands out less the less there is left, so that no worker sits on
    what another one could use. Raises LeaseLostError if this worker counts as dead.
    """
    lock_writers(connection)
    require_life(connection, run_id)
    me = connection.execute(
        select(workers.c.source, workers.c.plan).where(workers.c.run_id == run_id)
    ).one()
    ours = (workers.c.source == me.source, workers.c.plan == me.plan, is_living(connection))
    by_query = kept_by_query(connection, me.source)
    kept = sum(by_query.get(query_id, 0) for query_id in planned)
    held, number = connection.execute(
        select(func.coalesce(func.sum(workers.c.outstanding), 0), func.count()).where(
            *ours, workers.c.run_id != run_id
        )
    ).one()
    free = max(0, limit - kept - int(held) - outstanding)
    handed = -(-free // (2 * (number + 1))) if wants_more else 0
    connection.execute(
        update(workers).where(workers.c.run_id == run_id).values(outstanding=outstanding + handed)
    )
    return handed, kept
