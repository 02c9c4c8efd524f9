"""Every recorded page of every source, and what is to be found in it.

A page ``recorded/<source>/<name>.<ext>`` has a ``<name>.expected.json`` beside it: how the answer
came (``response``; with the spider's ``arguments``, if any) and what the source's spider makes of
it (``answer``; empty fields left out).
"""

import json
from dataclasses import asdict, replace
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from scrapy import Request
from scrapy.http import TextResponse
from scrapy.utils.spider import iter_spider_classes
from scrapy.utils.test import get_crawler

from carsets import settings
from carsets.queries import Query

RECORDED = Path(__file__).parents[1] / "recorded"
EXPECTED = sorted(RECORDED.glob("*/*.expected.json"))


def build_spider(source, tmp_path, arguments=None):
    [spider] = iter_spider_classes(import_module(f"carsets.spiders.{source}"))
    crawler = get_crawler(
        spider,
        {
            "DATA_DIR": str(tmp_path),
            "CONTACT": "me@example.org",
            "LICENSE_ALLOWED": ["*"],
            "SAFE_SEARCH_OFF_ALLOWED": True,
            "QUERIES_AT_ONCE": 1,
            "IMAGES_IN_FLIGHT": 1,
            "IMAGES_IN_FLIGHT_BYTES": 1,
        },
    )
    return crawler.spidercls.from_crawler(crawler, query="ford mustang", **(arguments or {}))


def set_keys(monkeypatch, source):
    """Give a source the keys that it wants, and no browser."""
    for name in ("FLICKR_API_KEY", "GOOGLE_API_KEY", "GOOGLE_CX", "INSTAGRAM_TOKEN"):
        monkeypatch.setenv(name, "0123456789abcdef")
    monkeypatch.setenv("INSTAGRAM_USER_ID", "17841405309211844")
    module = import_module(f"carsets.spiders.{source}")
    monkeypatch.setattr(module, "use_browser", lambda *_: None, raising=False)


def facts(answer):
    """Return the answer in JSON types, without empty fields."""
    images = [image_facts(image) for image in answer.images]
    return filled(json.loads(json.dumps(asdict(replace(answer, images=[])) | {"images": images})))


def image_facts(image):
    said = image._asdict() | {"extra": dict(image.extra), "license": asdict(image.license)}
    return filled(said)


def filled(fields):
    return {name: value for name, value in fields.items() if value not in (None, "", [], (), {})}


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_recorded_page(expected, tmp_path, monkeypatch):
    set_keys(monkeypatch, expected.parent.name)
    [page] = set(expected.parent.glob(expected.name.replace("expected.json", "*"))) - {expected}
    wanted = json.loads(expected.read_text(encoding="utf-8"))
    came = wanted["response"]
    response = TextResponse(
        came["url"],
        status=came.get("status", 200),
        headers=came.get("headers", {}),
        body=page.read_bytes(),
        encoding="utf-8",
        request=Request(came["url"], meta=came.get("meta", {})),
    )
    spider = build_spider(expected.parent.name, tmp_path, came.get("arguments"))
    assert facts(spider.read_page(response)) == wanted["answer"]


def test_every_page_says_what_is_expected_of_it():
    pages = [path for path in RECORDED.glob("*/*.*") if path.parent.name != "crawls"]
    names = {(path.parent.name, path.name.partition(".")[0]) for path in pages}
    assert names == {(path.parent.name, path.name.partition(".")[0]) for path in EXPECTED}
    assert {source for source, _ in names} >= {"bing", "flickr", "openverse"}


@pytest.mark.parametrize("source", ["bing", "flickr", "google", "instagram", "openverse"])
def test_the_pace_that_is_planned_is_the_pace_that_is_kept(source, tmp_path, monkeypatch):
    set_keys(monkeypatch, source)
    spider = build_spider(source, tmp_path)
    host = urlsplit(spider.page_request(Query(text="vw"), 1, None).url).hostname
    slot = settings.DOWNLOAD_SLOTS[host]
    assert slot["concurrency"] == 1
    assert 60 / slot["delay"] == pytest.approx(spider.requests_per_minute, rel=0.02)
