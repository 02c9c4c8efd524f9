"""Flickr past its cap: windows of upload time, and answers that never end."""

import asyncio
import json

import pytest
from scrapy import Request
from scrapy.http import TextResponse
from scrapy.utils.test import get_crawler

from carsets.queries import Query
from carsets.sources.date_windows import Reading, Window
from carsets.sources.flickr_reach import MAX_PER_PAGE, first_reading
from carsets.spiders.flickr import FlickrSpider, read_page, search_parameters

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
    """A Flickr that holds (second, license) of photos and shows 4,000 of a question at most."""

    def __init__(self, photos, *, tied=False):
        self.photos = sorted(photos)
        self.tied = tied  # whether all were taken at once, so that no order turns them round
        self.questions = 0

    def answer(self, reading):
        self.questions += 1
        asked = search_parameters("x", reading)
        first, last = int(asked["min_upload_date"]), int(asked["max_upload_date"])
        hits = [
            number
            for number, (moment, kind) in enumerate(self.photos)
            if first <= moment <= last and asked.get("license", str(kind)) == str(kind)
        ]
        if asked["sort"].endswith("desc") and not self.tied:
            hits.reverse()
        start = (reading.page - 1) * reading.per_page
        photos = [
            {**PHOTO, "id": str(number), "url_m": f"https://a.test/{number}.jpg"}
            for number in hits[:4000][start : start + reading.per_page]
        ]
        pages = -(-len(hits) // reading.per_page)
        facts = {"page": reading.page, "pages": pages, "perpage": 500, "total": str(len(hits))}
        return json.dumps({"photos": {**facts, "photo": photos}, "stat": "ok"}).encode()


def read_everything(answer_of, now):
    """Read as the spider does, from cursor to cursor; return the ids and the last note."""
    reading, found = first_reading(0, now), []
    while reading:
        answer = read_page(answer_of(reading), reading)
        assert answer.outcome.is_answer
        ids = [image.source_id for image in answer.images]
        repeats = ids and set(ids) <= set(found)
        found += ids
        place = answer.elsewhere if repeats else answer.next
        reading = Reading.parse(place) if place else None
    return found, answer.note


def test_windows_of_upload_time_reach_past_the_cap_and_find_every_photo_once():
    opened = 1_076_371_200
    moments = [opened + (number * number * 31) % 600_000_000 for number in range(12_345)]
    flickr = FakeFlickr([(moment, 4) for moment in moments])
    found, _ = read_everything(flickr.answer, opened + 600_000_000)
    assert len(found) == len(set(found)) == 12_345
    assert flickr.questions < 60  # 25 full pages, and the halving


def test_a_second_with_more_photos_than_the_cap_is_read_license_by_license():
    crowd = [(1_200_000_000, number % 17) for number in range(12_000)]
    flickr = FakeFlickr([*crowd, (1_200_000_001, 4), (1_100_000_000, 0)])
    found, note = read_everything(flickr.answer, 1_500_000_000)
    assert len(found) == len(set(found)) == 12_002
    assert note == ""


def test_a_license_of_one_second_is_read_from_both_ends():
    """8,000 of it can be reached: what lies beyond is counted, and what follows is read."""
    crowd = [(1_200_000_000, 4)] * 9_100 + [(1_200_000_000, 5)] * 4_250
    flickr = FakeFlickr([*crowd, (1_200_000_001, 4)])
    found, note = read_everything(flickr.answer, 1_500_000_000)
    assert len(set(found)) == 8_000 + 4_250 + 1
    assert note == "about 1100 photos not reached: too many were uploaded in one second"


def test_photos_of_licenses_that_nobody_knows_yet_are_counted_as_missing():
    flickr = FakeFlickr([(1_200_000_000, number % 2 * 99) for number in range(4_200)])
    found, note = read_everything(flickr.answer, 1_500_000_000)
    assert len(set(found)) == 2_100
    assert note.startswith("about 2100 photos not reached")


def test_photos_that_no_order_turns_round_are_counted_and_the_windows_after_them_read():
    crowd = [(1_200_000_000, 4)] * 5_000
    flickr = FakeFlickr([*crowd, (1_200_000_001, 4)], tied=True)
    found, note = read_everything(flickr.answer, 1_500_000_000)
    assert len(set(found)) == 4_001
    assert note.startswith("about 1000 photos not reached")


def test_a_question_limited_to_licenses_is_split_into_these_alone():
    crowded = Reading(500, (Window(5, 5),))
    body = FakeFlickr([(5, 4)] * 4_001).answer(crowded)
    assert read_page(body, crowded, licenses=(4, 9)).next == "500@1:5-5.4,5-5.9+4001"


def test_an_answer_that_promises_pages_without_end_is_read_up_to_the_cap():
    window = Window(1_100_000_000, 1_300_000_000)
    lying = json.loads(FakeFlickr([(1_200_000_000, 4)]).answer(Reading(500, (window,))))
    lying["photos"]["pages"] = 10**9
    body = json.dumps(lying).encode()
    assert read_page(body, Reading(500, page=7)).next == "500@8:any"
    assert read_page(body, Reading(500, page=8)).next is None
    assert read_page(body, Reading(100, page=40)).next is None


def test_a_page_with_photos_without_end_gives_as_many_as_a_page_can_have():
    photos = {"photo": [{**PHOTO, "url_m": "https://a.test/m.jpg"}] * 5000, "total": 1, "pages": 1}
    body = json.dumps({"photos": photos, "stat": "ok"}).encode()
    assert len(read_page(body).images) == MAX_PER_PAGE


def test_a_page_that_only_repeats_ends_its_window_and_not_the_question(tmp_path, monkeypatch):
    monkeypatch.setenv("FLICKR_API_KEY", "0123456789abcdef")
    crawler = get_crawler(
        FlickrSpider,
        {
            "DATA_DIR": str(tmp_path),
            "LICENSE_ALLOWED": ["*"],
            "QUERIES_AT_ONCE": 1,
            "IMAGES_IN_FLIGHT": 1,
            "IMAGES_IN_FLIGHT_BYTES": 1,
            "QUERY_END_KNOWN_SHARE": 0.9,
        },
    )
    spider = crawler.spidercls.from_crawler(crawler, query="x", per_query="99999")
    flickr = FakeFlickr([(1_200_000_000, 4)] * 5_000 + [(1_200_000_001, 4)], tied=True)
    places, ends = [], []
    spider.say_end = lambda query, outcome, note: ends.append((outcome, note))

    async def read_on():
        request = spider.page_request(Query(text="x"), 1, None)
        taken = 0
        while request:
            places.append(request.meta["reading"])
            body = flickr.answer(Reading.parse(places[-1]))
            response = TextResponse(request.url, body=body, request=request)
            parse = spider.parse_page(response, Query(text="x"), len(places), taken)
            yielded = [one async for one in parse]
            request = next((one for one in yielded if isinstance(one, Request)), None)
            taken += len(yielded) - bool(request)
        return taken

    assert asyncio.run(read_on()) == 4_000 + 500 + 1  # 500: the page that showed nothing new
    backwards = [place for place in places if place.partition(",")[0].endswith("r")]
    assert len(backwards) == 1
    [(outcome, note)] = ends
    assert (outcome, note.partition(":")[0]) == ("results", "about 1000 photos not reached")
