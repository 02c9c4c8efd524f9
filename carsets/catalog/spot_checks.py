"""Samples that were drawn for people to look at, and what came of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import select

from carsets.catalog.connection import upsert
from carsets.catalog.schema import images, spot_checks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

VARIABLES = 500  # values in one IN (...)


class SpotCheck(NamedTuple):
    """One sample."""

    check_id: str
    plan: Any
    image_ids: Any
    result: Any  # None until all is answered
    made_at: str
    finished_at: str


_COLUMNS = [spot_checks.c[name] for name in SpotCheck._fields]


def record(connection: Connection, check: SpotCheck) -> bool:
    """Write a sample; False if it is there already, and then stays as it is."""
    statement = upsert(connection, spot_checks).values(check._asdict()).on_conflict_do_nothing()
    return bool(connection.execute(statement).rowcount)


def find(connection: Connection, check_id: str) -> SpotCheck | None:
    """Return a sample; None for one that there is not."""
    row = connection.execute(select(*_COLUMNS).where(spot_checks.c.check_id == check_id)).first()
    return SpotCheck._make(row) if row else None


def every(connection: Connection) -> list[SpotCheck]:
    """Return all samples, the oldest first."""
    rows = connection.execute(
        select(*_COLUMNS).order_by(spot_checks.c.made_at, spot_checks.c.check_id)
    )
    return [SpotCheck._make(row) for row in rows]


def finish(connection: Connection, check_id: str, result: Mapping[str, Any], when: str) -> None:
    """Write what came of a sample that is answered."""
    connection.execute(
        spot_checks.update()
        .where(spot_checks.c.check_id == check_id)
        .values(result=dict(result), finished_at=when)
    )


def image_ids(connection: Connection, numbers: Sequence[int]) -> list[str]:
    """Return the ids of images, in the order of their numbers as given."""
    found: dict[int, str] = {}
    for start in range(0, len(numbers), VARIABLES):
        some = numbers[start : start + VARIABLES]
        rows = connection.execute(
            select(images.c.seq, images.c.image_id).where(images.c.seq.in_(some))
        )
        found.update({row.seq: row.image_id for row in rows})
    return [found[number] for number in numbers if number in found]
