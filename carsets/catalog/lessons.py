"""What was learnt from the features of the dataset, and how good that is: one row each time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import func, select

from carsets.catalog.schema import lessons

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

BASELINE, ROUND = "baseline", "iterate"


class Lesson(NamedTuple):
    """One lesson. ``options`` and ``result`` are JSON."""

    kind: str  # BASELINE or ROUND
    subject: str  # the label that was learnt; "" for a round
    options: Mapping[str, Any]
    result: Mapping[str, Any]
    learnt_at: str  # ISO 8601, UTC


_COLUMNS = [lessons.c[name] for name in Lesson._fields]


def record(connection: Connection, lesson: Lesson) -> None:
    """Write a lesson."""
    values = lesson._asdict()
    values |= {"options": dict(lesson.options), "result": dict(lesson.result)}
    connection.execute(lessons.insert().values(values))


def newest(connection: Connection, kind: str) -> list[Lesson]:
    """Return the last lesson on each subject, in the order of the subjects."""
    last = (
        select(func.max(lessons.c.lesson_id))
        .where(lessons.c.kind == kind)
        .group_by(lessons.c.subject)
    )
    rows = connection.execute(
        select(*_COLUMNS).where(lessons.c.lesson_id.in_(last)).order_by(lessons.c.subject)
    )
    return [Lesson._make(row) for row in rows]
