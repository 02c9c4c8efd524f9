"""One copy of each picture: the best one."""

import asyncio
from io import BytesIO

import pytest
from PIL import Image
from scrapy import signals
from scrapy.exceptions import DropItem

from carsets.licenses import Evidence, read_license
from carsets.outcomes import Outcome
from carsets.pipelines.duplicates import DuplicatesPipeline
from carsets.vision.copies import Fingerprint

BY = read_license("https://creativecommons.org/licenses/by/4.0/", Evidence.API)


def store(step, item, seq):
    """Do what the end of the way does for an image that is stored."""
    step.state.copies.add(seq, Fingerprint.of(item.inspection, item.license.openness, item.size))
    item.outcome = Outcome.STORED
    step.crawler.signals.send_catch_log(signals.item_scraped, item=item)


def encoded(body, size=None, **options):
    picture = Image.open(BytesIO(body))
    if size:
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    target = BytesIO()
    picture.save(target, options.pop("format", "JPEG"), **options)
    return target.getvalue()


@pytest.fixture
def step(build):
    return build(DuplicatesPipeline)


@pytest.fixture
def stored(step, car_image, outcome, jpeg):
    item = car_image(jpeg(1))
    assert outcome(step, item) is None
    store(step, item, seq=1)
    return item


def test_the_same_bytes_are_dropped(step, stored, car_image, outcome, jpeg):
    again = car_image(jpeg(1), url="https://elsewhere.example.org/b.jpg")
    assert outcome(step, again) is Outcome.DUPLICATE_BYTES
    assert again.duplicate_of == stored.image_id


def test_the_same_pixels_with_other_metadata_are_dropped(step, stored, car_image, outcome, jpeg):
    body = jpeg(1)
    comment = b"\xff\xfe\x00\x06abcd"
    other = car_image(body[:2] + comment + body[2:])
    other.size = stored.size - 1  # no better than the stored one
    assert outcome(step, other) is Outcome.DUPLICATE_PIXELS


def test_a_smaller_copy_is_dropped(step, stored, car_image, outcome, jpeg):
    small = car_image(encoded(jpeg(1), size=(240, 180), quality=80))
    assert outcome(step, small) is Outcome.NEAR_DUPLICATE


def test_a_larger_copy_passes_and_names_the_worse_one(step, stored, car_image, outcome, jpeg):
    large = car_image(encoded(jpeg(1), size=(640, 480), quality=90))
    assert outcome(step, large) is None
    assert large.near == (1,)


def test_a_smaller_copy_with_an_open_license_passes(step, stored, car_image, outcome, jpeg):
    open_one = car_image(encoded(jpeg(1), size=(240, 180), quality=80), license=BY)
    assert outcome(step, open_one) is None
    assert open_one.near == (1,)


def test_another_picture_passes(step, stored, car_image, outcome, jpeg):
    assert outcome(step, car_image(jpeg(2))) is None


def test_a_copy_waits_for_the_one_that_is_on_its_way(step, car_image, jpeg):
    async def crawl():
        first, second = car_image(jpeg(1)), car_image(encoded(jpeg(1), size=(240, 180)))
        await step.process_item(first)
        waiting = asyncio.ensure_future(step.process_item(second))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()
        store(step, first, seq=1)
        with pytest.raises(DropItem) as drop:
            await waiting
        return drop.value.outcome

    assert asyncio.run(crawl()) is Outcome.NEAR_DUPLICATE


def test_a_copy_of_a_picture_without_a_car_gets_its_own_look(step, car_image, jpeg):
    async def crawl():
        first, second = car_image(jpeg(1)), car_image(encoded(jpeg(1), size=(240, 180)))
        await step.process_item(first)
        waiting = asyncio.ensure_future(step.process_item(second))
        await asyncio.sleep(0)
        first.outcome = Outcome.NOT_A_CAR
        step.crawler.signals.send_catch_log(signals.item_dropped, item=first)
        await waiting
        same_bytes = car_image(jpeg(1))
        with pytest.raises(DropItem) as drop:
            await step.process_item(same_bytes)
        return drop.value.outcome

    assert asyncio.run(crawl()) is Outcome.DUPLICATE_BYTES


def test_the_same_file_on_many_pages_is_a_placeholder(build, car_image, outcome, jpeg):
    step = build(DuplicatesPipeline, PLACEHOLDER_PAGES=3)
    first = car_image(jpeg(1))
    outcome(step, first)
    store(step, first, seq=1)
    seen = [
        outcome(step, car_image(jpeg(1), page_url=f"https://example.org/{page}"))
        for page in range(4)
    ]
    assert seen == [Outcome.DUPLICATE_BYTES] * 2 + [Outcome.PLACEHOLDER] * 2


def test_pairs_on_one_page_are_no_placeholder(build, car_image, outcome, jpeg):
    step = build(DuplicatesPipeline, PLACEHOLDER_PAGES=3)
    first = car_image(jpeg(1))
    outcome(step, first)
    store(step, first, seq=1)
    page = "https://example.org/gallery"
    seen = [outcome(step, car_image(jpeg(1), page_url=page)) for _ in range(6)]
    assert set(seen) == {Outcome.DUPLICATE_BYTES}
