"""Only whole images of accepted kinds pass, and only those that a list describes."""

import asyncio
import hashlib

import pytest
from scrapy.exceptions import DropItem

from carsets.outcomes import Outcome
from carsets.pipelines.mime import MimePipeline


def look(step, *items):
    """Run items through the step with its real worker processes; return their outcomes."""

    async def crawl():
        await step.open_spider()
        outcomes = []
        for item in items:
            try:
                await step.process_item(item)
                outcomes.append(None)
            except DropItem as drop:
                outcomes.append(drop.outcome)
        await step.close_spider()
        return outcomes

    return asyncio.run(crawl())


def raw(car_image, body, **found):
    item = car_image(**found)
    item.body, item.size = body, len(body)
    return item


def test_what_is_no_whole_image_is_dropped_with_its_reason(build, car_image, jpeg):
    bodies = {
        b"<!DOCTYPE html><html><body>Not found</body></html>": Outcome.HTML,
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>": Outcome.SVG,
        jpeg()[:-2000]: Outcome.TRUNCATED,
        b"%PDF-1.7\n": Outcome.UNSUPPORTED,
        jpeg(size=(100, 60)): Outcome.TOO_SMALL,
        jpeg(): None,
    }
    items = [raw(car_image, body) for body in bodies]
    assert look(build(MimePipeline), *items) == list(bodies.values())
    assert items[-1].inspection.mime == "image/jpeg"


@pytest.mark.parametrize("name", ["sha256", "md5"])
def test_another_file_than_the_list_describes_is_dropped(build, car_image, jpeg, name):
    right = hashlib.new(name, jpeg()).hexdigest()
    items = [
        raw(car_image, jpeg(), **{name: right}),
        raw(car_image, jpeg(1), **{name: right}),
    ]
    assert look(build(MimePipeline), *items) == [None, Outcome.REPLACED]


def test_the_same_picture_in_other_bytes_is_accepted_and_told(build, car_image, jpeg):
    first = raw(car_image, jpeg())
    assert look(build(MimePipeline), first) == [None]
    described = {"sha256": first.inspection.sha256, "phash": f"{first.inspection.phash:016x}"}

    def items():
        return [
            raw(car_image, jpeg(), **described),
            raw(car_image, jpeg(quality=60), **described),
            raw(car_image, jpeg(1), **described),
        ]

    judged = items()
    step = build(MimePipeline)
    assert look(step, *judged) == [None, None, Outcome.REPLACED]
    assert [bool(item.note) for item in judged] == [False, True, True]
    assert "the same picture in other bytes" in judged[1].note
    stats = step.crawler.stats.get_stats()
    told = {name: value for name, value in stats.items() if "integrity" in name}
    assert told == {
        "carsets/integrity/same_bytes": 1,
        "carsets/integrity/same_picture": 1,
        "carsets/integrity/replaced": 1,
    }
    strict = build(MimePipeline, LIST_INTEGRITY="same_bytes")
    assert look(strict, *items()) == [None, Outcome.REPLACED, Outcome.REPLACED]
    assert look(build(MimePipeline, LIST_INTEGRITY="off"), *items()) == [None, None, None]


def test_the_md5_of_the_original_is_not_asked_of_a_smaller_copy(build, car_image, jpeg):
    right = hashlib.md5(jpeg()).hexdigest()
    items = []
    for fetched in ("https://images.example.org/a.jpg", "https://copies.example.org/a.jpg"):
        item = raw(car_image, jpeg(1), md5=right)
        item.image_urls = [fetched]
        items.append(item)
    assert look(build(MimePipeline), *items) == [Outcome.REPLACED, None]
