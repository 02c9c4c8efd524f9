"""The rows that groups are made of: every image, with the sighting that brought it."""

import pytest

from carsets.catalog import grouping_rows
from carsets.catalog.rows import Batch
from carsets.outcomes import Outcome


@pytest.fixture
def rows_of(catalog):
    def read():
        return [row for chunk in catalog.grouping_rows() for row in chunk]

    return read


def test_every_image_has_the_facts_of_the_sighting_that_brought_it(
    catalog, rows_of, image, sighting, monkeypatch
):
    monkeypatch.setattr(grouping_rows, "CHUNK", 2)
    for number in range(5):
        facts = {"author": f"Ann {number}", "page_url": f"https://a.test/p{number}"}
        seen = sighting(f"https://a.test/{number}.jpg", **facts)
        catalog.admit(image(str(number)), sighting=seen)
    again = sighting("https://b.test/0.jpg", Outcome.DUPLICATE_BYTES, author="Eve")
    catalog.write(Batch(sightings=[again], refused=[image("no car", verdict="dropped")]))
    rows = rows_of()
    assert [row.seq for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row.author for row in rows] == [*[f"Ann {number}" for number in range(5)], ""]
    assert rows[3].page_url == "https://a.test/p3"
    assert rows[3].source == "bing"


def test_a_replaced_image_keeps_the_author_that_brought_it(catalog, rows_of, image, sighting):
    """Its sightings tell of the better copy today: growth would move the rest of the author."""
    looks = {"pixel_hash": "1" * 16}
    for name, width in (("small", 100), ("middle", 200), ("large", 300)):
        url = f"https://{name}.test/1.jpg"
        catalog.admit(
            image(name, width=width, served_url=url, **looks), sighting=sighting(url, author=name)
        )
    small, middle, large = rows_of()
    assert [row.author for row in (small, middle, large)] == ["small", "middle", "large"]
    assert small.superseded_by == middle.image_id
    assert middle.superseded_by == large.image_id
    assert large.superseded_by == ""


def test_a_replaced_image_behind_a_redirect_has_the_oldest_sighting_of_its_copy(
    catalog, rows_of, image, sighting
):
    looks = {"pixel_hash": "1" * 16}
    for name, width in (("small", 100), ("middle", 200), ("large", 300)):
        seen = sighting(f"https://{name}.test/go", author=name)
        stored = image(name, width=width, served_url="https://cdn.test/x.jpg", **looks)
        catalog.admit(stored, sighting=seen)
    assert [row.author for row in rows_of()] == ["small", "small", "large"]


def test_an_empty_catalog_has_no_rows(rows_of):
    assert rows_of() == []
