"""Openverse: what is asked, and what real answers give beside a plain reading of them."""

import json
import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from scrapy.utils.test import get_crawler

from carsets.licenses import Evidence, LicensePolicy
from carsets.outcomes import QueryOutcome
from carsets.problems import UserError
from carsets.queries import Query
from carsets.spiders.openverse import (
    MAX_RESULTS,
    OpenverseSpider,
    licenses_to_ask,
    read_page,
    read_record,
    search_url,
)

TOKEN = "tokentokentoken12345"


def build(tmp_path, settings=None, **arguments):
    crawler = get_crawler(
        OpenverseSpider,
        {
            "DATA_DIR": str(tmp_path),
            "CONTACT": "me@example.org",
            "LICENSE_ALLOWED": ["*"],
            "QUERIES_AT_ONCE": 1,
            "IMAGES_IN_FLIGHT": 1,
            "IMAGES_IN_FLIGHT_BYTES": 1,
            **(settings or {}),
        },
    )
    return crawler.spidercls.from_crawler(crawler, query="roadster", **arguments)


# --- Asking -----------------------------------------------------------------------------------


def test_asks_for_a_page_without_sensitive_works():
    url = urlsplit(search_url("red & fast", 3, licenses=("by", "sampling+")))
    assert f"{url.scheme}://{url.netloc}{url.path}" == "https://api.openverse.org/v1/images/"
    assert dict(parse_qsl(url.query)) == {
        "q": "red & fast",
        "license": "by,sampling+",
        "mature": "false",
        "page": "3",
        "page_size": "20",
    }


def test_a_question_keeps_to_the_length_that_is_allowed():
    assert len(dict(parse_qsl(urlsplit(search_url("ä" * 500)).query))["q"]) == 200


@pytest.mark.parametrize(
    ("allowed", "asked"),
    [
        (["*"], ()),
        (["by", "cc0", "unknown"], ("by", "cc0")),
        (["by-4.0", "pdm"], ("by", "pdm")),
        (["sampling+-1.0"], ("sampling+",)),
        (["by-sa-3.0-es"], ("by-sa",)),
    ],
)
def test_the_filter_leaves_out_nothing_that_is_accepted(allowed, asked):
    assert licenses_to_ask(LicensePolicy(allowed)) == asked


def test_a_policy_without_open_licenses_cannot_be_served():
    with pytest.raises(UserError, match="LICENSE_ALLOWED"):
        licenses_to_ask(LicensePolicy(["arr", "unknown"]))


def test_the_license_argument_wins_over_the_setting(tmp_path):
    spider = build(tmp_path, {"LICENSE_ALLOWED": ["by"]}, license="cc0,pdm")
    assert "license=cc0,pdm&" in spider.page_request(Query(text="x"), 1, None).url
    with pytest.raises(UserError, match="unknown license 'gpl'"):
        build(tmp_path, license="gpl")


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        ({"license": "public-domain"}, "license=cc0,pdm&"),
        ({"license": "modify-commercial"}, "license=by,by-sa,cc0,pdm,sampling%2B&"),
        ({"size": "large"}, "size=large&"),
        ({"type": "photo", "aspect": "wide"}, "category=photograph&aspect_ratio=wide&"),
        ({"safe": "moderate"}, "mature=false&"),
    ],
)
def test_the_filters_of_all_engines_are_asked_in_its_words(tmp_path, arguments, asked):
    url = build(tmp_path, **arguments).page_request(Query(text="x"), 1, None).url
    assert asked in url
    assert "mature=false" in url


def test_without_a_contact_it_refuses_in_one_line_but_not_towards_the_built_in_web(tmp_path):
    with pytest.raises(UserError, match="CONTACT") as caught:
        build(tmp_path, {"CONTACT": ""})
    assert "\n" not in str(caught.value)
    assert build(tmp_path, {"CONTACT": "", "FAKEWEB_PORT": 8080}).name == "openverse"


def test_the_token_travels_in_a_header_and_never_in_the_address(tmp_path, monkeypatch):
    monkeypatch.delenv("OPENVERSE_TOKEN", raising=False)
    request = build(tmp_path).page_request(Query(text="x"), 1, None)
    assert b"Authorization" not in request.headers
    assert "page_size=20" in request.url
    monkeypatch.setenv("OPENVERSE_TOKEN", TOKEN)
    request = build(tmp_path).page_request(Query(text="x"), 2, 2)
    assert request.headers[b"Authorization"] == f"Bearer {TOKEN}".encode()
    assert TOKEN not in request.url
    assert "page_size=80" in request.url
    assert "page=2" in request.url


# --- Recorded answers -------------------------------------------------------------------------


def plain_fields(work):
    """Read a work as its collection writes it, field by field."""
    return {
        "image_url": work["url"],
        "page_url": work["foreign_landing_url"],
        "thumbnail_url": work["thumbnail"],
        "source_id": work["id"],
        "title": work["title"],
        "author": work["creator"],
        "author_url": work["creator_url"],
        "width": work.get("width"),
        "height": work.get("height"),
        "attribution": work.get("attribution") or "",
    }


