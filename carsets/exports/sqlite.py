"""One SQLite file: images, labels, licenses and sources, with keys and indexes."""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING, Any

from carsets.exports.base import ExportFormat, ReleaseFacts
from carsets.exports.database import (
    IMAGES,
    LABELS,
    LICENSES,
    SOURCES,
    TABLES,
    Contents,
    Table,
    create,
    create_indexes,
    create_key,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carsets.release.folder import ReleaseFolder
    from carsets.release.record import ImageFile, Record

FILE = "images.sqlite"
VERSION = 1  # of the tables, in ``PRAGMA user_version``
TYPES = {
    "text": "TEXT",
    "integer": "INTEGER",
    "real": "REAL",
    "boolean": "INTEGER",  # 0 or 1
    "json": "TEXT",
}
# Ids come in no order: a key that were there from the beginning would be written all over the disk,
# where one that is made at the end is sorted first.
LARGE = (IMAGES, LABELS)
BATCH = 1_000  # rows that are handed over at a time
# The file is made in one go and thrown away when that fails: nothing has to survive a crash.
_PRAGMAS = """
PRAGMA page_size = 4096;
PRAGMA encoding = 'UTF-8';
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA cache_size = -65536;
PRAGMA foreign_keys = OFF;
PRAGMA secure_delete = ON;
"""


class SqliteFormat(ExportFormat):
    """images.sqlite: the same records give the same bytes with the same version of SQLite."""

    name = "sqlite"
    summary = "one SQLite database: images, labels, licenses, sources"
    carries_images = False
    note = (
        "images.sqlite has the tables images, labels, licenses and sources. Lists and objects are "
        "JSON texts (json_each reads them)."
    )

    def __init__(self, folder: ReleaseFolder, facts: ReleaseFacts) -> None:
        super().__init__(folder, facts)
        self._contents = Contents()
        self._rows: dict[str, list[tuple[Any, ...]]] = {IMAGES.name: [], LABELS.name: []}
        self._open = ExitStack()
        self._database: sqlite3.Connection | None = None
        if not folder.has(FILE):
            self._database = self._begin()

    def _begin(self) -> sqlite3.Connection:
        path = self._open.enter_context(self.folder.place(FILE))
        database = self._open.enter_context(closing(sqlite3.connect(path, isolation_level=None)))
        database.executescript(_PRAGMAS + f"PRAGMA user_version = {VERSION};")
        database.execute("BEGIN")
        for table in TABLES:
            database.execute(create(table, TYPES, keyed=table not in LARGE))
        return database

    def add(self, record: Record, image: ImageFile | None) -> None:
        """Write a row, and one for each label."""
        if self._database is None:
            return
        self._rows[IMAGES.name].append(self._contents.image(record))
        self._rows[LABELS.name] += self._contents.labels(record)
        if len(self._rows[IMAGES.name]) >= BATCH:
            self._flush()

    def finish(self) -> None:
        """Write the small tables and the indexes, look whether all fits together, and close."""
        if self._database is None:
            return
        self._flush()
        self._insert(LICENSES, self._contents.licenses())
        self._insert(SOURCES, self._contents.sources())
        for table in TABLES:
            key = create_key(table) if table in LARGE else ""
            for statement in (key + create_indexes(table)).splitlines():
                self._database.execute(statement)
        self._database.execute("COMMIT")
        if broken := self._database.execute("PRAGMA foreign_key_check").fetchone():
            raise RuntimeError(f"{FILE}: a row refers to nothing: {broken}")
        self._database = None
        self._open.close()

    def _flush(self) -> None:
        for table in LARGE:
            self._insert(table, self._rows[table.name])
            self._rows[table.name].clear()

    def _insert(self, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
        assert self._database is not None
        places = ", ".join("?" for _ in table.fields)
        self._database.executemany(f'INSERT INTO "{table.name}" VALUES ({places})', rows)  # noqa: S608
