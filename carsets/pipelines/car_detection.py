"""Keeps only images in which the detector sees a car."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import NotConfigured

from carsets.outcomes import Outcome
from carsets.pipelines.drop import OutcomeDrop
from carsets.pipelines.step import Step
from carsets.vision.detector_pool import DetectorService

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from carsets.items import CarImage


class CarDetectionPipeline(Step):
    """Ask the network, in batches, whether a car is in the image, and which view of it."""

    name = "car_detection"

    def __init__(self, crawler: Crawler) -> None:
        if not crawler.settings.getbool("CAR_DETECTION_ENABLED"):
            raise NotConfigured("CAR_DETECTION_ENABLED is False: nothing is dropped as not_a_car")
        super().__init__(crawler)
        self.service = DetectorService.from_settings(crawler.settings)

    async def open_spider(self) -> None:
        """Load the model, in its own process; a model that cannot be had stops the run here."""
        await self.service.start()

    async def close_spider(self) -> None:
        """Let the model's process go."""
        await self.service.close()

    async def decide(self, item: CarImage) -> None:
        """Fill in the detection; drop what is certainly no car."""
        assert item.inspection is not None
        seen = item.inspection
        item.detection = await self.service.detect(seen.small, seen.small_shape)
        if self.service.engine is not None:
            batches = self.service.engine.batches
            self.crawler.stats.set_value("carsets/car_detection/batches", batches)
        if item.detection.verdict == "drop":
            raise OutcomeDrop(Outcome.NOT_A_CAR, f"car score {item.detection.car_score:.3f}")
