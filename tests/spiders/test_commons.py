"""Wikimedia Commons: what is asked, and what real answers give beside a plain reading of them."""

import asyncio
import html
import json
import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from scrapy.http import TextResponse
from scrapy.utils.test import get_crawler

from carsets import settings
from carsets.fakeweb import commons_api
from carsets.items import CarImage
from carsets.licenses import Evidence
from carsets.outcomes import QueryOutcome
from carsets.problems import UserError
from carsets.queries import Query
from carsets.sources.commons_file import plain_text, read_file
from carsets.spiders import commons
from carsets.spiders.commons import MAX_RESULTS, CommonsSpider, is_piece, read_page, search_url


def build(tmp_path, changed=None, **arguments):
    crawler = get_crawler(
        CommonsSpider,
        {
            "DATA_DIR": str(tmp_path),
            "CONTACT": "me@example.org",
            "QUERIES_AT_ONCE": 1,
            "QUERY_END_KNOWN_SHARE": 0.9,
            "IMAGES_IN_FLIGHT": 1,
            "IMAGES_IN_FLIGHT_BYTES": 1,
            **(changed or {}),
        },
    )
    return crawler.spidercls.from_crawler(crawler, **(arguments or {"query": "roadster"}))


def asked(url):
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


# --- Asking -----------------------------------------------------------------------------------


def test_a_search_asks_for_pictures_with_all_that_is_known_of_them():
    url = search_url('red & "sports car"')
    assert url.startswith("https://commons.wikimedia.org/w/api.php?")
    given = asked(url)
    assert given["generator"] == "search"
    assert given["gsrsearch"] == 'filetype:bitmap red & "sports car"'
    assert (given["gsrnamespace"], given["gsrlimit"], given["maxlag"]) == ("6", "50", "5")
    assert {"url", "size", "mime", "sha1", "extmetadata"} <= set(given["iiprop"].split("|"))
    assert {"License", "LicenseUrl", "Artist"} <= set(given["iiextmetadatafilter"].split("|"))


def test_a_category_is_asked_for_its_files(tmp_path):
    for word in ("Ford Mustang", "Category:Ford Mustang"):
        spider = build(tmp_path, category=word, per_query="7")
        [query] = spider.plan
        given = asked(spider.page_request(query, 1, None).url)
        assert given["gcmtitle"] == "Category:Ford Mustang"
        assert (given["generator"], given["gcmtype"]) == ("categorymembers", "file")
        assert "gsrsearch" not in given


def test_a_category_and_words_exclude_each_other(tmp_path):
    with pytest.raises(UserError, match="category= and query="):
        build(tmp_path, category="Ford", query="ford")


def test_all_that_the_api_wants_back_is_brought_back():
    more = {"gcmcontinue": "file|4E|12&x=1", "continue": "gcmcontinue||"}
    given = asked(search_url("Category:N", json.dumps(more)))
    assert more.items() <= given.items()


def test_without_a_contact_it_refuses_in_one_line_but_not_towards_the_built_in_web(tmp_path):
    with pytest.raises(UserError, match="CONTACT") as caught:
        build(tmp_path, {"CONTACT": ""})
    assert "\n" not in str(caught.value)
    assert build(tmp_path, {"CONTACT": "", "FAKEWEB_PORT": 8080}).name == "commons"


def test_the_pace_that_is_planned_is_the_pace_that_is_kept(tmp_path):
    slot = settings.DOWNLOAD_SLOTS[urlsplit(search_url("x")).hostname]
    assert slot["concurrency"] == 1
    assert 60 / slot["delay"] == build(tmp_path).requests_per_minute


# --- Recorded answers -------------------------------------------------------------------------

LICENSES = {  # short name on the page -> our code, written down by hand
    "CC BY-SA 4.0": "by-sa-4.0",
    "CC BY-SA 3.0 de": "by-sa-3.0-de",
    "Public domain": "pdm",
    "No restrictions": "no-known-copyright",
}


