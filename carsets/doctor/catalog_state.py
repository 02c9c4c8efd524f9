"""The catalog: whether it answers, which schema it has, and whether its clock is ours."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import func, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from carsets.catalog.connection import CatalogError, connect, explain_fault
from carsets.catalog.schema import VERSION, images, runs, schema_version
from carsets.doctor.finding import fail, ok, warn
from carsets.doctor.machine import judge_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Connection
    from sqlalchemy.engine import URL

    from carsets.doctor.finding import Finding

PATIENCE = 5  # seconds for a server to answer


def look_at_catalog(url: str, clock: Callable[[], float]) -> Iterator[Finding]:
    """Yield how the catalog is; upgrades nothing. Raises CatalogError when it does not answer."""
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise CatalogError(f"CATALOG_URL: {error}") from None
    if parsed.get_backend_name() == "sqlite":
        path = Path(parsed.database or "")
        if not path.exists():
            yield ok("catalog", f"none at {path}: the first crawl makes it")
            return
        if not os.access(path, os.W_OK):
            yield fail("catalog", f"{path} cannot be written", "change who owns it, or its mode")
            return
    engine = connect(_impatient(parsed), create=False)
    try:
        with engine.execution_options(carsets_reading=True).connect() as connection:
            yield from _read(connection, clock)
    except SQLAlchemyError as error:
        raise explain_fault(error, parsed) from None
    finally:
        engine.dispose()


def _impatient(url: URL) -> str:
    if url.get_backend_name() == "postgresql" and "connect_timeout" not in url.query:
        url = url.update_query_dict({"connect_timeout": str(PATIENCE)})
    return url.render_as_string(hide_password=False)


def _read(connection: Connection, clock: Callable[[], float]) -> Iterator[Finding]:
    where = connection.engine.url.render_as_string()
    if connection.dialect.name == "postgresql":
        theirs = connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())"))
        yield judge_clock("clock", float(theirs) - clock(), "the catalog's server")
    tables = set(inspect(connection).get_table_names())
    if not tables:
        yield ok("catalog", f"{where} is empty: the first crawl makes its tables")
        return
    known = schema_version.name in tables
    version = connection.scalar(select(func.max(schema_version.c.version))) if known else None
    if version is None:
        fix = "check DATA_DIR or CATALOG_URL"
        yield fail("catalog", f"{where} is not a carsets catalog", fix)
        return
    if version > VERSION:
        said = f"{where} has schema {version}, and this carsets knows {VERSION}"
        yield fail("catalog", said, "upgrade carsets on this machine")
        return
    number = connection.scalar(select(func.count()).select_from(images))
    said = f"{where}: schema {version}, {number:,} images"
    if version < VERSION:
        fix = "keep a copy of it; the next command that opens it makes the upgrade"
        yield warn("catalog", f"{said}; this carsets makes it schema {VERSION}", fix)
    else:
        yield ok("catalog", said)
    yield from _look_back(connection, clock)


def _look_back(connection: Connection, clock: Callable[[], float]) -> Iterator[Finding]:
    """Yield that a run began in the future: one of the clocks was, or is, wrong."""
    newest = connection.scalar(select(func.max(runs.c.started_at)))
    if newest and newest[:19] > datetime.fromtimestamp(clock() + 60, UTC).isoformat()[:19]:
        yield warn(
            "clock",
            f"a run of this dataset began at {newest}, which is yet to come",
            "set the clock of this machine, or of the one that crawled",
        )
