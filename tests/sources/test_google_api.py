"""Google's search API: what is asked, and a real answer beside a plain reading of it."""

import json
from urllib.parse import parse_qsl, urlsplit

import pytest

from carsets.outcomes import QueryOutcome
from carsets.sources.google_api import FILTER_WORDS, read_answer, read_item, search_url
from carsets.sources.search_filters import FILTERS, SearchFilters


def asked(start=1, filters=None):
    url = urlsplit(
        search_url("red & fast", start, engine="0:abc", filters=filters or SearchFilters())
    )
    assert f"{url.scheme}://{url.netloc}{url.path}" == (
        "https://customsearch.googleapis.com/customsearch/v1"
    )
    return dict(parse_qsl(url.query))


def test_asks_for_images_of_ten_a_page_with_safe_search():
    assert asked() == {
        "cx": "0:abc",
        "q": "red & fast",
        "searchType": "image",
        "num": "10",
        "start": "1",
        "gl": "us",
        "hl": "en",
        "safe": "active",
    }


@pytest.mark.parametrize("start", range(1, 100, 10))
def test_no_question_reaches_past_what_is_allowed(start):
    parameters = asked(start)
    assert int(parameters["start"]) + int(parameters["num"]) <= 100
    assert int(parameters["num"]) == (10 if start < 91 else 9)


@pytest.mark.parametrize("safe", FILTERS["safe"])
def test_safe_search_is_on_whatever_is_asked_for(safe):
    assert asked(filters=SearchFilters(safe=safe))["safe"] == "active"


def test_filters_are_parameters():
    parameters = asked(
        filters=SearchFilters(
            size="large", color="red", type="photo", date="week", license="commercial"
        )
    )
    assert parameters["imgSize"] == "large"
    assert parameters["imgDominantColor"] == "red"
    assert parameters["imgType"] == "photo"
    assert parameters["dateRestrict"] == "w1"
    assert parameters["rights"] == (
        "(cc_publicdomain|cc_attribute|cc_sharealike|cc_nonderived).-(cc_noncommercial)"
    )
    for name, words in FILTER_WORDS.items():
        assert set(words) <= set(FILTERS[name])


def test_the_recorded_answer_reads_as_it_stands(shared):
    path = shared / "captures" / "google_cse" / "services-edu_image_search_dogs_extracted.json"
    recorded = json.loads(path.read_text(encoding="utf-8"))
    answer = read_answer(path.read_bytes())
    assert answer.outcome is QueryOutcome.RESULTS
    assert answer.total == 8_210_000_000
    assert answer.next == recorded["queries"]["nextPage"][0]["startIndex"] == 11
    assert len(answer.images) == len(recorded["items"]) == 10
    for image, item in zip(answer.images, recorded["items"], strict=True):
        about = item["image"]
        assert image.image_url == item["link"]
        assert image.page_url == about["contextLink"]
        assert image.thumbnail_url == about["thumbnailLink"]
        assert (image.width, image.height) == (about["width"], about["height"])
        assert image.title == item["title"]
        assert image.extra == {
            "mime": item["mime"],
            "bytes": about["byteSize"],
            "site": item["displayLink"],
        }
        assert image.license.code == "unknown"


def test_a_license_filter_is_noted_and_is_no_license(shared):
    path = shared / "captures" / "google_cse" / "services-edu_image_search_dogs_extracted.json"
    answer = read_answer(path.read_bytes(), filters=SearchFilters(license="any-cc"))
    assert {image.extra["license_filter"] for image in answer.images} == {"google:any-cc"}
    assert {image.license.code for image in answer.images} == {"unknown"}


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 503])
@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b"\xff", b'{"error": 5}', b"[" * 9999])
def test_errors_are_named_whatever_stands_in_them(status, body):
    expected = {
        401: QueryOutcome.BLOCKED,
        403: QueryOutcome.BLOCKED,
        429: QueryOutcome.QUOTA,
    }
    answer = read_answer(body, status=status)
    assert answer.outcome is expected.get(status, QueryOutcome.HTTP_ERROR)
    assert answer.note.startswith(f"HTTP {status}")


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b"x" * 6_000_000, b"[" * 100_000, b"{}"])
def test_a_success_that_is_no_answer_is_a_changed_format(body):
    assert read_answer(body).outcome is QueryOutcome.FORMAT_CHANGED


@pytest.mark.parametrize("record", [None, 5, [], {}, {"link": "https://a.test/"}, {"image": {}}])
def test_what_is_no_image_costs_itself_only(record):
    assert read_item(record) is None


def test_a_missing_total_is_not_nought():
    item = {"link": "https://a.test/1.jpg", "image": {"contextLink": "https://a.test/"}}
    body = {"searchInformation": {}, "queries": {}, "items": [item]}
    answer = read_answer(json.dumps(body))
    assert answer.total is None
    assert len(answer.images) == 1
