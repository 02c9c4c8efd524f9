"""How the dataset came about, in numbers: what a dataset card tells of a whole catalog."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from carsets.catalog import lessons
from carsets.catalog.schema import (
    images,
    queries,
    reviews,
    runs,
    sightings,
    spot_checks,
    tombstones,
    verifications,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Column, Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRuns:
    """What was done with one source. Times are ISO 8601, UTC; "" while there is none."""

    source: str
    runs: int
    first: str  # start of its first run
    last: str  # start of its last run
    queries: int
    answered: int  # queries of these that the source answered to their end
    found: int  # addresses, each once for every query that showed it


@dataclass(frozen=True, slots=True, kw_only=True)
class Decay:
    """What the last sweep of ``scrapy verify`` found."""

    first: str  # ISO 8601, UTC
    last: str
    verdicts: Mapping[str, int]

    @property
    def asked(self) -> int:
        """How many addresses it asked."""
        return sum(self.verdicts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """The numbers of a whole catalog."""

    sources: Sequence[SourceRuns] = ()
    outcomes: Mapping[str, int] = field(default_factory=dict)  # of sightings, by code
    verdicts: Mapping[str, int] = field(default_factory=dict)  # of images: keep, review...
    reservations: Mapping[str, int] = field(default_factory=dict)  # of images: "", free, reserved
    tombstones: Mapping[str, int] = field(default_factory=dict)  # by kind
    reviewed: int = 0  # images that people have looked at
    raters: int = 0
    spot_check: Mapping[str, Any] | None = None  # result of the last one that was finished
    baselines: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # newest, by label
    decay: Decay | None = None


def read_collection(connection: Connection) -> Collection:
    """Return the numbers of a catalog, all counted by the database."""
    stands = reviews.c.undone.is_(False)
    reviewed, raters = connection.execute(
        select(
            func.count(reviews.c.image_id.distinct()), func.count(reviews.c.rater.distinct())
        ).where(stands)
    ).one()
    return Collection(
        sources=_sources(connection),
        outcomes=_counted(connection, sightings.c.outcome),
        verdicts=_counted(connection, images.c.verdict),
        reservations=_counted(connection, images.c.reservation),
        tombstones=_counted(connection, tombstones.c.kind),
        reviewed=reviewed,
        raters=raters,
        spot_check=newest_spot_check(connection),
        baselines=newest_baselines(connection),
        decay=_decay(connection),
    )


def newest_spot_check(connection: Connection) -> Mapping[str, Any] | None:
    """Return the result of the spot check that was finished last; None for none."""
    return connection.scalar(
        select(spot_checks.c.result)
        .where(spot_checks.c.finished_at != "")
        .order_by(spot_checks.c.finished_at.desc(), spot_checks.c.check_id)
        .limit(1)
    )


def newest_baselines(connection: Connection) -> dict[str, Mapping[str, Any]]:
    """Return how well a linear head has learnt each label that was tried, the last time."""
    found = lessons.newest(connection, lessons.BASELINE)
    return {lesson.subject: {"learnt_at": lesson.learnt_at, **lesson.result} for lesson in found}


def _counted(connection: Connection, column: Column[Any]) -> dict[str, int]:
    rows = connection.execute(select(column, func.count()).group_by(column).order_by(column))
    return {str(value): number for value, number in rows}


def _sources(connection: Connection) -> list[SourceRuns]:
    """Return what was done with every source that has found anything."""
    found = _counted(connection, sightings.c.source)
    made = {
        row[0]: row[1:]
        for row in connection.execute(
            select(
                runs.c.source,
                func.count(),
                func.min(runs.c.started_at),
                func.max(runs.c.started_at),
            ).group_by(runs.c.source)
        )
    }
    asked = {
        row[0]: row[1:]
        for row in connection.execute(
            select(queries.c.source, func.count(), func.count(queries.c.outcome)).group_by(
                queries.c.source
            )
        )
    }
    return [
        SourceRuns(
            source=source,
            runs=made.get(source, (0, "", ""))[0],
            first=made.get(source, (0, "", ""))[1],
            last=made.get(source, (0, "", ""))[2],
            queries=asked.get(source, (0, 0))[0],
            answered=asked.get(source, (0, 0))[1],
            found=number,
        )
        for source, number in found.items()
    ]


def _decay(connection: Connection) -> Decay | None:
    last = connection.execute(
        select(
            verifications.c.run_id,
            func.min(verifications.c.verified_at),
            func.max(verifications.c.verified_at).label("last"),
        )
        .group_by(verifications.c.run_id)
        .order_by(func.max(verifications.c.verified_at).desc(), verifications.c.run_id)
        .limit(1)
    ).first()
    if last is None:
        return None
    rows = connection.execute(
        select(verifications.c.verdict, func.count())
        .where(verifications.c.run_id == last[0])
        .group_by(verifications.c.verdict)
        .order_by(verifications.c.verdict)
    )
    return Decay(first=last[1], last=last[2], verdicts={row[0]: row[1] for row in rows})