def tagless(text):
    """Read a value as a person would: without tags and without what is hidden."""
    text = re.sub(r'<div style="display: ?none;">.*?</div>', "", text, flags=re.DOTALL)
    text = re.sub(r"<br ?/?>|</p>|</div>|</li>|</td>|</tr>", " ", text)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", text)).split())


def same(image, page):
    [info] = page["imageinfo"]
    said = {name: fact["value"] for name, fact in info["extmetadata"].items()}
    assert image.image_url == info["url"]
    assert image.page_url == info["descriptionurl"]
    assert image.source_id == str(page["pageid"])
    assert f"File:{image.title}" == page["title"]
    assert (image.width, image.height) == (info["width"], info["height"])
    assert image.extra["bytes"] == info["size"]
    assert image.extra["uploader"] == info["user"]
    assert image.author == tagless(said["Artist"])
    assert image.description == tagless(said.get("ImageDescription", ""))
    assert image.extra.get("credit", "") == tagless(said["Credit"])
    assert image.attribution == tagless(said.get("Attribution", ""))
    assert list(image.tags) == [name for name in said["Categories"].split("|") if name]
    assert image.license.code == LICENSES[said["LicenseShortName"]]
    assert image.license.evidence is Evidence.API
    link = re.search(r'href="([^"]+)"', said["Artist"])
    expected = html.unescape(link[1]) if link else ""
    assert image.author_url == (f"https:{expected}" if expected.startswith("//") else expected)


@pytest.mark.parametrize(
    ("name", "count", "end"), [("wmc_raw.json", 28, True), ("wmc_pretty1.json", 9, False)]
)
def test_the_recorded_answers_read_as_they_stand(shared, name, count, end):
    body = (shared / "captures" / "commons" / name).read_bytes()
    pages = list(json.loads(body)["query"]["pages"].values())
    answer = read_page([body])
    assert answer.outcome is QueryOutcome.RESULTS
    assert len(answer.images) == len(pages) == count
    for image, page in zip(answer.images, pages, strict=True):
        same(image, page)
    assert is_piece(body) is not end
    if not end:
        assert json.loads(answer.next) == json.loads(body)["continue"]


def test_pieces_of_the_recorded_batch_make_the_whole(shared):
    """Details of every other file in each answer, as the API spreads them; and the real piece."""
    folder = shared / "captures" / "commons"
    raw, piece = ((folder / f"wmc_{name}.json").read_bytes() for name in ("raw", "pretty1"))
    whole = json.loads(raw)
    halves = []
    for half in (0, 1):
        pages = {
            key: {
                name: value
                for name, value in page.items()
                if place % 2 == half or name not in {"imageinfo", "globalusage"}
            }
            for place, (key, page) in enumerate(whole["query"]["pages"].items())
        }
        halves.append({"query": {"pages": pages}})
    halves[0]["continue"] = {"iicontinue": "a|b", "continue": "||"}
    halves[1]["batchcomplete"] = ""
    bodies = [json.dumps(half).encode() for half in halves]
    assert [is_piece(body) for body in bodies] == [True, False]
    assert read_page(bodies) == read_page([raw])
    known = {image.source_id for image in read_page([raw]).images}
    merged = read_page([piece, raw])
    assert {image.source_id for image in merged.images} >= known


def test_the_recorded_single_files_read_as_they_stand(shared):
    folder = shared / "captures" / "commons"
    page = json.loads((folder / "image_data_example.json").read_bytes())
    same(read_file(page), page)
    info = json.loads((folder / "image_info_missing_license_url.json").read_bytes())
    image = read_file({"pageid": 81754323, "title": "File:x.jpg", "imageinfo": [info]})
    assert "LicenseUrl" not in info["extmetadata"]
    assert image.license.code == "by-sa-4.0"
    assert image.license.url == "https://creativecommons.org/licenses/by-sa/4.0/"
    assert image.alternates == (info["thumburl"],)


