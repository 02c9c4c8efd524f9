"""What words exclude is never fetched, and every failure has its outcome."""

import asyncio

import pytest
from scrapy.exceptions import DropItem
from scrapy.http import Response
from twisted.internet.error import ConnectionLost
from twisted.python.failure import Failure

from carsets.licenses import Evidence, read_license
from carsets.outcomes import Outcome
from carsets.pipelines.images import CarImagesPipeline

RESERVED = read_license("All rights reserved", Evidence.API)


@pytest.fixture
def step(build):
    """Return the step as it stands when the spider has been opened."""

    def make(**settings):
        step = build(CarImagesPipeline, **settings)
        asyncio.run(step.open_spider())
        return step

    return make


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("data:image/png;base64,AAAA", Outcome.INLINE_THUMBNAIL),
        ("file:///etc/passwd", Outcome.SCHEME_FORBIDDEN),
        ("s3://bucket/key.jpg", Outcome.SCHEME_FORBIDDEN),
        ("https://user:password@example.org/a.jpg", Outcome.URL_FORBIDDEN),
        ("http://example.org:22/a.jpg", Outcome.URL_FORBIDDEN),
        ("http://127.1/a.jpg", Outcome.ADDRESS_FORBIDDEN),
        ("http://[::ffff:10.0.0.1]/a.jpg", Outcome.ADDRESS_FORBIDDEN),
        ("not an address", Outcome.URL_FORBIDDEN),
    ],
)
def test_forbidden_addresses_end_before_any_request(step, car_image, outcome, url, expected):
    assert outcome(step(), car_image(url=url)) is expected


def test_a_license_outside_the_policy_is_never_fetched(step, car_image, outcome):
    item = car_image(license=RESERVED)
    assert outcome(step(LICENSE_ALLOWED=["by", "unknown"]), item) is Outcome.LICENSE_EXCLUDED


def test_a_removed_url_is_never_fetched(build, car_image, outcome):
    step = build(CarImagesPipeline)
    step.state.catalog.bury(url="https://images.example.org/a.jpg", reason="asked by its author")
    asyncio.run(step.open_spider())
    assert outcome(step, car_image()) is Outcome.REMOVED


def test_a_host_is_not_asked_without_end(step, car_image, outcome):
    limited = step(URLS_PER_HOST=0)
    assert outcome(limited, car_image()) is Outcome.HOST_LIMIT


def test_a_file_of_the_folder_source_is_read_without_the_network(
    step, car_image, outcome, jpeg, tmp_path
):
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg())
    item = car_image(url="photo.jpg")
    item.local_path = str(path)
    assert outcome(step(), item) is None
    assert item.body == jpeg()
    assert item.size == len(jpeg())


def test_the_same_url_is_asked_once(step, car_image, outcome, jpeg, tmp_path):
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg())
    pipeline = step()
    seen = []
    for _ in range(2):
        item = car_image(url="photo.jpg")
        item.local_path = str(path)
        seen.append(outcome(pipeline, item))
    assert seen == [None, Outcome.KNOWN_URL]


def test_a_file_above_the_limit_is_not_read(step, car_image, outcome, tmp_path):
    path = tmp_path / "huge.jpg"
    path.write_bytes(b"x" * 2000)
    item = car_image(url="huge.jpg")
    item.local_path = str(path)
    assert outcome(step(DOWNLOAD_MAXSIZE=1000), item) is Outcome.TOO_LARGE


def answered(step, response, item):
    """Return how the step takes an answer: None, or the outcome of the failure."""
    request = step.get_media_requests(item, None)[0]

    async def take():
        await step.media_downloaded(response, request, None, item=item)

    try:
        asyncio.run(take())
    except Exception as error:
        return error.outcome
    return None


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (404, Outcome.HTTP_404),
        (410, Outcome.HTTP_410),
        (418, Outcome.HTTP_4XX),
        (503, Outcome.HTTP_5XX),
        (204, Outcome.HTTP_OTHER),
    ],
)
def test_an_error_answer_ends_with_its_status(step, car_image, status, expected):
    item = car_image()
    item.image_urls = [item.found.image_url]
    assert answered(step(), Response(item.found.image_url, status=status), item) is expected


def test_the_bytes_are_taken_as_they_were_served(step, car_image):
    item = car_image()
    item.image_urls = [item.found.image_url]
    body = b"\xff\xd8 whatever it is"
    headers = {"X-Robots-Tag": ["googlebot: noindex", "nofollow"], "Set-Cookie": "id=1"}
    response = Response(item.found.image_url, headers=headers, body=body)
    assert answered(step(), response, item) is None
    assert item.body is body
    assert item.served_headers == {"x-robots-tag": "googlebot: noindex\nnofollow"}


@pytest.mark.parametrize(
    ("policy", "expected"), [("strict", Outcome.OPTED_OUT), ("research", None)]
)
def test_what_the_headers_refuse_goes_to_no_decoder(step, car_image, policy, expected):
    item = car_image()
    item.image_urls = [item.found.image_url]
    headers = {"TDM-Reservation": "1"}
    response = Response(item.found.image_url, headers=headers, body=b"\xff\xd8 whatever it is")
    built = step(RESERVATION_POLICY=policy, ORGANIZATION="Institute of Cars")
    assert answered(built, response, item) is expected


@pytest.mark.parametrize(
    ("listed", "expected"),
    [("example.org", Outcome.OPTED_OUT), ("example.net", Outcome.HOST_LIMIT)],
)
def test_the_terms_of_the_page_s_host_count(step, car_image, outcome, tmp_path, listed, expected):
    path = tmp_path / "denied.csv"
    path.write_text(f"host,reason,date\n{listed},terms of use,2026-10-01\n")
    item = car_image(url="https://cdn.test/a.jpg", page_url="https://www.example.org/cars")
    built = step(RESERVATION_DENIED_HOSTS=str(path), URLS_PER_HOST=0)  # or it would be fetched
    assert outcome(built, item) is expected


def test_flickr_s_stand_in_for_deleted_photos_is_a_placeholder(step, car_image):
    item = car_image()
    item.image_urls = [item.found.image_url]
    url = "https://combo.staticflickr.com/pw/images/en-us/photo_unavailable.png"
    assert answered(step(), Response(url, body=b"x"), item) is Outcome.PLACEHOLDER


def test_a_smaller_copy_is_asked_for_when_the_original_is_gone(step, car_image, monkeypatch):
    pipeline = step()
    asked = []

    async def scrapy_s_way(self, item):
        asked.append(item.image_urls[0])
        failed = Failure(ConnectionLost()) if "broken" in item.image_urls[0] else None
        if item.image_urls[0].endswith("large.jpg"):
            response = Response(item.image_urls[0], status=404)
            try:
                await self.media_downloaded(response, None, None, item=item)
            except Exception:
                failed = Failure()
        return self.item_completed([(not failed, failed or {})], item, self.spiderinfo)

    monkeypatch.setattr("scrapy.pipelines.images.ImagesPipeline.process_item", scrapy_s_way)
    base = "https://live.example.org/"
    item = car_image(url=f"{base}large.jpg", alternates=(f"{base}small.jpg",))
    asyncio.run(pipeline._download(item))
    assert asked == [f"{base}large.jpg", f"{base}small.jpg"]
    broken = car_image(url=f"{base}broken.jpg", alternates=(f"{base}small.jpg",))
    with pytest.raises(DropItem) as drop:
        asyncio.run(pipeline._download(broken))
    assert drop.value.outcome is Outcome.CONNECTION_LOST
    assert asked[2:] == [f"{base}broken.jpg"]
