"""Items and steps, built the way a crawl builds them."""

import asyncio
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from scrapy import Spider
from scrapy.exceptions import DropItem
from scrapy.utils.misc import build_from_crawler
from scrapy.utils.test import get_crawler

import carsets.settings
from carsets.catalog.rows import RunRow
from carsets.crawl_state import CrawlState
from carsets.items import CarImage, FoundImage
from carsets.licenses import NO_LICENSE
from carsets.queries import Query
from carsets.vision.inspection import Limits, inspect

SETTINGS = {name: value for name, value in vars(carsets.settings).items() if name.isupper()}


@pytest.fixture
def crawler(tmp_path):
    """Return a crawler of the project, with a dataset of its own, that has not begun."""

    def make(**settings):
        crawler = get_crawler(
            Spider,
            {**SETTINGS, "DATA_DIR": str(tmp_path), "EXTENSIONS": {}, "ADDONS": {}, **settings},
        )
        crawler.spider = crawler._create_spider("test")
        state = CrawlState.of(crawler)
        state.catalog.start_run(RunRow(run_id=state.run_id, source="test", started_at=""))
        return crawler

    return make


@pytest.fixture
def build(crawler):
    """Return a step, built from the project's settings."""

    def make(cls, **settings):
        return build_from_crawler(cls, crawler(**settings))

    return make


@pytest.fixture
def jpeg():
    """Return the bytes of a small photo-like JPEG; another number gives another picture."""

    def make(number=0, size=(320, 240), quality=90):
        dots = np.random.default_rng(number).integers(0, 256, (12, 16, 3), np.uint8)
        picture = Image.fromarray(dots)
        target = BytesIO()
        picture.resize(size, Image.Resampling.BICUBIC).save(target, "JPEG", quality=quality)
        return target.getvalue()

    return make


@pytest.fixture
def car_image():
    """Return an item as it stands before a step; ``body`` is looked at when it is given."""

    def make(body=None, license=NO_LICENSE, url="https://images.example.org/a.jpg", **found):
        item = CarImage(
            found=FoundImage(image_url=url, license=license, **found),
            source="test",
            query=Query(text="red Ford Focus", labels={"color": "red"}),
        )
        item.license = license
        if body is not None:
            item.body, item.size = body, len(body)
            item.inspection = inspect(body, Limits())
        return item

    return make


@pytest.fixture
def outcome():
    """Run an item through a step; return the outcome of the drop, or None when it passes."""

    def run(step, item):
        async def walk():
            try:
                await step.process_item(item)
            except DropItem as drop:
                return drop.outcome
            return None

        return asyncio.run(walk())

    return run
