"""Google's page: real ones beside a plain reading, and pages that mean harm."""

import json
import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest

from carsets.outcomes import QueryOutcome
from carsets.sources.foreign_text import ForeignTextError
from carsets.sources.google_page import (
    FILTER_WORDS,
    LONGEST_LIST,
    MAX_LISTS,
    image_lists,
    read_page,
    search_url,
)
from carsets.sources.search_filters import FILTERS, SearchFilters


def recorded(shared, name):
    return (shared / "captures" / "google" / name).read_text(encoding="utf-8")


# --- Asking -----------------------------------------------------------------------------------


def asked(filters):
    return {
        name: values[0]
        for name, values in parse_qs(urlsplit(search_url("a&b", filters)).query).items()
    }


@pytest.mark.parametrize("safe", FILTERS["safe"])
def test_safe_search_is_on_whatever_is_asked_for(safe):
    assert asked(SearchFilters(safe=safe))["safe"] == "active"


def test_filters_are_pieces_of_one_parameter():
    filters = SearchFilters(size="huge", color="red", type="photo", date="year", region="de-de")
    assert asked(filters) == {
        "q": "a&b",
        "udm": "2",
        "hl": "de",
        "gl": "de",
        "safe": "active",
        "tbs": "isz:lt,islt:10mp,ic:specific,isc:red,itp:photo,qdr:y",
    }
    assert "tbs" not in asked(SearchFilters())


def test_every_word_of_a_filter_is_one_of_the_common_ones():
    for name, words in FILTER_WORDS.items():
        assert set(words) <= set(FILTERS[name])


# --- Recorded pages ---------------------------------------------------------------------------


def test_the_recorded_page_with_tiles_reads_as_it_stands(shared):
    html = recorded(shared, "serpapi-cc_web_red-apple_imagepack.html")
    plain_tiles = [
        (docid, unescape(page))
        for docid, page in re.findall(r'data-docid="([^"]+)" data-lpage="([^"]+)"', html)
    ]
    plain = {}
    size = r'\["([^"]+)",(\d+),(\d+)\]'
    for docid, *rest in re.findall(rf'\[0,"([^"]+)",{size},{size}', html):
        plain[docid] = [json.loads(f'"{text}"') for text in rest]
    assert (len(plain_tiles), len(plain)) == (12, 27)
    answer = read_page(html, url="https://www.google.com/search?q=red+apple")
    assert answer.outcome is QueryOutcome.RESULTS
    assert [(i.source_id, i.page_url) for i in answer.images] == plain_tiles
    for image in answer.images:
        thumbnail, _, _, original, height, width = plain[image.source_id]
        assert (image.image_url, image.thumbnail_url) == (original, thumbnail)
        assert (image.height, image.width) == (int(height), int(width))
        assert image.title
        assert image.license.code == "unknown"
    assert answer.images[0].title == "All Natural Aged Red Apple Balsamic"
    assert answer.images[0].extra["file_size"] == "315KB"


def test_the_credit_that_a_file_carries_is_kept(shared):
    html = recorded(shared, "serpapi-cc_web_red-apple_imagepack.html")
    rights = {
        facts[1]: facts[9]["2003"][18]
        for facts in image_lists(html)
        if len(facts[9].get("2003", ())) > 18 and facts[9]["2003"][18]
    }
    assert sorted(credit[0] for credit in rights.values()) == [
        "Getty Images",
        "Getty Images/iStockphoto",
    ]
    shown = {i.source_id: i.extra.get("iptc", {}) for i in read_page(html).images}
    for docid, credit in rights.items():
        if docid in shown:
            assert shown[docid]["credit"] == credit[0]
            assert shown[docid]["creators"] == credit[1]
    assert [docid for docid, iptc in shown.items() if iptc] == [d for d in shown if d in rights]


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("openserp_web_search_captcha_new.html", QueryOutcome.CAPTCHA),
        ("openserp_web_search_soft_block.html", QueryOutcome.BLOCKED),
        ("openserp_web_search_no_results.html", QueryOutcome.NO_RESULTS),
    ],
)
def test_recorded_pages_without_images_are_named(shared, name, outcome):
    answer = read_page(recorded(shared, name), url="https://www.google.com/search?q=weather")
    assert answer.outcome is outcome
    assert answer.images == []


def test_a_good_page_that_speaks_of_scripts_in_passing_is_no_wall(shared):
    html = recorded(shared, "openserp_web_search_results.html")
    answer = read_page(html, url="https://www.google.com/search?q=x")
    assert "scripts only" not in answer.note  # a page of web results: without images, and no wall


# --- Pages that mean harm ---------------------------------------------------------------------

OPENING = '[0,"aaaaaaaaaaaaaa",["https://t.test/",1,2],["https://o.test/",3,4]'


@pytest.mark.parametrize(
    "html",
    [
        OPENING * 50_000,
        '[0,"aaaaaaaaaaaaaa",["' * 200_000,
        '[0,"aaaaaaaaaaaaaa",[" ",' + "[" * 4_000_000,
        "<noscript></noscript>" * 200_000,
        '<div data-docid="a" data-lpage="b">' * 20_000 + OPENING,
    ],
)
def test_a_hostile_page_ends(html):
    answer = read_page(html[:5_000_000])
    assert not answer.outcome.is_answer


@pytest.mark.parametrize("tag", ["<a b c>", "<noscript>"])
def test_tags_without_end_are_refused(tag):
    with pytest.raises(ForeignTextError):
        read_page(tag * 200_000)


def test_lists_are_bounded_in_number_and_in_length():
    whole = OPENING + "]"
    assert len(list(image_lists(whole * (MAX_LISTS + 5)))) == MAX_LISTS
    assert not list(image_lists(f'{OPENING},"{"x" * LONGEST_LIST}"]'))


@pytest.mark.parametrize(
    "facts",
    [
        '[0,"aaaaaaaaaaaaaa",["https://t.test/",1,2]]',
        '[0,"aaaaaaaaaaaaaa",["https://t.test/",1,2],null]',
        '[0,"aaaaaaaaaaaaaa",["https://t.test/",1,2],["x"]]',
        '[0,"aaaaaaaaaaaaaa",["https://t.test/",1,2],[5,1,2]]',
        '[0,"aaaaaaaaaaaaaa",["https://t.test/",1,2],["javascript:alert(1)",1,2]]',
        '[0,"aaaaaaaaaaaaaa",["https://t.test/",1,2],["file:///etc/passwd",1,2]]',
    ],
)
def test_what_is_no_image_is_not_taken_for_one(facts):
    html = f'<div data-docid="aaaaaaaaaaaaaa" data-lpage="https://p.test/"></div><script>{facts}'
    assert read_page(html).outcome is QueryOutcome.FORMAT_CHANGED


def test_facts_of_the_wrong_kind_are_left_out():
    more = '{"2000":5,"2003":[0,0,0,{},0,0,0,0,0,0,0,0,7,0,0,0,0,0,[null,"x",0,5]],"2008":null}'
    facts = f'{OPENING},null,0,"rgb",null,0,{more}]'
    html = f'<div data-docid="aaaaaaaaaaaaaa" data-lpage=""></div><script>{facts}</script>'
    [image] = read_page(html).images
    assert (image.title, image.page_url, image.extra) == ("", "", {})
    assert (image.width, image.height) == (4, 3)
