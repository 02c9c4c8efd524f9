"""How far each query of each source has come, page by page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import func, select, update

from carsets.catalog.connection import upsert
from carsets.catalog.rows import QueryProgress
from carsets.catalog.schema import pages, queries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from carsets.outcomes import QueryOutcome

    class AnyQuery(Protocol):
        """What is kept of a ``carsets.queries.Query``."""

        @property
        def query_id(self) -> str: ...
        @property
        def text(self) -> str: ...
        @property
        def labels(self) -> Mapping[str, str]: ...


def query_progress(connection: Connection, source: str) -> dict[str, QueryProgress]:
    """Return the progress of all queries that a source was ever asked."""
    rows = connection.execute(
        select(
            queries.c.query_id,
            queries.c.next_page,
            queries.c.found,
            queries.c.outcome,
            queries.c.next,
        ).where(queries.c.source == source)
    )
    return {
        row.query_id: QueryProgress(row.next_page, row.found, row.outcome, row.next) for row in rows
    }


def save_page(
    connection: Connection,
    source: str,
    query: AnyQuery,
    page: int,
    *,
    outcome: QueryOutcome,
    found: int,
    run_id: str,
    url: str,
    note: str,
    next_cursor: str | int | None,
) -> None:
    """Write a page that is done. Only an answer moves the query on to the next page."""
    columns: dict[str, Any] = {
        "source": source,
        "query_id": query.query_id,
        "page": page,
        "url": url,
        "outcome": outcome.value,
        "found": found,
        "note": note,
        "run_id": run_id,
        "read_at": _now(),
    }
    insert = upsert(connection, pages)
    update_columns = {
        name: insert.excluded[name] for name in ("url", "outcome", "found", "note", "run_id")
    } | {"read_at": insert.excluded.read_at}
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["source", "query_id", "page"], set_=update_columns
        ),
        columns,
    )
    _touch(connection, source, query, run_id)
    if outcome.is_answer:
        _advance(connection, source, query.query_id, page, next_cursor)


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


def save_query_end(
    connection: Connection,
    source: str,
    query: AnyQuery,
    *,
    outcome: QueryOutcome,
    note: str,
    run_id: str,
) -> None:
    """Write how a query ended. Only an answer finishes it: a later run asks the others again."""
    _touch(connection, source, query, run_id)
    connection.execute(
        update(queries)
        .where(queries.c.source == source, queries.c.query_id == query.query_id)
        .values(
            outcome=outcome.value if outcome.is_answer else None,
            note=note if outcome.is_answer else f"{outcome.value}: {note}",
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
