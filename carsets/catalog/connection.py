"""The door to the database: the one place that knows which database it is.

SQLite runs with a write-ahead log, and takes the write lock when a transaction begins. A
transaction that first reads and then writes would otherwise lose to "database is locked" at once,
whatever the timeout.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)

from carsets.outcomes import ExitCode
from carsets.problems import UserError

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Table
    from sqlalchemy.engine import URL

BUSY_SECONDS = 120  # how long to wait for the other writers of a shared catalog
CACHE_KIB = 32_768  # of SQLite's pages: the indexes of a million rows stay fast, memory stays flat
WRITERS_LOCK = 0x63617273  # PostgreSQL: any number, the same in every process

# SQLSTATE of a transaction that PostgreSQL ended though nothing is wrong with it: a deadlock; not
# to be told from one after the other; a lock not given in time; its session was ended.
_CONFLICTS = {"40P01", "40001", "55P03", "57P01"}

_FAULTS = {
    "readonly": "cannot be written",
    "unable to open": "cannot be opened",
    "not a database": "is not a carsets catalog: check DATA_DIR or CATALOG_URL",
    "malformed": "is damaged; restore a copy, or move it away and crawl again",
    "disk is full": "cannot grow: the disk is full",
    "disk i/o": "cannot be read or written: the disk reports an error",
    "locked": f"is locked by another program for more than {BUSY_SECONDS} s",
}


class CatalogError(UserError):
    """The catalog cannot be used. The message is one clear line."""

    def __init__(self, message: str) -> None:
        super().__init__(message, ExitCode.STORE_FAILED)


class ConflictError(CatalogError):
    """The database has ended this transaction in favor of another one. Trying again may do."""


def connect(url: str, *, create: bool) -> Engine:
    """Return an engine for the catalog's URL. Nothing is read or written yet.

    Raises ``CatalogError`` when the URL is none, or its folder cannot be used.
    """
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "sqlite":
            return _sqlite_engine(parsed, create=create)
        return create_engine(parsed, pool_pre_ping=True)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise CatalogError(f"CATALOG_URL: {_one_line(error)}") from error


def _sqlite_engine(url: URL, *, create: bool) -> Engine:
    path = Path(url.database) if url.database and url.database != ":memory:" else None
    try:
        is_new = path is not None and not path.exists()
    except OSError as error:  # a folder on the way that we may not enter
        raise CatalogError(f"the catalog {path} cannot be opened: {error.strerror}") from error
    if path is not None and is_new:
        if not create:
            raise CatalogError(f"there is no catalog at {path}: check DATA_DIR or CATALOG_URL")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CatalogError(
                f"the folder {path.parent} cannot be made: {error.strerror}; set DATA_DIR"
            ) from error
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    try:
        _write_ahead(cursor)
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    finally:
        cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Switch the log on. Two processes that do it at once are told "locked" without waiting."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        if cursor.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
            return
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except Exception as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def _begin(connection: Connection) -> None:
    reading = connection.get_execution_options().get("carsets_reading", False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


def lock_writers(connection: Connection) -> None:
    """Let one process at a time decide, until the transaction ends. SQLite does it by itself."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": WRITERS_LOCK})


def hold_decisions(connection: Connection) -> None:
    """Let many processes write down what was decided, while none decides anew.

    Or a row could point at an image that another process replaces at the same moment.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": WRITERS_LOCK})


def name_session(connection: Connection, worker: str) -> None:
    """Let PostgreSQL show, until the transaction ends, which worker's it is; see ``workers``."""
    if worker and connection.dialect.name == "postgresql":
        connection.execute(
            text("SELECT set_config('application_name', :name, true)"), {"name": worker}
        )


def bound_waiting(connection: Connection, seconds: float) -> None:
    """Raise ConflictError when a lock is not given within so many seconds, in this transaction."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SET LOCAL lock_timeout TO {round(seconds * 1000)}")


def upsert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an insert that knows ``on_conflict_do_update``."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def explain_fault(error: SQLAlchemyError, url: URL) -> CatalogError:
    """Put a database's complaint into one line that says what is wrong."""
    where = url.database if url.get_backend_name() == "sqlite" else url.render_as_string()
    complaint = _one_line(getattr(error, "orig", None) or error)
    lost = getattr(error, "connection_invalidated", False)
    if lost or getattr(getattr(error, "orig", None), "sqlstate", None) in _CONFLICTS:
        return ConflictError(
            f"the catalog {where} is asked by others at the same time: {complaint}"
        )
    if isinstance(error, (OperationalError, DatabaseError)):
        for sign, meaning in _FAULTS.items():
            if sign in complaint.lower():
                return CatalogError(f"the catalog {where} {meaning}")
    return CatalogError(f"the catalog {where} failed: {complaint}")


def _one_line(error: object) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
