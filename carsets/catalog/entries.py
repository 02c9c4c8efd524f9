"""From the item that travels to the rows that stay."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from carsets.catalog.rows import ImageRow, SightingRow
from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from carsets.items import CarImage


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def sighting_row(item: CarImage, outcome: Outcome, run_id: str, seen_at: str = "") -> SightingRow:
    """Return what the source said of an image, and how its URL ended."""
    found = item.found
    return SightingRow(
        source=item.source,
        query_id=item.query.query_id,
        url=found.image_url,
        outcome=outcome,
        run_id=run_id,
        seen_at=seen_at or _now(),
        page=item.page,
        rank=item.rank,
        page_url=found.page_url,
        thumbnail=found.thumbnail_url,
        source_id=found.source_id,
        width=found.width,
        height=found.height,
        title=found.title,
        description=found.description,
        tags=found.tags,
        taken=found.taken,
        uploaded=found.uploaded,
        labels=item.query.labels,
        extra=found.extra,
        license=found.license.code,
        license_evidence=int(found.license.evidence),
        license_url=found.license.url,
        license_raw=found.license.raw,
        author=found.author,
        author_url=found.author_url,
        attribution=found.attribution,
        note=item.note,
        image_id=item.duplicate_of or item.image_id or None,
        ended_at=_now(),
    )


def image_row(item: CarImage, verdict: str, run_id: str) -> ImageRow:
    """Return all that is known of an image that was looked at.

    ``verdict`` is ``keep``, ``review`` or ``dropped``. Raises ValueError for an item that was
    never inspected.
    """
    seen = item.inspection
    if seen is None:
        raise ValueError(f"{item.found.image_url} was never looked at")
    reservation, detection = item.reservation, item.detection
    signals = [asdict(signal) for signal in reservation.signals] if reservation else []
    return ImageRow(
        sha256=seen.sha256,
        md5=seen.md5,
        pixel_hash=seen.pixel_hash,
        phash=seen.phash,
        dhash=seen.dhash,
        verdict=verdict,
        width=seen.width,
        height=seen.height,
        bytes=item.size,
        path=item.path,
        format=seen.format,
        mime=seen.mime,
        mode=seen.mode,
        flags=seen.flags,
        license=item.license.code,
        license_evidence=int(item.license.evidence),
        license_url=item.license.url,
        license_raw=item.license.raw,
        license_read_at=item.fetched_at,
        openness=item.license.openness,
        reservation=("reserved" if reservation.reserved else "free") if reservation else "",
        reservation_signals=signals,
        reservation_checked_at=reservation.checked_at if reservation else "",
        embedded=seen.embedded,
        labels=item.query.labels,
        car_score=detection.car_score if detection else None,
        part_score=detection.part_score if detection else None,
        top_labels=[list(pair) for pair in detection.top] if detection else [],
        view=detection.view if detection else "",
        model=detection.model if detection else "",
        features=detection.features if detection else None,
        served_url=item.served_url,
        served_headers=item.served_headers,
        fetched_at=item.fetched_at,
        run_id=run_id,
    )
