"""Makes a new catalog, leads an older one to today's tables, and refuses a newer one.

A new table needs no new version: what is missing is made whenever a catalog is opened. New columns
and indexes of older tables do, and a step that adds them; ``test_migrations`` upgrades catalogs of
every older version and has Alembic compare them with new ones.

Alembic does not run the steps. It was tried under a real Scrapyd, where carsets is a zipped egg:
its folder of scripts is not found there (``as_file``, and ``script_location = carsets:...``, end in
IsADirectoryError on Python 3.11). Its ``Operations`` alone do work from an egg, but ``add_column``
is no shorter than the SQL, and as fast (0.02 s for 200,000 images). What would be gained is batch
mode, which changes columns in SQLite by copying the table. Here it fails: the old table is dropped
while rows refer to it, and foreign keys cannot be switched off inside the transaction that makes an
upgrade whole or nothing ("FOREIGN KEY constraint failed", after 1.8 s for 2,000 images and 29 s for
8,000, since each row that goes is looked up among those that refer to it).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, inspect, select, text

from carsets.catalog.connection import CatalogError, bound_waiting, lock_writers
from carsets.catalog.schema import VERSION, metadata, schema_version, workers
from carsets.catalog.workers import undo_dead

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection


LOCK_SECONDS = 30.0  # to wait for others at each of the tries to open a catalog in PostgreSQL


def _keep_the_words_of_counts(connection: Connection) -> None:
    """Version 2: counts say how they were asked and answered; images may carry those counts."""
    for name in ("word", "raw", "language"):
        connection.execute(text(f"ALTER TABLE counts ADD COLUMN {name} TEXT DEFAULT '' NOT NULL"))
    connection.execute(text("ALTER TABLE images ADD COLUMN body_counts JSON"))


def _remember_releases_and_verifications(connection: Connection) -> None:
    """Version 3: what was handed out, and what became of the addresses since."""
    metadata.create_all(connection)  # makes the tables that are not there


def _index_the_queue_for_review(connection: Connection) -> None:
    """Version 4: the indexes that tables got since they were first made."""
    metadata.create_all(connection)
    for table in metadata.sorted_tables:
        for index in table.indexes:
            index.create(connection, checkfirst=True)


def _let_workers_share_a_plan(connection: Connection) -> None:
    """Version 5: who works on what, and which hosts are being asked."""
    metadata.create_all(connection)


def _keep_smaller_copies(connection: Connection) -> None:
    """Version 6: a URL that is tried again knows the smaller copies of its image."""
    column = "alternates TEXT DEFAULT '' NOT NULL"
    connection.execute(text(f"ALTER TABLE sightings ADD COLUMN {column}"))


# What leads a catalog of version N to version N + 1. Applied in order, each in the one
# transaction that also writes the new number, so that a killed upgrade leaves the old catalog.
UPGRADES: Mapping[int, Callable[[Connection], None]] = {
    1: _keep_the_words_of_counts,
    2: _remember_releases_and_verifications,
    3: _index_the_queue_for_review,
    4: _let_workers_share_a_plan,
    5: _keep_smaller_copies,
}


def prepare(connection: Connection, *, create: bool, where: str) -> None:
    """Make or upgrade the tables. Raises ``CatalogError`` for a database that is not ours."""
    if connection.dialect.name == "postgresql" and inspect(connection).has_table(workers.name):
        undo_dead(connection)
    bound_waiting(connection, LOCK_SECONDS)
    lock_writers(connection)
    tables = set(inspect(connection).get_table_names())
    if not tables and create:
        metadata.create_all(connection)
        _write_version(connection, VERSION)
        return
    if schema_version.name not in tables:
        raise CatalogError(no_catalog(where))
    version = connection.scalar(select(func.max(schema_version.c.version)))
    if version is None:
        raise CatalogError(no_catalog(where))
    if version > VERSION:
        raise CatalogError(
            f"{where} has schema {version}, and this carsets knows {VERSION}: upgrade carsets"
        )
    if not tables >= metadata.tables.keys():
        metadata.create_all(connection)
    _upgrade(connection, version)


def no_catalog(where: str) -> str:
    """Return the one line about a database that is somebody else's."""
    return f"{where} is not a carsets catalog: check DATA_DIR or CATALOG_URL"


def _upgrade(connection: Connection, version: int) -> None:
    for step in range(version, VERSION):
        UPGRADES[step](connection)
        _write_version(connection, step + 1)


def _write_version(connection: Connection, version: int) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    connection.execute(schema_version.insert().values(version=version, upgraded_at=now))
