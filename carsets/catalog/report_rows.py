"""What a report reads of the catalog: sums that the database makes, and rows in a steady stream."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sqlalchemy import Text, and_, case, cast, func, or_, select

from carsets.catalog.fingerprints import KEPT
from carsets.catalog.schema import (
    duplicate_groups,
    images,
    queries,
    reviews,
    runs,
    scores,
    sightings,
    tombstones,
)
from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from sqlalchemy import Connection

CHUNK = 10_000  # rows held at once
DOUBT = "doubt"  # the score that orders the queue of reviews; see carsets.curation.kinds


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """One run as the catalog knows it. Times are ISO 8601, UTC; "" while there is none."""

    run_id: str
    source: str
    started: str
    finished: str
    found: int
    kept: int
    bytes: int
    outcomes: Mapping[str, int] = field(default_factory=dict)
    exit_code: int | None = None
    exit_reason: str = ""


class QueryLine(NamedTuple):
    """What one query of one source has brought, over all runs."""

    source: str
    text: str
    found: int  # addresses
    kept: int
    outcome: str  # how it ended; "" while it has not


class ReviewedRow(NamedTuple):
    """One decision of a person, with the labels that the image was given; both JSON."""

    seq: int
    image_labels: str | None
    decision: str
    labels: Any


class Doubt(NamedTuple):
    """One reason to doubt an image."""

    image_id: str
    kind: str
    score: float
    reason: str


class GroupMember(NamedTuple):
    """One image of a group of near duplicates."""

    group_id: str
    image_id: str
    level: str
    distance: int | None


@dataclass(frozen=True, slots=True)
class ReportRows:
    """One state of the catalog."""

    connection: Connection

    # --- What was found ---------------------------------------------------------------------

    def runs(self) -> list[RunLine]:
        """Return all runs, the oldest first."""
        rows = self.connection.execute(select(runs).order_by(runs.c.started_at, runs.c.run_id))
        return [
            RunLine(
                run_id=row.run_id,
                source=row.source,
                started=row.started_at,
                finished=row.finished_at,
                found=row.found,
                kept=row.kept,
                bytes=row.bytes,
                outcomes=row.outcomes or {},
                exit_code=row.exit_code,
                exit_reason=row.exit_reason,
            )
            for row in rows
        ]

    def outcomes(self) -> dict[str, dict[str, int]]:
        """Return how many addresses of each source ended in which way."""
        rows = self.connection.execute(
            select(sightings.c.source, sightings.c.outcome, func.count())
            .group_by(sightings.c.source, sightings.c.outcome)
            .order_by(sightings.c.source, sightings.c.outcome)
        )
        found: dict[str, dict[str, int]] = {}
        for source, outcome, number in rows:
            found.setdefault(source, {})[outcome] = number
        return found

    def query_ends(self) -> dict[str, int]:
        """Return how many queries ended in which way; "" for those that have not."""
        rows = self.connection.execute(
            select(func.coalesce(queries.c.outcome, ""), func.count())
            .group_by(queries.c.outcome)
            .order_by(func.count().desc(), queries.c.outcome)
        )
        return _pairs(rows)

    def best_queries(self, most: int) -> list[QueryLine]:
        """Return the queries that brought the most images."""
        return self._queries(most, best=True)

    def worst_queries(self, most: int) -> list[QueryLine]:
        """Return the queries that found much and brought little."""
        return self._queries(most, best=False)

    def _queries(self, most: int, *, best: bool) -> list[QueryLine]:
        stored = func.sum(case((sightings.c.outcome == Outcome.STORED.value, 1), else_=0))
        per_query = (
            select(
                sightings.c.source,
                sightings.c.query_id,
                func.count().label("found"),
                stored.label("kept"),
            )
            .group_by(sightings.c.source, sightings.c.query_id)
            .subquery()
        )
        share = per_query.c.kept * 1.0 / per_query.c.found
        order = (
            (per_query.c.kept.desc(), share.desc()) if best else (share, per_query.c.found.desc())
        )
        rows = self.connection.execute(
            select(
                per_query.c.source,
                queries.c.text,
                per_query.c.query_id,
                per_query.c.found,
                per_query.c.kept,
                queries.c.outcome,
            )
            .select_from(
                per_query.outerjoin(
                    queries,
                    and_(
                        queries.c.source == per_query.c.source,
                        queries.c.query_id == per_query.c.query_id,
                    ),
                )
            )
            .order_by(*order, per_query.c.source, per_query.c.query_id)
            .limit(most)
        )
        return [
            QueryLine(row.source, row.text or row.query_id, row.found, row.kept, row.outcome or "")
            for row in rows
        ]

    def addresses(self) -> Iterator[tuple[str, str]]:
        """Yield the URL of every sighting, and how it ended."""
        rows = self.connection.execution_options(yield_per=CHUNK).execute(
            select(sightings.c.url, sightings.c.outcome)
        )
        for row in rows:
            yield row[0], row[1]

    # --- The images -------------------------------------------------------------------------

    def verdicts(self) -> dict[str, int]:
        """Return how many images have which verdict of the machine."""
        rows = self.connection.execute(
            select(images.c.verdict, func.count())
            .group_by(images.c.verdict)
            .order_by(images.c.verdict)
        )
        return _pairs(rows)

    def reviewed(self) -> Iterator[ReviewedRow]:
        """Yield the decisions that were not undone, by image, the oldest decision first."""
        rows = self.connection.execution_options(yield_per=CHUNK).execute(
            select(images.c.seq, cast(images.c.labels, Text), reviews.c.decision, reviews.c.labels)
            .join(images, images.c.image_id == reviews.c.image_id)
            .where(reviews.c.undone.is_(False))
            .order_by(images.c.seq, reviews.c.review_id)
        )
        for row in rows:
            yield ReviewedRow._make(row)

    def gallery_size(self) -> int:
        """Return how many images the machine keeps, or people do."""
        return self.connection.scalar(select(func.count()).where(_SHOWN)) or 0

    def gallery(self, most: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Return the numbers (``seq``) of images to show and their doubt, the largest first.

        The doubt is -1 where nobody has doubted. Equal ones come with the oldest first.
        """
        doubt = func.coalesce(scores.c.score, -1.0)
        rows = self.connection.execution_options(yield_per=CHUNK).execute(
            select(images.c.seq, doubt)
            .select_from(
                images.outerjoin(
                    scores, and_(scores.c.image_id == images.c.image_id, scores.c.kind == DOUBT)
                )
            )
            .where(_SHOWN)
            .order_by(doubt.desc(), images.c.seq)
            .limit(most)
        )
        pairs = np.fromiter(
            ((seq, score) for seq, score in rows), np.dtype([("seq", "i8"), ("doubt", "f4")])
        )
        return pairs["seq"], pairs["doubt"]

    # --- What `scrapy curate` says ----------------------------------------------------------

    def doubts_by_kind(self) -> dict[str, int]:
        """Return how many images are doubted for what."""
        rows = self.connection.execute(
            select(scores.c.kind, func.count()).group_by(scores.c.kind).order_by(scores.c.kind)
        )
        return _pairs(rows)

    def most_doubted(self, kind: str, most: int) -> list[Doubt]:
        """Return the images that are doubted most for one reason."""
        return self._doubts(scores.c.kind == kind, most)

    def doubts_of(self, image_ids: Sequence[str]) -> list[Doubt]:
        """Return all reasons to doubt these images (500 of them at most)."""
        return self._doubts(scores.c.image_id.in_(image_ids), None)

    def _doubts(self, which: Any, most: int | None) -> list[Doubt]:
        rows = self.connection.execute(
            select(scores.c.image_id, scores.c.kind, scores.c.score, scores.c.reason)
            .where(which)
            .order_by(scores.c.score.desc(), scores.c.image_id, scores.c.kind)
            .limit(most)
        )
        return [Doubt._make(row) for row in rows]

    def group_count(self) -> int:
        """Return how many groups of near duplicates were found."""
        return (
            self.connection.scalar(select(func.count(duplicate_groups.c.group_id.distinct()))) or 0
        )

    def groups(self, most: int) -> dict[str, list[GroupMember]]:
        """Return the largest groups of near duplicates with their images, the nearest first."""
        size = func.count()
        largest = self.connection.scalars(
            select(duplicate_groups.c.group_id)
            .group_by(duplicate_groups.c.group_id)
            .order_by(size.desc(), duplicate_groups.c.group_id)
            .limit(most)
        ).all()
        found: dict[str, list[GroupMember]] = {group_id: [] for group_id in largest}
        rows = self.connection.execute(
            select(
                duplicate_groups.c.group_id,
                duplicate_groups.c.image_id,
                duplicate_groups.c.level,
                duplicate_groups.c.distance,
            )
            .where(duplicate_groups.c.group_id.in_(largest))
            .order_by(
                duplicate_groups.c.group_id,
                func.coalesce(duplicate_groups.c.distance, 0),
                duplicate_groups.c.image_id,
            )
        )
        for row in rows:
            found[row.group_id].append(GroupMember._make(row))
        return found

    def numbers_of(self, image_ids: Sequence[str]) -> dict[str, int]:
        """Return the numbers (``seq``) of images by id (500 at most), not of removed ones."""
        rows = self.connection.execute(
            select(images.c.image_id, images.c.seq).where(
                images.c.image_id.in_(image_ids), _NOT_REMOVED
            )
        )
        return _pairs(rows)


# What somebody asked to remove is shown no more, not even while its removal is under way.
_NOT_REMOVED = images.c.sha256.not_in(
    select(tombstones.c.value).where(tombstones.c.kind == "sha256")
)
# What was dropped is shown if people kept it. A copy that gave way to a better one has no file.
_SHOWN = _NOT_REMOVED & or_(
    images.c.verdict.in_(KEPT),
    and_(
        images.c.verdict == "dropped",
        images.c.path != "",
        images.c.image_id.in_(
            select(reviews.c.image_id).where(
                reviews.c.decision == "keep", reviews.c.undone.is_(False)
            )
        ),
    ),
)


def _pairs(rows: Any) -> dict[str, int]:
    return {row[0]: row[1] for row in rows}
