"""Images whose time is over: their bytes go, their rows and hashes stay for verification."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from carsets.catalog.schema import images
from carsets.licenses import DeclaredLicense, Evidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement, Connection

VARIABLES = 500  # images in one answer


def due(connection: Connection, before: str, *, every: bool, after: int) -> list[Any]:
    """Return seq and path of the next images fetched before a time (ISO 8601, UTC).

    Unless ``every``, only of those that nobody may pass on: what its license gives away may be
    kept for ever.
    """
    rows = connection.execute(
        select(images.c.seq, images.c.path, images.c.bytes)
        .where(_due(connection, before, every=every), images.c.seq > after)
        .order_by(images.c.seq)
        .limit(VARIABLES)
    )
    return list(rows)


def count_due(connection: Connection, before: str, *, every: bool) -> tuple[int, int]:
    """Return how many images are due, and their bytes."""
    row = connection.execute(
        select(func.count(), func.coalesce(func.sum(images.c.bytes), 0)).where(
            _due(connection, before, every=every)
        )
    ).one()
    return int(row[0]), int(row[1])


def expire(connection: Connection, numbers: Sequence[int]) -> None:
    """Write that the files of images are gone. ``features`` were computed from them: they go."""
    connection.execute(
        update(images).where(images.c.seq.in_(numbers)).values(path="", features=None)
    )


def _due(connection: Connection, before: str, *, every: bool) -> ColumnElement[bool]:
    old = (images.c.path != "") & (images.c.fetched_at != "") & (images.c.fetched_at < before)
    if every:
        return old
    codes = connection.scalars(select(images.c.license).distinct())
    return old & images.c.license.not_in([code for code in codes if is_given_away(code)])


def is_given_away(code: str) -> bool:
    """Whether a license lets everybody pass the image on."""
    return DeclaredLicense(code, Evidence.NONE, "", "").terms.dist == "yes"