# --- Licenses ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "code", "name", "expected"),
    [
        ("https://creativecommons.org/licenses/by/2.0", "cc-by-2.0", "CC BY 2.0", "by-2.0"),
        ("http://creativecommons.org/licenses/by/2.0/", "cc-by-2.0", "CC BY 2.0", "by-2.0"),
        ("https://creativecommons.org/licenses/by/3.0/es/deed.en", "", "", "by-3.0-es"),
        # Several versions in the code: the address says which one.
        (
            "http://creativecommons.org/licenses/by-sa/3.0/",
            "cc-by-sa-3.0-2.5-2.0-1.0",
            "CC BY-SA 3.0",
            "by-sa-3.0",
        ),
        ("", "cc0", "CC0", "cc0"),
        ("", "pd", "Public domain", "pdm"),
        ("", "cc-by-sa-4.0", "CC BY-SA 4.0", "by-sa-4.0"),
        # Terms of other kinds, and what contradicts itself.
        ("", "attribution", "Attribution", "unknown"),
        ("http://www.gnu.org/copyleft/fdl.html", "gfdl", "GFDL", "unknown"),
        ("http://artlibre.org/licence/lal/en", "fal", "FAL", "unknown"),
        ("https://creativecommons.org/licenses/by/4.0", "cc-by-sa-4.0", "CC BY 4.0", "unknown"),
        ("https://creativecommons.org/licenses/by/4.0", "cc-by-3.0", "", "unknown"),
        ("", "", "", "unknown"),
    ],
)
def test_a_license_is_read_from_whatever_says_it(url, code, name, expected):
    said = {"LicenseUrl": url, "License": code, "LicenseShortName": name}
    info = {
        "url": "https://upload.wikimedia.org/a.jpg",
        "extmetadata": {key: {"value": value} for key, value in said.items() if value},
    }
    image = read_file({"pageid": 1, "title": "File:A.jpg", "imageinfo": [info]})
    assert image.license.code == expected
    info["extmetadata"]["NonFree"] = {"value": "true"}
    image = read_file({"pageid": 1, "title": "File:A.jpg", "imageinfo": [info]})
    assert image.license.code == "unknown"


def test_markup_is_taken_off_in_time_that_does_not_explode():
    for piece in ("<style>", "<div ", "<a href=", "display:none", '<span style="display: none">'):
        assert len(plain_text(piece * (10_000 // len(piece)))) <= 10_000
    assert plain_text("<style>a{}</style>x<script>1") == "x"


# --- Answers that are not as they should be ---------------------------------------------------


@pytest.mark.parametrize("page", [None, 1, "x", [], {}, {"imageinfo": []}, {"imageinfo": [None]}])
def test_what_is_no_file_costs_itself_only(page):
    good = {"title": "File:A.jpg", "imageinfo": [{"url": "https://a.test/1.jpg"}]}
    body = json.dumps({"batchcomplete": True, "query": {"pages": [page, good]}})
    assert [image.image_url for image in read_page([body]).images] == ["https://a.test/1.jpg"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b"\xff", b'{"error": null}', b"{}"])
def test_errors_are_named_whatever_stands_in_them(status, body):
    answer = read_page([body], status=status)
    named = {429: QueryOutcome.QUOTA, 401: QueryOutcome.BLOCKED, 403: QueryOutcome.BLOCKED}
    assert answer.outcome is named.get(status, QueryOutcome.HTTP_ERROR)
    assert answer.note.startswith(f"HTTP {status}")


@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b"[" * 100_000, b"x" * 6_000_000])
def test_a_success_that_is_no_answer_is_a_changed_format(body):
    assert read_page([body]).outcome is QueryOutcome.FORMAT_CHANGED


def test_a_search_ends_where_the_api_refuses_to_go_on():
    def body(offset):
        return json.dumps({"batchcomplete": True, "continue": {"gsroffset": offset}})

    assert json.loads(read_page([body(9950)]).next) == {"gsroffset": "9950"}
    assert read_page([body(MAX_RESULTS)]).next is None


