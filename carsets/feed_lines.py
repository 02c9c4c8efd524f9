"""What feeds say of an image: the page of items in Scrapyd, and ``scrapy crawl -o``.

A kept image is one flat line of JSON types. The catalog knows more; this is for looking at a run.
Nobody is named in it: `scrapy remove` cannot know where feeds were written.
"""

from __future__ import annotations

from typing import Any

from scrapy.exporters import JsonItemExporter, JsonLinesItemExporter

from carsets.items import CarImage


def line_of(item: CarImage) -> dict[str, Any]:
    """Return what a feed says of an image."""
    seen, detection = item.inspection, item.detection
    return {
        "image_id": item.image_id,
        "path": item.path,
        "source": item.source,
        "query": item.query.text,
        "labels": dict(item.query.labels),
        "url": item.found.image_url,
        "page_url": item.found.page_url,
        "license": item.license.code,
        "width": seen.width if seen else None,
        "height": seen.height if seen else None,
        "bytes": item.size,
        "car_score": round(detection.car_score, 4) if detection else None,
        "verdict": detection.verdict if detection else "keep",
        "fetched_at": item.fetched_at,
    }


class ImageLines(JsonLinesItemExporter):
    """JSON lines with one flat line for each image; other items as Scrapy writes them."""

    def export_item(self, item: Any) -> None:
        """Write an item."""
        super().export_item(line_of(item) if isinstance(item, CarImage) else item)


class ImageArray(JsonItemExporter):
    """The same as one JSON array."""

    def export_item(self, item: Any) -> None:
        """Write an item."""
        super().export_item(line_of(item) if isinstance(item, CarImage) else item)
