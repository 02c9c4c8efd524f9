"""From the item that travels to the rows that stay."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from carsets.catalog.rows import CountRow, ImageRow, SightingRow
from carsets.items import FoundImage
from carsets.licenses import DeclaredLicense, Evidence
from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from carsets.items import CarImage, ResultCount
    from carsets.vision.detection import Detection

# Outcomes of images that have a row of their own in the catalog.
WITH_ROW = {Outcome.STORED, Outcome.NOT_A_CAR}


def now() -> str:
    """Return the time of day as the catalog writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def sighting_row(item: CarImage, outcome: Outcome, run_id: str) -> SightingRow:
    """Return what is kept of a URL: where it was seen, what was said of it, how it ended."""
    found = item.found
    return SightingRow(
        source=item.source,
        query_id=item.query.query_id,
        page=item.page,
        rank=item.rank,
        url=found.image_url,
        page_url=found.page_url,
        thumbnail=found.thumbnail_url,
        alternates=found.alternates,
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
        outcome=outcome,
        note=item.note,
        image_id=item.duplicate_of or (item.image_id if outcome in WITH_ROW else "") or None,
        run_id=run_id,
        ended_at=now(),
    )


def found_again(row: Any) -> FoundImage:
    """Return what a source said of an image, from the sighting of one that is tried again."""
    return FoundImage(
        image_url=row.url,
        page_url=row.page_url,
        alternates=tuple(row.alternates.splitlines()),
        thumbnail_url=row.thumbnail,
        source_id=row.source_id,
        title=row.title,
        description=row.description,
        tags=tuple(row.tags or ()),
        width=row.width,
        height=row.height,
        taken=row.taken,
        uploaded=row.uploaded,
        extra=row.extra or {},
        author=row.author,
        author_url=row.author_url,
        license=DeclaredLicense(
            row.license, Evidence(row.license_evidence), row.license_url, row.license_raw
        ),
        attribution=row.attribution,
    )


def count_row(item: ResultCount, run_id: str) -> CountRow:
    """Return what is kept of a total."""
    return CountRow(
        source=item.source,
        query_id=item.query_id,
        text=item.query,
        labels=item.labels,
        word=item.word,
        total=item.total,
        raw=item.raw,
        language=item.language,
        counted_at=item.counted_at,
        run_id=run_id,
    )


def image_row(item: CarImage, verdict: str, run_id: str) -> ImageRow:
    """Return what is kept of an image that was looked at. ``item.inspection`` must be there."""
    seen = item.inspection
    assert seen is not None
    return ImageRow(
        sha256=seen.sha256,
        md5=seen.md5,
        path=item.path,
        width=seen.width,
        height=seen.height,
        bytes=item.size,
        format=seen.format,
        mime=seen.mime,
        mode=seen.mode,
        flags=seen.flags,
        pixel_hash=seen.pixel_hash,
        phash=seen.phash,
        dhash=seen.dhash,
        license=item.license.code,
        license_evidence=int(item.license.evidence),
        license_url=item.license.url,
        license_raw=item.license.raw,
        license_read_at=now(),
        openness=item.license.openness,
        embedded=dict(seen.embedded),
        labels=dict(item.query.labels),
        served_url=item.served_url,
        served_headers=item.served_headers,
        fetched_at=item.fetched_at,
        verdict=verdict,
        run_id=run_id,
        **_reservation(item),
        **(detection_columns(item.detection) if item.detection else {}),
    )


def _reservation(item: CarImage) -> dict[str, Any]:
    if item.reservation is None:
        return {}
    return {
        "reservation": "reserved" if item.reservation.reserved else "free",
        "reservation_signals": [asdict(signal) for signal in item.reservation.signals],
        "reservation_checked_at": item.reservation.checked_at,
    }


def detection_columns(seen: Detection) -> dict[str, Any]:
    """Return what is kept of the detector's look at an image, by column."""
    return {
        "car_score": seen.car_score,
        "part_score": seen.part_score,
        "top_labels": [[label, round(float(share), 6)] for label, share in seen.top],
        "view": seen.view,
        "model": seen.model,
        "features": seen.features,
    }
