"""Looks at the bytes once: is it an image, whole, and of a kind and size we take?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carsets.image_lists.integrity import Integrity, IntegrityPolicy, compare
from carsets.outcomes import Outcome
from carsets.pipelines.drop import OutcomeDrop
from carsets.pipelines.step import Step
from carsets.problems import UserError
from carsets.vision.inspection import Limits, Refusal
from carsets.vision.inspection_pool import InspectionPool

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from carsets.items import CarImage
    from carsets.vision.inspection import Inspection


class MimePipeline(Step):
    """Drop what is not a whole image of an accepted kind; the look serves all later steps."""

    name = "mime"

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings = crawler.settings
        try:
            limits = Limits(
                formats=tuple(settings.getlist("IMAGE_FORMATS")),
                max_pixels=settings.getint("IMAGE_MAX_PIXELS"),
                max_aspect=settings.getfloat("IMAGE_MAX_ASPECT"),
                min_width=settings.getint("IMAGES_MIN_WIDTH"),
                min_height=settings.getint("IMAGES_MIN_HEIGHT"),
                small=settings.getbool("CAR_DETECTION_ENABLED"),
            )
        except ValueError as error:
            raise UserError(f"IMAGE_FORMATS, IMAGE_MAX_PIXELS: {error}") from None
        self.distance = settings.getint("NEAR_DUPLICATE_DISTANCE")
        self.integrity = IntegrityPolicy(settings.get("LIST_INTEGRITY", "same_picture"))
        self.pool = InspectionPool(
            workers=settings.getint("INSPECTION_WORKERS"),
            limits=limits,
            timeout=settings.getfloat("INSPECTION_TIMEOUT"),
        )

    async def open_spider(self) -> None:
        """Start the worker processes."""
        await self.pool.start()

    async def close_spider(self) -> None:
        """Stop the worker processes."""
        await self.pool.close()

    async def decide(self, item: CarImage) -> None:
        """Inspect the bytes in a worker process."""
        assert item.body is not None
        try:
            item.inspection = await self.pool.inspect(item.body)
        except Refusal as refusal:
            raise OutcomeDrop(refusal.outcome, refusal.note) from None
        self._hold_against_list(item, item.inspection)

    def _hold_against_list(self, item: CarImage, seen: Inspection) -> None:
        """Drop another picture than the user's list describes; tell of one in other bytes."""
        fetched = item.image_urls[0] if item.image_urls else item.found.image_url
        finding = compare(
            item.found, seen, self.distance, is_original=fetched == item.found.image_url
        )
        if finding.verdict is not Integrity.UNCHECKED:
            self.crawler.stats.inc_value(f"carsets/integrity/{finding.verdict.value}")
        if not self.integrity.accepts(finding.verdict):
            raise OutcomeDrop(Outcome.REPLACED, finding.note)
        item.note = finding.note
