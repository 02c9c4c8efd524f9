"""Bing: what is asked, and what the real page gives beside a plain reading of it."""

import html
import json
import re
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

import pytest
from scrapy.utils.test import get_crawler

from carsets.licenses import NO_LICENSE
from carsets.outcomes import QueryOutcome
from carsets.problems import UserError
from carsets.queries import Query
from carsets.sources.foreign_text import ForeignTextError
from carsets.sources.search_filters import SearchFilters
from carsets.spiders.bing import (
    FILTER_WORDS,
    MAX_RESULTS,
    MAX_TILES,
    PAGE_SIZE,
    BingSpider,
    read_page,
    read_tile,
    search_url,
)


def build(tmp_path, **arguments):
    settings = {"DATA_DIR": str(tmp_path), "QUERIES_AT_ONCE": 1}
    settings |= {"IMAGES_IN_FLIGHT": 1, "IMAGES_IN_FLIGHT_BYTES": 1}
    crawler = get_crawler(BingSpider, settings)
    return crawler.spidercls.from_crawler(crawler, query="ford mustang", **arguments)


# --- Asking -----------------------------------------------------------------------------------


def test_asks_for_tiles_with_strict_safe_search():
    url = urlsplit(search_url("ford & mustang", 36, SearchFilters(region="de-de")))
    assert (url.scheme, url.netloc, url.path) == ("https", "www.bing.com", "/images/async")
    assert dict(parse_qsl(url.query)) == {
        "q": "ford & mustang",
        "first": "36",
        "count": "35",
        "mmasync": "1",
        "adlt": "strict",
        "cc": "de",
        "setlang": "de",
    }


@pytest.mark.parametrize(
    ("name", "word"), [(n, w) for n, words in FILTER_WORDS.items() if n != "safe" for w in words]
)
def test_every_filter_is_one_of_the_real_panel_and_keeps_its_plus_and_colon(name, word, shared):
    url = search_url("x", filters=SearchFilters(**{name: word}))
    assert url.endswith(f"&qft=+filterui:{FILTER_WORDS[name][word]}")
    page = (shared / "captures/bing/retrieval-go_bing_images.html").read_text(encoding="utf-8")
    assert FILTER_WORDS[name][word] in re.findall(r"filterui:([\w-]+)", unquote(page))


def test_several_filters_stand_in_a_row():
    url = search_url("x", filters=SearchFilters(color="red", license="share"))
    assert url.endswith("&qft=+filterui:color2-FGcls_RED+filterui:license-L2_L3_L4_L5_L6_L7")


def test_safe_search_is_strict_in_every_request_of_the_spider(tmp_path):
    for arguments in ({}, {"license": "share"}, {"size": "huge", "region": "de-de"}):
        spider = build(tmp_path, **arguments)
        for page, cursor, first in ((1, None, "1"), (2, 36, "36"), (3, None, "71")):
            request = spider.page_request(Query(text="ford mustang"), page, cursor)
            asked = parse_qs(urlsplit(request.url).query)
            assert asked["adlt"] == ["strict"]
            assert asked["first"] == [first]
            assert request.meta["download_maxsize"] == 5 * 1024 * 1024


def test_a_wrong_filter_is_one_clear_line(tmp_path):
    with pytest.raises(UserError, match=r"bing: unknown license 'free'.*public-domain"):
        build(tmp_path, license="free")


# --- The recorded page ------------------------------------------------------------------------


@pytest.fixture(scope="session")
def recorded(shared):
    path = shared / "captures" / "bing" / "retrieval-go_bing_images.html"
    return path.read_text(encoding="utf-8")


def plain_tiles(page):
    """Read the tiles with nothing but the re and json modules: (facts, href)."""
    for tag in re.findall(r'<a [^>]*class="iusc"[^>]*>', page):
        facts = re.search(r' m="([^"]*)"', tag)[1]
        href = re.search(r' href="([^"]*)"', tag)
        yield json.loads(html.unescape(facts)), html.unescape(href[1]) if href else ""


def test_the_recorded_page_gives_its_35_results_and_none_of_its_12_clusters(recorded):
    plain = list(plain_tiles(recorded))
    real = [(facts, href) for facts, href in plain if facts["purl"]]
    assert (len(plain), len(real)) == (47, 35)
    answer = read_page(recorded)
    assert answer.outcome is QueryOutcome.RESULTS
    assert len(answer.images) == 35
    assert len({image.image_url for image in answer.images}) == 35
    assert answer.images[0].image_url.endswith("/2023/03/Golang-Gopher-Logo-Vector.jpg")
    assert answer.images[-1].image_url.endswith("/0e2a0c6189bb11569a554664b37704fc.jpg")