# --- Several answers in a row -----------------------------------------------------------------


class Walk:
    """A spider that is answered by the built-in web's API, without engine or network."""

    def __init__(self, spider):
        self.spider = spider
        self.requests = []
        self.pages = []
        spider.say_page = lambda query, page, answer, taken, url: self.pages.append((page, taken))
        self.lags = 0

    def answer(self, request):
        self.requests.append(request)
        body = commons_api.search_answer(asked(request.url), 30)
        headers = {}
        if self.lags:
            self.lags -= 1
            body, headers = commons_api.LAGGED, {"Retry-After": "0"}
        return TextResponse(
            request.url, request=request, headers=headers, body=json.dumps(body).encode()
        )

    def images(self, most=20):
        async def run():
            [query] = self.spider.plan
            await self.spider._open.acquire()
            waiting, found = [self.spider._request(query, 1, None, 0)], []
            while waiting and len(self.requests) < most:
                response = self.answer(waiting.pop())
                async for result in self.spider.parse_page(response, **response.cb_kwargs):
                    (found if isinstance(result, CarImage) else waiting).append(result)
            return found

        try:
            return asyncio.run(run())
        finally:
            self.spider.state_of_crawl.catalog.close()


def everything(words):
    """Return the addresses of all that the built-in Commons has for words."""
    numbers = commons_api._matching(words, 30)
    return [commons_api.commons_url(number) for number in numbers]


@pytest.mark.parametrize("how", ["query", "category"])
def test_batches_in_pieces_are_walked_to_the_end(tmp_path, how):
    walk = Walk(build(tmp_path, per_query="5000", **{how: "ford focus"}))
    found = walk.images()
    expected = everything("ford focus")
    assert [image.found.image_url for image in found] == expected
    assert len(expected) > 100
    batches = -(-len(expected) // 50)
    assert [page for page, _ in walk.pages] == list(range(1, batches + 1))
    assert len(walk.requests) > batches  # some batches came in two pieces
    assert [image.rank for image in found] == list(range(1, len(expected) + 1))
    assert {image.found.license.code for image in found} <= {
        "by-2.0",
        "by-sa-4.0",
        "cc0-1.0",
        "pdm",
    }


def test_a_run_that_is_stopped_in_the_middle_of_a_batch_has_not_read_it(tmp_path):
    walk = Walk(build(tmp_path, query="ford focus"))
    walk.spider.state_of_crawl.stop_reason = "enough"
    assert walk.images() == []
    assert walk.pages == []


def test_it_waits_while_the_servers_lag_and_gives_up_in_the_end(tmp_path):
    walk = Walk(build(tmp_path, query="ford focus", per_query="10"))
    walk.lags = 2
    assert len(walk.images()) == 10
    assert [request.meta.get("lags", 0) for request in walk.requests][:3] == [0, 1, 2]
    ends = []
    walk = Walk(build(tmp_path / "other", query="ford focus"))
    walk.spider.say_end = lambda query, outcome, note: ends.append((outcome, note))
    walk.lags = 100
    assert walk.images() == []
    assert len(walk.requests) == 1 + commons.LAG_RETRIES
    [(outcome, note)] = ends
    assert outcome is QueryOutcome.HTTP_ERROR
    assert "maxlag" in note


def test_a_host_that_asks_for_a_long_pause_gets_no_longer_one_than_any(tmp_path):
    spider = build(tmp_path, {"RETRY_AFTER_MAX": 12.0})
    for header, seconds in (("99", 12.0), ("3", 3.0), ("x", 5.0), ("", 5.0)):
        assert spider._pause(TextResponse("https://a.test", headers={"Retry-After": header})) == (
            seconds
        )


def test_queries_of_a_plan_are_searches(tmp_path):
    spider = build(tmp_path, vehicles="Ford Focus", colors="red")
    [query] = spider.plan
    assert isinstance(query, Query)
    assert "Focus" in asked(spider.page_request(query, 1, None).url)["gsrsearch"]
