"""Looks at the bytes once: is it an image, whole, and of a kind and size we take?"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from carsets.outcomes import Outcome
from carsets.pipelines.drop import OutcomeDrop
from carsets.pipelines.step import Step
from carsets.problems import UserError
from carsets.vision.inspection import Limits, Refusal
from carsets.vision.inspection_pool import InspectionPool

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from carsets.items import CarImage


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
            )
        except ValueError as error:
            raise UserError(f"IMAGE_FORMATS, IMAGE_MAX_PIXELS: {error}") from None
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
        for name in ("sha256", "md5"):
            expected = getattr(item.found, name)
            if expected and not hmac.compare_digest(expected, getattr(item.inspection, name)):
                raise OutcomeDrop(Outcome.REPLACED, f"another {name} than the list gives")
