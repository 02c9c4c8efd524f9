"""Tables for PostgreSQL: schema.sql, one file of rows a table, and load.sql that brings them in.

The rows are in PostgreSQL's own text format and not in CSV: psql takes a line ``\\.`` for the end
of the data even in the middle of a quoted title, and NULL and an empty text look alike in CSV.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from carsets.exports.base import ExportFormat, ReleaseFacts
from carsets.exports.database import (
    IMAGES,
    LABELS,
    LICENSES,
    SOURCES,
    TABLES,
    Contents,
    create,
    create_indexes,
)
from carsets.exports.text_file import TextFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from carsets.release.folder import ReleaseFolder
    from carsets.release.record import ImageFile, Record

TYPES = {
    "text": "text",
    "integer": "bigint",
    "real": "double precision",
    "boolean": "boolean",
    "json": "jsonb",
}
_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPES = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}

LOAD_HEAD = """\
-- Makes the tables and fills them. Run it in this folder, with a database that you have made:
--     createdb cars && psql -d cars -f load.sql
\\set ON_ERROR_STOP on
\\encoding UTF8
BEGIN;
\\ir schema.sql
"""
LOAD_END = """\
\\ir indexes.sql
COMMIT;
ANALYZE;
"""

INDEXES_HEAD = "-- Where a value has more bytes than an index takes (about 2,700) there is none.\n"
INDEX = """\
DO $$ BEGIN
  {statement}
EXCEPTION WHEN program_limit_exceeded THEN
  RAISE WARNING 'no index: % (%)', SQLERRM, $q${statement}$q$;
END $$;
"""


class PostgresFormat(ExportFormat):
    """schema.sql, indexes.sql, load.sql, and a file of rows for each of the tables."""

    name = "postgres"
    summary = "PostgreSQL: schema.sql, rows for \\copy, load.sql"
    carries_images = False
    note = (
        "Load the tables into PostgreSQL with: createdb cars && psql -d cars -f load.sql (in this "
        "folder). The .tsv files are in PostgreSQL's text format: \\N is NULL, \\n a line break."
    )

    def __init__(self, folder: ReleaseFolder, facts: ReleaseFacts) -> None:
        super().__init__(folder, facts)
        self._contents = Contents()
        self._images = TextFile(folder, _file(IMAGES.name))
        self._labels = TextFile(folder, _file(LABELS.name))

    def add(self, record: Record, image: ImageFile | None) -> None:
        """Write a row, and one for each label."""
        self._images.write(line(self._contents.image(record)))
        for values in self._contents.labels(record):
            self._labels.write(line(values))

    def finish(self) -> None:
        """Write the small tables and the two scripts."""
        self._images.close()
        self._labels.close()
        self._write(_file(LICENSES.name), map(line, self._contents.licenses()))
        self._write(_file(SOURCES.name), map(line, self._contents.sources()))
        self._write("schema.sql", ["\n".join(create(table, TYPES) for table in TABLES)])
        self._write("indexes.sql", [INDEXES_HEAD, *_indexes()])
        copies = [f"\\copy \"{t.name}\" from '{_file(t.name)}'\n" for t in TABLES]
        self._write("load.sql", [LOAD_HEAD, *copies, LOAD_END])

    def _write(self, name: str, texts: Iterable[str]) -> None:
        file = TextFile(self.folder, name)
        for text in texts:
            file.write(text)
        file.close()


def _indexes() -> Iterator[str]:
    for table in TABLES:
        for statement in create_indexes(table).splitlines():
            yield INDEX.format(statement=statement)


def line(values: Iterable[Any]) -> str:
    """Return a row in PostgreSQL's text format."""
    return "\t".join([_cell(value) for value in values]) + "\n"


def _cell(value: str | float | bool | None) -> str:
    if value is None:
        return "\\N"
    if type(value) is str:
        return _SPECIAL.sub(lambda found: _ESCAPES[found[0]], value)
    if type(value) is bool:
        return "t" if value else "f"
    return repr(value)


def _file(table: str) -> str:
    return f"{table}.tsv"
