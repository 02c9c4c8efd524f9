"""``--where``: which images a release is made of, as an SQL expression.

    --where "make = 'Ford' AND car_score > 0.9 AND license LIKE 'by-%'"

The expression never meets the catalog. It becomes a computed column of a table in memory, which is
filled with some thousand images at a time and holds nothing else: there it can neither read nor
write anything, cannot ask for the time or for chance, and means the same whatever database the
catalog is kept in. Labels are those that people have corrected.
"""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING, Any

from carsets.problems import UserError
from carsets.release.labels import LABELS

if TYPE_CHECKING:
    from collections.abc import Sequence

# What may be asked about, with the type of the column.
COLUMNS = {
    "image_id": "TEXT",
    "sha256": "TEXT",
    **dict.fromkeys(LABELS, "TEXT"),
    "license": "TEXT",  # "by-sa-4.0"
    "license_family": "TEXT",  # "by-sa"
    "evidence": "TEXT",  # who says so: "api", "page", "file", "list", "engine_filter", "none"
    "source": "TEXT",
    "host": "TEXT",  # of the image's address
    "url": "TEXT",
    "page_url": "TEXT",
    "title": "TEXT",
    "author": "TEXT",
    "taken": "TEXT",
    "fetched_at": "TEXT",
    "format": "TEXT",  # "JPEG"
    "width": "INTEGER",
    "height": "INTEGER",
    "bytes": "INTEGER",
    "car_score": "REAL",
    "view": "TEXT",
    "verdict": "TEXT",
}
LONGEST = 10_000  # characters
LONGEST_VALUE = 16 << 20  # bytes of any text on the way: an expression cannot eat the memory
_TEXTS = re.compile(r"'(?:[^']|'')*'")
# Comments, parameters, other statements; and names in quotes, which SQLite takes for texts when
# they are misspelled.
_FORBIDDEN = re.compile(r"""--|/\*|[;"`\[\]?@$:\x00]|'""")


class Where:
    """A condition that chunks of images are tried against."""

    def __init__(self, expression: str) -> None:
        """Raise UserError, listing the columns, for what SQLite cannot understand."""
        check_text(expression)
        self._database = sqlite3.connect(":memory:")
        self._database.set_authorizer(_authorize)
        self._database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        columns = ", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())
        try:
            # Computed columns may hold no queries, and no function that depends on the moment.
            self._database.execute(
                f"CREATE TABLE image ({columns},"
                f" chosen GENERATED ALWAYS AS (CASE WHEN ({expression}\n) THEN 1 ELSE 0 END))"
            )
            self._database.execute("SELECT chosen FROM image")
        except sqlite3.Error as error:
            self._database.close()
            raise _wrong(expression, str(error)) from None
        marks = ", ".join("?" * len(COLUMNS))
        self._insert = f"INSERT INTO image VALUES ({marks})"  # noqa: S608 - question marks

    def __call__(self, rows: Sequence[Sequence[Any]]) -> list[bool]:
        """Say of each row, with the values of ``COLUMNS``, whether it is meant."""
        self._database.execute("DELETE FROM image")
        try:
            self._database.executemany(self._insert, rows)
            chosen = self._database.execute("SELECT chosen FROM image ORDER BY rowid").fetchall()
        except sqlite3.Error as error:  # a number that is too large, for example
            raise UserError(f"--where failed: {error}") from None
        return [value == 1 for (value,) in chosen]

    def close(self) -> None:
        """Let go of the table."""
        self._database.close()


def check_where(expression: str) -> None:
    """Raise UserError, listing the columns, for an expression that cannot be used."""
    Where(expression).close()


def check_text(expression: str) -> None:
    """Raise UserError for what is more than one expression."""
    bare = _TEXTS.sub(" ", expression)
    found = _FORBIDDEN.search(bare)
    if found:
        sign = found[0]
        why = {'"': "texts stand in single quotes", "'": "a text does not end"}.get(
            sign, f"{sign!r} is not allowed"
        )
        raise _wrong(expression, why)
    if len(expression) > LONGEST:
        raise _wrong(expression, f"more than {LONGEST:,} characters")
    depth = 0
    for sign in bare:
        depth += (sign == "(") - (sign == ")")
        if depth < 0:
            break
    if depth:
        raise _wrong(expression, "the parentheses do not match")


def _wrong(expression: str, why: str) -> UserError:
    shown = " ".join(expression.split())
    shown = f"{shown[:60]}..." if len(shown) > 60 else shown
    return UserError(
        f"--where {shown!r}: {why}; an SQL expression over these columns is expected: "
        f"{', '.join(COLUMNS)}"
    )


_ALLOWED = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_INSERT,
    sqlite3.SQLITE_UPDATE,  # of the schema, while the table is made
    sqlite3.SQLITE_DELETE,
    sqlite3.SQLITE_CREATE_TABLE,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_TRANSACTION,
}
_TABLES = {"image", "sqlite_master"}


def _authorize(
    action: int, one: str | None, two: str | None, database: str | None, source: str | None
) -> int:
    if action not in _ALLOWED:
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_READ and one not in _TABLES:
        return sqlite3.SQLITE_DENY
    if action == sqlite3.SQLITE_FUNCTION and two == "load_extension":
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK
