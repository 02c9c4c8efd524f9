"""One photo as Flickr's API describes it."""

import pytest

from carsets.sources.flickr_photo import read_photo

PHOTO = {"id": "7", "owner": "1@N00", "license": "4", "title": "T"}
COPIES = {
    "url_o": "https://a.test/o.jpg", "width_o": "6000", "height_o": "4000",
    "url_k": "https://a.test/k.jpg", "width_k": 2048, "height_k": 1365,
    "url_m": "https://a.test/m.jpg", "width_m": "500", "height_m": "333",
}  # fmt: skip


@pytest.mark.parametrize(
    ("longest_side", "names"), [(0, "okm"), (6000, "okm"), (2048, "km"), (2047, "m"), (100, "m")]
)
def test_the_largest_copy_within_the_bound_is_the_image_and_smaller_ones_its_alternates(
    longest_side, names
):
    image = read_photo({**PHOTO, **COPIES}, longest_side)
    assert [image.image_url, *image.alternates] == [f"https://a.test/{name}.jpg" for name in names]


def test_a_photo_that_offers_no_copy_is_left_alone():
    """An address could be put together from its parts; but its owner allows no download."""
    assert read_photo({**PHOTO, "server": "1", "secret": "abc", "farm": 1}) is None


@pytest.mark.parametrize("missing", PHOTO)
def test_a_photo_without_what_every_photo_has_is_not_guessed_at(missing):
    assert read_photo({n: v for n, v in {**PHOTO, **COPIES}.items() if n != missing}) is None


@pytest.mark.parametrize(
    "record", [None, 1, "photo", [], {}, {**PHOTO, **COPIES, "media": "video"}]
)
def test_what_is_no_photo_costs_itself_only(record):
    assert read_photo(record) is None


def test_facts_of_the_wrong_kind_are_left_out():
    odd = {
        "description": ["x"], "tags": 5, "views": "many", "dateupload": "9" * 30, "datetaken": 1,
        "pathalias": {}, "ownername": None, "width_m": "wide", "license": ["4"], "o_width": -4,
        "latitude": "north", "longitude": "1",
    }  # fmt: skip
    image = read_photo({**PHOTO, "url_m": "https://a.test/m.jpg", **odd})
    assert (image.description, image.tags, image.taken, image.uploaded) == ("", (), "", "")
    assert (image.width, image.author, image.extra) == (None, "", {})
    assert image.license.code == "unknown"
    assert image.page_url == "https://www.flickr.com/photos/1@N00/7/"


def test_places_are_kept_only_as_degrees_and_not_as_tags():
    at = {"latitude": "52.5", "longitude": 13.4, "tags": "car geo:lat=52.5 GEO:lon=13.4"}
    image = read_photo({**PHOTO, **COPIES, **at})
    assert image.extra["place"] == [52.5, 13.4]
    assert image.tags == ("car",)
    nowhere = read_photo({**PHOTO, **COPIES, "latitude": 0, "longitude": "0"})
    assert "place" not in nowhere.extra
