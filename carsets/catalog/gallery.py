"""The images of today's dataset, as people want to see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from carsets.catalog.fingerprints import KEPT
from carsets.catalog.schema import images, sightings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection


def gallery(connection: Connection, most: int) -> Iterator[dict[str, Any]]:
    """Yield kept images, oldest first, each with the first sighting that tells whose it is."""
    first = (
        select(sightings.c.image_id, func.min(sightings.c.sighting_id).label("sighting_id"))
        .group_by(sightings.c.image_id)
        .subquery()
    )
    rows = connection.execute(
        select(
            images.c.image_id,
            images.c.path,
            images.c.width,
            images.c.height,
            images.c.labels,
            images.c.license,
            images.c.car_score,
            images.c.verdict,
            sightings.c.source,
            sightings.c.author,
            sightings.c.title,
            sightings.c.page_url,
        )
        .join(first, first.c.image_id == images.c.image_id)
        .join(sightings, sightings.c.sighting_id == first.c.sighting_id)
        .where(images.c.verdict.in_(KEPT))
        .order_by(images.c.seq)
        .limit(most)
    )
    for row in rows:
        yield dict(row._mapping)