def same(image, work):
    assert {name: getattr(image, name) for name in plain_fields(work)} == plain_fields(work)
    assert image.license.url == work["license_url"]
    assert image.license.code == f"{work['license']}-{work['license_version']}"
    assert image.license.evidence is Evidence.API
    names = [tag["name"] for tag in work.get("tags") or [] if not tag.get("accuracy")]
    assert list(image.tags) == list(dict.fromkeys(names))
    assert image.extra["provider"] == work["provider"]


def test_the_recorded_answer_of_2024_reads_as_it_stands(shared):
    path = shared / "captures" / "openverse" / "search_2024-09_EXCERPT.json"
    capture = json.loads(path.read_text(encoding="utf-8"))
    answer = read_page(json.dumps(capture["body"]), headers=capture["headers"])
    assert answer.outcome is QueryOutcome.RESULTS
    assert (answer.total, answer.next) == (240, 2)
    assert answer.note == "left: 14 of 20/min, 194 of 200/day"
    [image], [work] = answer.images, capture["body"]["results"]
    same(image, work)
    assert image.tags == ("plane", "spring")
    assert (image.width, image.height) == (767, 1024)


def plain_json5(text):
    """Turn the tape's JSON5 into JSON: quote names, single to double quotes, no last commas."""
    pieces = re.findall(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^'\"]+", text)
    out = []
    for piece in pieces:
        if piece[0] == "'":
            inner = piece[1:-1].replace("\\'", "'")
            out.append('"' + re.sub(r'(?<!\\)"', r"\"", inner) + '"')
        elif piece[0] == '"':
            out.append(piece)
        else:
            bare = re.sub(r"([\w$]+)(\s*:)", r'"\1"\2', piece)
            out.append(re.sub(r",(\s*[}\]])", r"\1", bare))
    return json.loads(re.sub(r",(\s*[}\]])", r"\1", "".join(out)))


def test_the_recorded_tape_of_2022_reads_as_it_stands(shared):
    path = shared / "captures" / "openverse" / "search_q_birds_source_flickr_close.json5"
    tape = plain_json5(path.read_text(encoding="utf-8"))
    body = tape["res"]["body"]
    answer = read_page(json.dumps(body), status=tape["res"]["status"])
    assert answer.outcome is QueryOutcome.RESULTS
    assert len(answer.images) == len(body["results"]) == 20
    assert (answer.total, answer.next) == (body["result_count"], 2) == (10000, 2)
    for image, work in zip(answer.images, body["results"], strict=True):
        same(image, work)
    assert answer.images[0].source_id == "da5cb478-c093-4d62-b721-cda18797e3fb"
    assert answer.images[0].title == "bird"


# --- Answers that are not as they should be ---------------------------------------------------


def page_of(works, **facts):
    body = {"result_count": 240, "page_count": 12, "page_size": 20, "page": 1, "results": works}
    return json.dumps({**body, **facts})


WORK = {"id": "1", "url": "https://a.test/1.jpg", "license": "by", "license_version": "4.0"}


def test_a_query_ends_at_240_works_whatever_the_size_of_its_pages():
    assert read_page(page_of([WORK], page=11)).next == 12
    assert read_page(page_of([WORK], page=12, page_count=500)).next is None
    assert read_page(page_of([WORK], page=3, page_size=80, page_count=500)).next is None
    assert read_page(page_of([WORK], page=2, page_size=80, page_count=500)).next == 3


@pytest.mark.parametrize("missing", WORK)
def test_a_work_without_what_every_work_has_is_not_guessed_at(missing):
    assert read_record({name: value for name, value in WORK.items() if name != missing}) is None


@pytest.mark.parametrize("work", [None, 1, "x", [], {}, {**WORK, "url": None}, {**WORK, "url": ""}])
def test_what_is_no_work_costs_itself_only(work):
    answer = read_page(page_of([work, WORK]))
    assert [image.image_url for image in answer.images] == ["https://a.test/1.jpg"]
    assert read_page(page_of([work])).outcome is QueryOutcome.FORMAT_CHANGED


def test_facts_of_the_wrong_kind_are_left_out():
    odd = {**WORK, "title": 5, "tags": {"a": 1}, "width": "wide", "height": -3, "creator": []}
    image = read_record({**odd, "license_url": None, "provider": {"x": 1}})
    assert (image.title, image.tags, image.width, image.height) == ("", (), None, None)
    assert (image.author, image.extra) == ("", {})
    assert read_record({**WORK, "tags": [None, {"name": 3}, {"name": "car"}]}).tags == ("car",)


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500])
@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b"\xff", b'{"detail": null}'])
def test_errors_are_named_whatever_stands_in_them(status, body):
    answer = read_page(body, status=status)
    expected = {401: QueryOutcome.BLOCKED, 429: QueryOutcome.QUOTA}
    assert answer.outcome is expected.get(status, QueryOutcome.HTTP_ERROR)
    assert answer.note.startswith(f"HTTP {status}")


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b"[" * 100_000, b"x" * 6_000_000])
def test_a_success_that_is_no_answer_is_a_changed_format(body):
    assert read_page(body).outcome is QueryOutcome.FORMAT_CHANGED


def test_a_page_with_works_without_end_gives_as_many_as_a_query_can_have():
    assert len(read_page(page_of([WORK] * 5000)).images) == MAX_RESULTS
