"""Flickr: what is posted, what the real answer gives beside a plain reading of it, and its caps."""

import asyncio
import html
import json
import logging
import re
import socket
import subprocess
import sys
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import pytest
from scrapy.http import TextResponse
from scrapy.utils.test import get_crawler

from carsets.licenses import Evidence, LicensePolicy, flickr_license
from carsets.outcomes import QueryOutcome
from carsets.problems import UserError
from carsets.queries import Query
from carsets.sources.date_windows import Reading, Window
from carsets.sources.flickr_photo import SIZES
from carsets.sources.foreign_text import ForeignTextError
from carsets.spiders.flickr import (
    ENDPOINT,
    FlickrFailureError,
    FlickrSpider,
    is_temporary,
    licenses_to_ask,
    parse_answer,
    read_page,
    search_parameters,
)

KEY = "CANARYKEY1234567890"


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Return a function that builds the spider, with a key in the environment."""
    monkeypatch.setenv("FLICKR_API_KEY", KEY)

    def build(settings=None, **arguments):
        crawler = get_crawler(
            FlickrSpider,
            {
                "DATA_DIR": str(tmp_path),
                "LICENSE_ALLOWED": ["*"],
                "QUERIES_AT_ONCE": 1,
                "IMAGES_IN_FLIGHT": 1,
                "IMAGES_IN_FLIGHT_BYTES": 1,
                "FLICKR_RETRY_DELAY": 0,
                **(settings or {}),
            },
        )
        return crawler.spidercls.from_crawler(crawler, query="ford mustang", **arguments)

    return build


# --- Asking -----------------------------------------------------------------------------------


def test_flickrapi_builds_the_question_without_asking_anybody(monkeypatch, tmp_path):
    def refuse(*_args, **_kwargs):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setenv("HOME", str(tmp_path))
    asked = search_parameters("red & fast", Reading(500, (Window(100, 200),), 3), licenses=[4, 5])
    assert asked.pop("extras").split(",")[:3] == ["description", "license", "date_upload"]
    assert asked == {
        "method": "flickr.photos.search",
        "format": "json",
        "nojsoncallback": "1",
        "text": "red & fast",
        "license": "4,5",
        "min_upload_date": "100",
        "max_upload_date": "200",
        "sort": "date-posted-asc",
        "safe_search": "1",
        "content_types": "0",
        "media": "photos",
        "per_page": "500",
        "page": "3",
    }
    assert list(tmp_path.iterdir()) == []  # no ~/.flickr


def test_every_size_is_asked_for_and_places_only_when_wanted():
    extras = search_parameters("x", Reading(100))["extras"].split(",")
    assert {f"url_{size}" for size in SIZES} <= set(extras)
    assert {"license", "owner_name", "date_taken", "tags", "o_dims"} <= set(extras)
    assert "geo" not in extras
    assert "geo" in search_parameters("x", Reading(100), geo=True)["extras"].split(",")


def test_without_windows_the_best_matches_come_first():
    asked = search_parameters("x", Reading(100))
    assert asked["sort"] == "relevance"
    assert not {"min_upload_date", "max_upload_date", "license"} & set(asked)


@pytest.mark.parametrize(
    ("allowed", "numbers"),
    [
        (["*"], ()),
        (["by", "by-sa", "cc0", "pdm"], (4, 5, 9, 10, 11, 12)),
        (["by-4.0"], (11,)),
        (["arr", "nkc"], (0, 7)),
    ],
)
def test_the_license_filter_holds_what_the_policy_accepts(allowed, numbers):
    assert licenses_to_ask(LicensePolicy(allowed)) == numbers


def test_a_policy_that_flickr_cannot_serve_is_one_clear_line(build):
    with pytest.raises(UserError, match="no license of Flickr"):
        build({"LICENSE_ALLOWED": ["unknown"]})


def test_the_spider_posts_its_question_with_the_filter_and_safe_search(build):
    request = build({"LICENSE_ALLOWED": ["by", "cc0"]}).page_request(Query(text="vw"), 1, None)
    posted = dict(parse_qsl(request.body.decode()))
    assert (request.method, request.url) == ("POST", ENDPOINT)
    assert request.headers[b"Content-Type"] == b"application/x-www-form-urlencoded"
    assert (posted["text"], posted["license"], posted["safe_search"]) == ("vw", "4,9,11", "1")
    assert (posted["api_key"], posted["per_page"]) == (KEY, "100")
    assert request.meta["download_maxsize"] == 5 * 1024 * 1024


def test_a_cursor_goes_on_where_the_page_before_ended(build):
    request = build().page_request(Query(text="vw"), 7, "500@4:100-200,300-400")
    posted = dict(parse_qsl(request.body.decode()))
    assert (posted["page"], posted["per_page"]) == ("4", "500")
    assert (posted["min_upload_date"], posted["max_upload_date"]) == ("100", "200")


# --- The key ----------------------------------------------------------------------------------


def test_without_a_key_it_says_in_one_line_what_to_do(build, monkeypatch):
    monkeypatch.setenv("FLICKR_API_KEY", " ")
    with pytest.raises(UserError, match="FLICKR_API_KEY") as caught:
        build()
    assert caught.value.exit_code == 2
    assert "\n" not in str(caught.value)


def test_the_key_stands_in_no_address_no_repr_and_no_log(build, caplog):
    with caplog.at_level(logging.DEBUG):
        spider = build()
        request = spider.page_request(Query(text="vw"), 1, None)
        logging.getLogger("scrapy").debug("Crawled %s %s", request, request.meta)
    assert KEY not in request.url + repr(request) + repr(request.meta) + caplog.text
    assert KEY.encode() not in request.headers.to_string()


@pytest.mark.parametrize(
    ("settings", "refused"),
    [
        ({}, False),
        ({"PURPOSE": "research"}, False),
        ({"PURPOSE": "commercial"}, True),
        ({"PURPOSE": "commercial", "FLICKR_COMMERCIAL_AGREEMENT": False}, True),
        ({"PURPOSE": "commercial", "FLICKR_COMMERCIAL_AGREEMENT": "False"}, True),
        ({"PURPOSE": "commercial", "FLICKR_COMMERCIAL_AGREEMENT": True}, False),
        ({"PURPOSE": "commercial", "FLICKR_COMMERCIAL_AGREEMENT": "True"}, False),
    ],
)
def test_commercial_use_needs_an_agreement(build, settings, refused):
    if not refused:
        assert build(settings).key == KEY
        return
    with pytest.raises(UserError, match=r"flickr: .* FLICKR_COMMERCIAL_AGREEMENT=True") as problem:
        build(settings)
    assert "\n" not in str(problem.value)
    assert problem.value.exit_code == 2


def test_the_command_refuses_it_with_one_line(tmp_path):
    command = [sys.executable, "-m", "scrapy", "crawl", "flickr", "-a", "query=vw"]
    settings = ["-s", "PURPOSE=commercial", "-s", f"DATA_DIR={tmp_path}"]
    done = subprocess.run([*command, *settings], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    [line] = [line for line in done.stderr.splitlines() if line.startswith("carsets: ")]
    assert "FLICKR_COMMERCIAL_AGREEMENT" in line
    assert "Traceback" not in done.stderr


def test_listing_the_spiders_does_not_load_flickrapi():
    code = "import sys, carsets.spiders.flickr; print('flickrapi' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# --- The recorded answer ----------------------------------------------------------------------


@pytest.fixture(scope="session")
def recorded(shared):
    return (shared / "captures/flickr/photos_search_500_extras.json").read_bytes()


def test_the_recorded_answer_gives_every_photo(recorded):
    records = json.loads(recorded)["photos"]["photo"]
    answer = read_page(recorded)
    assert answer.outcome is QueryOutcome.RESULTS
    assert len(answer.images) == len(records) == 30
    assert (answer.total, answer.next) == (30, None)
    assert answer.images[0].source_id == "49514337848"
    assert answer.images[0].title == "Warsy (église) • 7433"
    assert answer.images[-1].source_id == records[-1]["id"]


def test_every_field_of_the_recorded_answer_is_that_of_a_plain_reading(recorded):
    records = json.loads(recorded)["photos"]["photo"]
    for image, record in zip(read_page(recorded).images, records, strict=True):
        # The sizes of this answer, largest first; t (100 pixels) is a thumbnail.
        urls = [record[f"url_{size}"] for size in "lms" if f"url_{size}" in record]
        assert [image.image_url, *image.alternates] == urls
        largest = "l" if "url_l" in record else "m"
        assert image.width == record[f"width_{largest}"]
        assert image.height == record[f"height_{largest}"]
        assert image.thumbnail_url == record["url_t"]
        assert image.source_id == record["id"]
        assert image.title == record["title"].strip()
        described = re.sub(r"</?(a|b|i|em|strong)\b[^>]*>", "", record["description"]["_content"])
        assert image.description == html.unescape(described).strip()
        assert image.tags == tuple(dict.fromkeys(record["tags"].split()))
        assert image.author == record["ownername"]
        assert image.page_url == f"https://www.flickr.com/photos/{record['owner']}/{record['id']}/"
        assert image.author_url == f"https://www.flickr.com/people/{record['owner']}/"
        uploaded = datetime.fromtimestamp(int(record["dateupload"]), UTC)
        assert image.uploaded == uploaded.strftime("%Y-%m-%dT%H:%M:%S+00:00")
        known = record["datetakenunknown"] == "0"
        assert int(record["datetakengranularity"]) == 0
        assert image.taken == (record["datetaken"].replace(" ", "T") if known else "")
        assert image.license == flickr_license(record["license"])
        assert image.license.evidence is Evidence.API
        assert image.license.raw == record["license"]
        assert image.extra == {
            "views": int(record["views"]),
            **{
                f"original_{side}": int(record[f"o_{side}"])
                for side in ("width", "height")
                if f"o_{side}" in record
            },
        }


def test_the_licenses_of_the_recorded_answer_are_filtered_image_by_image(recorded):
    numbers = [record["license"] for record in json.loads(recorded)["photos"]["photo"]]
    policy = LicensePolicy(["by", "by-sa"])
    allowed = [image for image in read_page(recorded).images if policy.allows(image.license)]
    assert len(allowed) == sum(number in {"4", "5", "11", "12"} for number in numbers)


@pytest.mark.parametrize(
    ("capture", "code", "outcome"),
    [
        ("fail_bad_api_key.vcr.yml", 100, QueryOutcome.BLOCKED),
        ("fail_code_201_temporarily_unavailable.vcr.yml", 201, QueryOutcome.HTTP_ERROR),
    ],
)
def test_recorded_failures_are_named(shared, capture, code, outcome):
    text = (shared / "captures" / "flickr" / capture).read_text(encoding="utf-8")
    quoted = re.search(r'content: ("(?:[^"\\]|\\.)*")', text)[1]
    body = json.loads(re.sub(r"\s*\n\s*", " ", quoted)).encode()
    answer = read_page(body)
    assert (answer.outcome, f"Flickr says {code}:" in answer.note) == (outcome, True)
    assert is_temporary(body) is (code == 201)


# --- Failures and retries ---------------------------------------------------------------


def failing(code, message="x"):
    return json.dumps({"stat": "fail", "code": code, "message": message}).encode()


@pytest.mark.parametrize("code", [100, 111, 112, 114, 115, 116])
def test_failures_that_nothing_will_mend_end_the_source(code):
    answer = read_page(failing(code))
    assert answer.outcome is QueryOutcome.BLOCKED
    assert answer.outcome.ends_source
    assert not is_temporary(failing(code))


@pytest.mark.parametrize("code", [1, 2, 3, 5, 11, 12, 18, 999])
def test_failures_of_the_question_end_the_query_alone(code):
    answer = read_page(failing(code))
    assert answer.outcome is QueryOutcome.HTTP_ERROR
    assert not answer.outcome.ends_source
    assert not is_temporary(failing(code))


@pytest.mark.parametrize(
    "body",
    [failing(10), failing(105), failing(201), failing(0, "is not currently available"), b"<html>"],
)
def test_failures_that_pass_are_asked_again(body):
    assert is_temporary(body)


@pytest.mark.parametrize(
    "body", [b"[]", b'{"stat": "ok"}', b'{"photos": {}, "stat": "ok"}', b'{"stat": "fail"}']
)
def test_answers_that_will_not_get_better_are_not_asked_again(body):
    temporary = body == b"[]"  # no answer of Flickr's at all: something stands between
    assert is_temporary(body) is temporary


def pages_of(build, spider_answers, retry_times=2):
    """Run one query against canned answers; return how often it asked and how it ended."""
    spider = build({"RETRY_TIMES": retry_times})
    query = Query(text="vw")

    async def run():
        request = spider._request(query, 1, None, 0)
        asked, images = 0, []
        while request is not None:
            body = spider_answers[min(asked, len(spider_answers) - 1)]
            asked += 1
            response = TextResponse(request.url, body=body, request=request)
            request, spider_output = None, request.callback(response, **request.cb_kwargs)
            async for result in spider_output:
                if hasattr(result, "url"):
                    request = result
                else:
                    images.append(result)
        return asked, images

    return asyncio.run(run())


def test_an_unavailable_flickr_is_asked_again_and_then_gives_its_photos(build, recorded):
    asked, images = pages_of(build, [failing(105), b"<html>Bad gateway</html>", recorded])
    assert (asked, len(images)) == (3, 30)


def test_a_flickr_that_stays_unavailable_is_asked_a_few_times_only(build):
    asked, images = pages_of(build, [failing(201)])
    assert (asked, images) == (3, [])


def test_a_failure_without_a_code_is_a_failure():
    with pytest.raises(FlickrFailureError):
        parse_answer(b'{"stat": "fail"}')


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"[" * 100_000, b'{"a":' * 100_000, b"x" * 6_000_000, b"[{}]"]
)
def test_what_is_no_answer_is_refused_in_one_line(body):
    with pytest.raises(ForeignTextError) as caught:
        parse_answer(body)
    assert "\n" not in str(caught.value)
    assert read_page(body).outcome is QueryOutcome.FORMAT_CHANGED
    assert read_page(body, status=503).outcome is QueryOutcome.HTTP_ERROR
