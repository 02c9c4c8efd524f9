"""How far each query of each source has come, page by page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from carsets.catalog.connection import upsert
from carsets.catalog.rows import QueryProgress
from carsets.catalog.schema import pages, queries

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from carsets.catalog.rows import AnyQuery, PageRow, QueryEndRow

CUT = "per_query reached"  # the note of a query that a plan wanted no more of


def query_progress(connection: Connection, source: str) -> dict[str, QueryProgress]:
    """Return the progress of all queries that a source was ever asked."""
    return read_progress(connection, queries.c.source == source)


def read_progress(connection: Connection, *which: ColumnElement[bool]) -> dict[str, QueryProgress]:
    """Return the progress of some queries by their ids."""
    rows = connection.execute(
        select(
            queries.c.query_id,
            queries.c.next_page,
            queries.c.found,
            queries.c.outcome,
            queries.c.next,
            queries.c.note,
        ).where(*which)
    )
    return {
        row.query_id: QueryProgress(
            row.next_page, row.found, row.outcome, row.next, is_cut=row.note == CUT
        )
        for row in rows
    }


def save_page(connection: Connection, row: PageRow) -> None:
    """Write a page that is done. Only an answer moves the query on to the next page."""
    columns: dict[str, Any] = {
        "source": row.source,
        "query_id": row.query.query_id,
        "page": row.page,
        "url": row.url,
        "outcome": row.outcome.value,
        "found": row.found,
        "note": row.note,
        "run_id": row.run_id,
        "read_at": _now(),
    }
    insert = upsert(connection, pages)
    changed = ("url", "outcome", "found", "note", "run_id", "read_at")
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["source", "query_id", "page"],
            set_={name: insert.excluded[name] for name in changed},
        ),
        columns,
    )
    _touch(connection, row.source, row.query, row.run_id)
    if row.outcome.is_answer:
        _advance(connection, row.source, row.query.query_id, row.page, row.next)


def _advance(
    connection: Connection, source: str, query_id: str, page: int, next_cursor: str | int | None
) -> None:
    total = (
        select(func.coalesce(func.sum(pages.c.found), 0))
        .where(pages.c.source == source, pages.c.query_id == query_id)
        .scalar_subquery()
    )
    this = (queries.c.source == source, queries.c.query_id == query_id)
    connection.execute(update(queries).where(*this).values(found=total))
    connection.execute(
        update(queries)
        .where(*this, queries.c.next_page <= page)
        .values(next_page=page + 1, next=next_cursor)
    )


def save_query_end(connection: Connection, row: QueryEndRow) -> None:
    """Write how a query ended. Only an answer finishes it: a later run asks the others again."""
    _touch(connection, row.source, row.query, row.run_id)
    finished = row.outcome.is_answer
    connection.execute(
        update(queries)
        .where(queries.c.source == row.source, queries.c.query_id == row.query.query_id)
        .values(
            outcome=row.outcome.value if finished else None,
            note=row.note if finished else f"{row.outcome.value}: {row.note}",
            ended_at=_now(),
        )
    )


def _touch(connection: Connection, source: str, query: AnyQuery, run_id: str) -> None:
    insert = upsert(connection, queries)
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["source", "query_id"], set_={"run_id": insert.excluded.run_id}
        ),
        {
            "source": source,
            "query_id": query.query_id,
            "text": query.text,
            "labels": dict(query.labels),
            "run_id": run_id,
            "started_at": _now(),
        },
    )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
