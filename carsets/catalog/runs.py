"""When which run began, and how it ended."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from carsets.catalog.connection import upsert
from carsets.catalog.fingerprints import KEPT
from carsets.catalog.rows import RunImages
from carsets.catalog.schema import images, runs
from carsets.catalog.sightings import level, representative

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from carsets.catalog.rows import RunEnd, RunRow
    from carsets.outcomes import Outcome


def start_run(connection: Connection, run: RunRow) -> None:
    """Write that a run has begun."""
    columns = {
        "run_id": run.run_id,
        "source": run.source,
        "started_at": run.started_at,
        "arguments": dict(run.arguments),
    }
    connection.execute(upsert(connection, runs).on_conflict_do_nothing(), columns)


def finish_run(connection: Connection, run_id: str, end: RunEnd) -> None:
    """Write how a run ended."""
    connection.execute(
        update(runs)
        .where(runs.c.run_id == run_id)
        .values(
            finished_at=end.finished_at,
            found=end.found,
            kept=end.kept,
            bytes=end.bytes,
            outcomes=dict(end.outcomes),
            exit_code=end.exit_code,
            exit_reason=end.exit_reason,
        )
    )


def run_images(connection: Connection, run_id: str) -> RunImages:
    """Return what became of the images that a run has stored."""
    kept, size = connection.execute(
        select(func.count(), func.coalesce(func.sum(images.c.bytes), 0)).where(
            images.c.run_id == run_id, images.c.verdict.in_(KEPT)
        )
    ).one()
    replaced: Counter[Outcome] = Counter()
    gone = connection.execute(
        select(images.c.image_id, images.c.pixel_hash).where(
            images.c.run_id == run_id, images.c.superseded_by.is_not(None)
        )
    ).all()
    for image_id, pixel_hash in gone:
        winner = representative(connection, image_id)
        replaced[level(winner.pixel_hash == pixel_hash)] += 1
    return RunImages(kept, size, replaced)


def kept_images(connection: Connection) -> int:
    """Return how many images the dataset has today."""
    kept = select(func.count()).select_from(images).where(images.c.verdict.in_(KEPT))
    return connection.scalar(kept) or 0
