"""How many bytes each host has given on a day, over all runs and workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from carsets.catalog.connection import upsert
from carsets.catalog.schema import host_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

LONGEST_NAME = 255  # characters; host names have 253 at most


def add_host_bytes(connection: Connection, day: str, given: Mapping[str, int]) -> dict[str, int]:
    """Add what hosts gave on a day (ISO 8601); return what each host has given on it, by all.

    Earlier days are forgotten.
    """
    connection.execute(delete(host_bytes).where(host_bytes.c.day < day))
    rows = [
        {"host": host[:LONGEST_NAME], "day": day, "bytes": number}
        for host, number in sorted(given.items())  # in one order: workers wait for each other
        if number
    ]
    if rows:
        insert = upsert(connection, host_bytes)
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=[host_bytes.c.host, host_bytes.c.day],
                set_={"bytes": host_bytes.c.bytes + insert.excluded.bytes},
            ),
            rows,
        )
    found = select(host_bytes.c.host, host_bytes.c.bytes).where(host_bytes.c.day == day)
    return {host: int(number) for host, number in connection.execute(found)}
