"""What feeds say of an image: flat, of JSON types, and of nobody."""

import io
import json

import pytest

from carsets.feed_lines import ImageArray, ImageLines
from carsets.items import CarImage, FoundImage, ResultCount
from carsets.outcomes import Outcome
from carsets.queries import Query


@pytest.fixture
def item():
    found = FoundImage(
        image_url="https://a.test/1.jpg", page_url="https://a.test/", title="Jane's", author="Jane"
    )
    query = Query(text="red Ford", labels={"make": "Ford"})
    return CarImage(
        found=found, source="bing", query=query, image_id="ab", path="ab/cd/ab.jpg", size=7,
        body=b"\xff\xd8", outcome=Outcome.STORED,
    )  # fmt: skip


def written(kind, *items):
    file = io.BytesIO()
    exporter = kind(file)
    exporter.start_exporting()
    for item in items:
        exporter.export_item(item)
    exporter.finish_exporting()
    return file.getvalue().decode()


def test_a_line_is_flat_and_leads_to_the_file(item):
    line = json.loads(written(ImageLines, item))
    assert (line["image_id"], line["path"], line["url"]) == (
        "ab", "ab/cd/ab.jpg", "https://a.test/1.jpg",
    )  # fmt: skip
    assert line["labels"] == {"make": "Ford"}
    assert not any(isinstance(v, dict | list) for k, v in line.items() if k != "labels")


def test_nobody_is_named(item):
    assert "Jane" not in written(ImageLines, item)


def test_an_array_says_the_same(item):
    [line] = json.loads(written(ImageArray, item))
    assert line == json.loads(written(ImageLines, item))


def test_totals_are_written_as_they_are():
    count = ResultCount(source="flickr", query="ford car", query_id="q", total=12)
    assert json.loads(written(ImageLines, count))["total"] == 12
