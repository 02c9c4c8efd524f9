"""How often what was fetched had been there before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from carsets.catalog.schema import sightings
from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from sqlalchemy import Connection

COPIES = (Outcome.DUPLICATE_BYTES, Outcome.DUPLICATE_PIXELS, Outcome.NEAR_DUPLICATE)


def copies_found(connection: Connection) -> dict[str, int]:
    """Return how many addresses led to a copy of another image, by the kind of copy."""
    rows = connection.execute(
        select(sightings.c.outcome, func.count())
        .where(sightings.c.outcome.in_([outcome.value for outcome in COPIES]))
        .group_by(sightings.c.outcome)
    )
    found: dict[str, int] = dict(rows.all())
    return {outcome.value: found.get(outcome.value, 0) for outcome in COPIES}
