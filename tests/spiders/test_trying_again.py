"""What failed in a way that can pass is tried again by the next run of the same plan."""

import asyncio

import pytest
from scrapy.http import Response
from scrapy.utils.test import get_crawler

import carsets.settings
from carsets.catalog.entries import sighting_row
from carsets.catalog.rows import Batch, PageRow, RunRow
from carsets.items import FoundImage
from carsets.outcomes import Outcome, QueryOutcome
from carsets.spiders.bing import BingSpider

SETTINGS = {name: value for name, value in vars(carsets.settings).items() if name.isupper()}


@pytest.fixture
def spider(tmp_path):
    crawler = get_crawler(
        BingSpider, {**SETTINGS, "DATA_DIR": str(tmp_path), "ADDONS": {}, "EXTENSIONS": {}}
    )
    return crawler._create_spider("bing", query="red car")


def remember(spider, page, url, outcome, *, done=True):
    """Write one image of an earlier run, and its page where it is done."""
    state = spider.state_of_crawl
    state.catalog.start_run(RunRow(run_id="earlier", source="bing", started_at=""))
    [query] = spider.plan
    item = spider.car_image(FoundImage(image_url=url, title="A car"), query, page, 1)
    batch = Batch()
    batch.sightings.append(sighting_row(item, outcome, "earlier"))
    if done:
        batch.pages.append(
            PageRow(
                source="bing",
                query=query,
                page=page,
                outcome=QueryOutcome.RESULTS,
                found=1,
                run_id="earlier",
                next=36,
            )
        )
    state.catalog.write(batch)


def tried_again(spider):
    async def walk():
        return [item async for item in spider.try_again(Response("data:,0"))]

    return [item.found.image_url for item in asyncio.run(walk())]


@pytest.mark.parametrize(
    ("outcome", "again"),
    [
        (Outcome.TIMEOUT, True),
        (Outcome.HTTP_5XX, True),
        (Outcome.OVER_LIMIT, True),
        (Outcome.HTTP_404, False),
        (Outcome.OPTED_OUT, False),
        (Outcome.STORED, False),
    ],
)
def test_only_what_can_pass_is_tried_again(spider, outcome, again):
    remember(spider, 1, "https://example.org/a.jpg", outcome)
    assert tried_again(spider) == ["https://example.org/a.jpg"] * again


def test_images_of_a_page_that_is_not_done_come_with_their_page(spider):
    remember(spider, 1, "https://example.org/a.jpg", Outcome.TIMEOUT)
    remember(spider, 2, "https://example.org/b.jpg", Outcome.TIMEOUT, done=False)
    assert tried_again(spider) == ["https://example.org/a.jpg"]


def test_other_plans_are_left_alone(spider, tmp_path):
    remember(spider, 1, "https://example.org/a.jpg", Outcome.TIMEOUT)
    crawler = get_crawler(
        BingSpider, {**SETTINGS, "DATA_DIR": str(tmp_path), "ADDONS": {}, "EXTENSIONS": {}}
    )
    assert tried_again(crawler._create_spider("bing", query="blue van")) == []


def test_after_so_many_runs_it_is_given_up(spider):
    for _ in range(spider.settings.getint("URL_MAX_ATTEMPTS")):
        remember(spider, 1, "https://example.org/a.jpg", Outcome.TIMEOUT)
    assert tried_again(spider) == []
