"""Flickr past its cap: windows of upload time, and answers that never end."""

import json

import pytest

from carsets.sources.date_windows import Reading, Window
from carsets.spiders.flickr import MAX_PER_PAGE, first_reading, read_page, search_parameters

PHOTO = {"id": "7", "owner": "1@N00", "license": "4", "title": "T"}


@pytest.mark.parametrize(
    ("per_query", "place"),
    [
        (1, "1@1:any"),
        (100, "100@1:any"),
        (3000, "500@1:any"),
        (3001, "500@1:1076371200-1700000000"),
        (0, "500@1:1076371200-1700000000"),
    ],
)
def test_small_questions_ask_for_little_and_large_ones_in_windows(per_query, place):
    assert str(first_reading(per_query, 1_700_000_000)) == place


class FakeFlickr:
    """A Flickr that holds photos by upload second and never shows more than 4,000 of a window."""

    def __init__(self, moments):
        self.moments = sorted(moments)
        self.questions = 0

    def answer(self, reading):
        self.questions += 1
        asked = search_parameters("x", reading)
        first, last = int(asked["min_upload_date"]), int(asked["max_upload_date"])
        hits = [i for i, moment in enumerate(self.moments) if first <= moment <= last]
        shown = hits[:4000]
        start = (reading.page - 1) * reading.per_page
        photos = [
            {**PHOTO, "id": str(i), "url_m": f"https://a.test/{i}.jpg"}
            for i in shown[start : start + reading.per_page]
        ]
        pages = -(-len(hits) // reading.per_page)
        facts = {"page": reading.page, "pages": pages, "perpage": 500, "total": str(len(hits))}
        return json.dumps({"photos": {**facts, "photo": photos}, "stat": "ok"}).encode()


def read_everything(flickr, now):
    """Read as the spider does: from cursor to cursor."""
    reading, found = first_reading(0, now), []
    while reading:
        answer = read_page(flickr.answer(reading), reading)
        assert answer.outcome.is_answer
        found += [image.source_id for image in answer.images]
        reading = Reading.parse(answer.next) if answer.next else None
    return found


def test_windows_of_upload_time_reach_past_the_cap_and_find_every_photo_once():
    opened = 1_076_371_200
    flickr = FakeFlickr([opened + (number * number * 31) % 600_000_000 for number in range(12_345)])
    found = read_everything(flickr, opened + 600_000_000)
    assert len(found) == len(set(found)) == 12_345
    assert flickr.questions < 60  # 25 full pages, and the halving


def test_a_second_with_more_photos_than_the_cap_gives_the_cap_and_ends():
    flickr = FakeFlickr([1_200_000_000] * 5_000 + [1_200_000_001])
    found = read_everything(flickr, 1_500_000_000)
    assert len(set(found)) == 4_001


def test_an_answer_that_promises_pages_without_end_is_read_up_to_the_cap():
    window = Window(1_100_000_000, 1_300_000_000)
    lying = json.loads(FakeFlickr([1_200_000_000]).answer(Reading(500, (window,))))
    lying["photos"]["pages"] = 10**9
    body = json.dumps(lying).encode()
    assert read_page(body, Reading(500, page=7)).next == "500@8:any"
    assert read_page(body, Reading(500, page=8)).next is None
    assert read_page(body, Reading(100, page=40)).next is None


def test_a_page_with_photos_without_end_gives_as_many_as_a_page_can_have():
    photos = {"photo": [{**PHOTO, "url_m": "https://a.test/m.jpg"}] * 5000, "total": 1, "pages": 1}
    body = json.dumps({"photos": photos, "stat": "ok"}).encode()
    assert len(read_page(body).images) == MAX_PER_PAGE