def test_every_field_of_the_recorded_page_is_that_of_a_plain_reading(recorded):
    real = [(facts, href) for facts, href in plain_tiles(recorded) if facts["purl"]]
    for image, (facts, href) in zip(read_page(recorded).images, real, strict=True):
        assert image.image_url == facts["murl"]
        assert image.page_url == facts["purl"]
        assert image.thumbnail_url == facts["turl"]
        assert image.source_id == facts["mid"]
        assert image.title == facts["t"].replace("\ue000", "").replace("\ue001", "").strip()
        plain = html.unescape(facts["desc"].replace("\ue000", "").replace("\ue001", ""))
        assert image.description == plain.strip()
        assert image.width == int(re.search(r"[?&]expw=(\d+)", href)[1])
        assert image.height == int(re.search(r"[?&]exph=(\d+)", href)[1])
        cdn = unquote(re.search(r"[?&]cdnurl=([^&]*)", href)[1]) if "cdnurl=" in href else None
        assert image.extra == {"bing_md5": facts["md5"], **({"cdn_url": cdn} if cdn else {})}
        assert (image.license, image.author, image.attribution) == (NO_LICENSE, "", "")
        assert "\ue000" not in image.title + image.description


def test_the_recorded_page_leads_to_result_36(recorded):
    announced = re.findall(r'data-nextUrl="([^"]*)"', recorded)
    assert [bool(url) for url in announced] == [True, False, False, False]
    assert "first=36&" in html.unescape(announced[0])
    assert read_page(recorded).next == 36


@pytest.mark.parametrize(
    ("capture", "outcome"),
    [
        ("serp-parser_web_nojs_no_results.html", QueryOutcome.NO_RESULTS),
        ("openserp_web_search_results.html", QueryOutcome.BLOCKED),
        ("monibrand_web_2022-09-05_fr.html", QueryOutcome.BLOCKED),
    ],
)
def test_recorded_pages_without_tiles_are_blocks_unless_they_say_otherwise(
    shared, capture, outcome
):
    page = (shared / "captures" / "bing" / capture).read_text(encoding="utf-8")
    assert read_page(page).outcome is outcome


# --- Answers that are not as they should be ---------------------------------------------------


def test_a_filter_is_kept_as_a_filter_and_never_as_a_license(recorded):
    for image in read_page(recorded, filters=SearchFilters(license="public-domain")).images:
        assert image.license == NO_LICENSE
        assert image.extra["license_filter"] == "bing:public-domain"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (403, "blocked"),
        (429, "blocked"),
        (401, "blocked"),
        (404, "http_error"),
        (500, "http_error"),
    ],
)
def test_error_statuses_are_named(status, outcome):
    assert read_page("<html></html>", status=status).outcome.value == outcome


def test_thumbnails_in_a_new_markup_are_a_changed_format_and_no_block(recorded):
    page = recorded.replace('class="iusc"', 'class="tile3"')
    answer = read_page(page)
    assert answer.outcome is QueryOutcome.FORMAT_CHANGED
    assert not answer.outcome.ends_source


def test_captcha_words_inside_a_title_are_seen_before_any_result_is_taken(recorded):
    page = recorded + "Please solve the challenge below to continue"
    assert read_page(page).outcome is QueryOutcome.CAPTCHA


@pytest.mark.parametrize(
    "facts",
    ["", "{", "[]", '"x"', "null", '{"murl": "https://a.test/1.jpg"}', "[" * 100_000, "\x00"],
)
def test_a_broken_tile_costs_itself_only(facts):
    assert read_tile({"m": facts, "href": "https://["}) is None
    good = html.escape(json.dumps({"murl": "https://a.test/1.jpg", "purl": "https://a.test/"}))
    page = f'<a class="iusc" m="{html.escape(facts)}"></a><a class="iusc" m="{good}"></a>'
    [image] = read_page(page).images
    assert image.image_url == "https://a.test/1.jpg"
    assert (image.title, image.description, image.width) == ("", "", None)


def test_facts_of_the_wrong_kind_are_left_out():
    facts = {"murl": "https://a.test/1.jpg", "purl": "https://a.test/", "t": 7, "desc": ["x"]}
    image = read_tile({"m": json.dumps(facts), "href": "?expw=-5&exph=1e9&first=x"})
    assert (image.title, image.description, image.width, image.height) == ("", "", None, None)


@pytest.mark.parametrize(
    ("announced", "following"),
    [
        ("/images/async?first=141", None),
        ("/images/async?first=140", 140),
        ("?first=-3", None),
        ("?first=" + "9" * 5000, None),
        ("https://[", None),
        ("", None),
    ],
)
def test_the_next_page_is_followed_within_the_useful_results(announced, following):
    tile = html.escape(json.dumps({"murl": "https://a.test/1.jpg", "purl": "https://a.test/"}))
    page = (
        f'<div id="mmComponent_images_1" class="dgControl" data-nextUrl="{announced}">'
        f'<a class="iusc" m="{tile}"></a></div>'
    )
    assert read_page(page).next == following
    assert (MAX_RESULTS, PAGE_SIZE) == (140, 35)


def test_five_hostile_megabytes_are_refused_in_one_line():
    with pytest.raises(ForeignTextError) as caught:
        read_page('<a class="iusc" m="{">' * 230_000)
    assert "\n" not in str(caught.value)


def test_a_page_with_tiles_without_end_gives_as_many_as_a_page_can_have():
    tile = html.escape(json.dumps({"murl": "https://a.test/1.jpg", "purl": "https://a.test/"}))
    assert len(read_page(f'<a class="iusc" m="{tile}"></a>' * 5000).images) == MAX_TILES
