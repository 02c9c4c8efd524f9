"""Both passes read one state of the catalog, whatever is written meanwhile."""

import pytest
from sqlalchemy.dialects import postgresql

from carsets.catalog import release_rows


@pytest.fixture
def images(catalog, image, sighting):
    for number in range(7):
        url = f"https://a.test/{number}.jpg"
        catalog.admit(image(f"image {number}"), sighting=sighting(url, title=f"Car {number}"))
    return catalog


def test_small_chunks_give_every_image_once(images):
    with images.one_state() as rows:
        found = [row for some in rows.light(chunk=3) for row in some]
        assert rows.total() == 7
    assert [row.seq for row in found] == list(range(1, 8))
    assert [row.title for row in found] == [f"Car {number}" for number in range(7)]


def test_rows_come_in_the_order_that_was_asked_for(images):
    with images.one_state() as rows:
        assert [row.seq for row in rows.full([5, 1, 7])] == [5, 1, 7]
        assert rows.full([2])[0].url == "https://a.test/1.jpg"


def test_what_is_written_meanwhile_is_not_seen(images, image):
    with images.one_state() as rows:
        assert rows.total() == 7
        images.admit(image("another"))
        assert rows.total() == 7
        assert [len(some) for some in rows.light()] == [7]
    with images.one_state() as rows:
        assert rows.total() == 8


@pytest.mark.parametrize("statement", ["_LIGHT", "_FULL"])
def test_the_statements_are_postgresql_too(statement):
    text = str(getattr(release_rows, statement).compile(dialect=postgresql.dialect()))
    assert "CAST(images.labels AS TEXT)" in text
