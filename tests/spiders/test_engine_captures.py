"""Real answers of the search engines, read by carsets and by a plain reading beside it."""

import html
import json
import re

import pytest

from carsets.licenses import NO_LICENSE
from carsets.outcomes import QueryOutcome
from carsets.spiders import baidu, brave, duckduckgo, ecosia, yandex


def text_of(shared, name):
    return (shared / "captures" / name).read_text(encoding="utf-8")


# --- DuckDuckGo -------------------------------------------------------------------------------


def test_every_field_of_a_real_answer_of_duckduckgo(shared):
    body = (shared / "captures/duckduckgo/dds_i.js_default.json").read_bytes()
    plain = json.loads(body)
    answer = duckduckgo.read_page(body)
    assert (answer.outcome, len(answer.images)) == (QueryOutcome.RESULTS, 100)
    assert answer.next == plain["next"]
    for image, record in zip(answer.images, plain["results"], strict=True):
        assert image.image_url == record["image"]
        assert image.page_url == record["url"]
        assert image.thumbnail_url == record["thumbnail"]
        assert image.title == record["title"].strip()
        assert (image.width, image.height) == (record["width"], record["height"])
        assert (image.license, image.extra) == (NO_LICENSE, {})
    # The real answer was asked without safe search; what we ask for next is not.
    assert "p=-1" in plain["next"]
    assert "&p=1&" in duckduckgo.search_url("minecraft", "4-1", answer.next)


def test_the_token_of_a_real_page_of_duckduckgo(shared):
    page = text_of(shared, "duckduckgo/dds_vqd.html")
    [quoted] = set(re.findall(r"vqd='([\d-]+)'", page))
    assert duckduckgo.read_token(page) == quoted
    assert quoted.startswith("3-320068370671196460038575011587633753929-")


@pytest.mark.parametrize(
    ("page", "token"),
    [
        ('vqd="4-111122223333";', "4-111122223333"),
        ("&vqd=4-111122223333&p_ent=", "4-111122223333"),
        ('{"vqd":"4-111122223333"}', "4-111122223333"),
        ("vqd='4-111122223333'", "4-111122223333"),
        ("vqd=", ""),
        ("no token", ""),
        ("vqd=abc", ""),
    ],
)
def test_a_token_is_read_in_every_way_that_it_is_written(page, token):
    assert duckduckgo.read_token(page) == token


def test_a_real_error_of_duckduckgo_is_no_answer_without_results(shared):
    body = (shared / "captures/duckduckgo/dds_506.js").read_bytes()
    assert duckduckgo.read_page(body).outcome is QueryOutcome.BLOCKED


# --- Brave ------------------------------------------------------------------------------------


def test_every_field_of_a_real_result_of_brave(shared):
    page = text_of(shared, "brave/excerpt_images_kit_start_2026-09.html")
    answer = brave.read_page(page)
    [image] = answer.images
    # A plain reading: the one result stands between two words that occur once.
    [result] = re.findall(r"results:\[(\{title:.*?confidence:\"high\"\})\]", page)

    def fact(pattern):
        [found] = re.findall(pattern, result)
        return found

    assert image.title == fact(r'\{title:"([^"]*)"')
    assert image.page_url == fact(r'^\{title:"[^"]*",url:"([^"]*)"')
    assert image.image_url == fact(r'properties:\{url:"([^"]*)"')
    assert image.thumbnail_url == fact(r'thumbnail:\{src:"([^"]*)"')
    assert (image.height, image.width) == tuple(
        map(int, fact(r"properties:\{.*?height:(\d+),width:(\d+)"))
    )
    assert image.extra["page_fetched"] == fact(r'page_fetched:"([^"]*)"')
    assert (answer.outcome, answer.next) == (QueryOutcome.RESULTS, None)
    assert image.license == NO_LICENSE


def test_a_real_page_of_brave_without_its_data_is_a_changed_format_although_it_says_captcha(shared):
    page = text_of(shared, "brave/excerpt_images_kit_start_2026-09.html")
    assert "captcha" in page
    assert brave.read_page(page.replace("kit.start", "kit.go")).outcome is (
        QueryOutcome.FORMAT_CHANGED
    )


# --- Ecosia -----------------------------------------------------------------------------------


def plain_tiles(page):
    """Read the tiles with nothing but re: the words behind each mark, in their order."""

    def each(pattern):
        return [html.unescape(found).strip() for found in re.findall(pattern, page)]

    sizes = each(r'data-test-id="image-result-dimensions"[^>]*>([^<]*)<')
    return zip(
        each(r'<a href="([^"]*)"[^>]*data-test-id="image-result-link"'),
        each(r'<a href="([^"]*)"[^>]*class="image-result__details-link"'),
        each(r'<img src="([^"]*)"[^>]*class="image-result__image"'),
        each(r'<h2 class="image-result__details-title"[^>]*>([^<]*)<'),
        each(r'aria-controls="image-preview-([0-9A-F]*)"'),
        [tuple(int(side) for side in size.split("×")) for size in sizes],
        strict=True,
    )


def test_every_field_of_a_real_page_of_ecosia(shared):
    page = text_of(shared, "ecosia/openserp_images_results.html")
    answer = ecosia.read_page(page, url="https://www.ecosia.org/images?q=oak")
    assert (answer.outcome, len(answer.images), answer.next) == (QueryOutcome.RESULTS, 24, 1)
    for image, plain in zip(answer.images, plain_tiles(page), strict=True):
        assert (
            image.image_url,
            image.page_url,
            image.thumbnail_url,
            image.title,
            image.source_id,
            (image.width, image.height),
        ) == plain
        assert image.license == NO_LICENSE
    assert len({image.image_url for image in answer.images}) == 24


def test_a_real_page_of_ecosia_without_results(shared):
    page = text_of(shared, "ecosia/openserp_images_no_results.html")
    assert ecosia.read_page(page).outcome is QueryOutcome.NO_RESULTS
    page = page.replace("images-no-results", "nothing")
    assert ecosia.read_page(page).outcome is QueryOutcome.BLOCKED


def test_a_real_page_of_ecosia_with_other_names_is_a_changed_format(shared):
    page = text_of(shared, "ecosia/openserp_images_results.html")
    page = page.replace("images-result", "x").replace("image-result", "y")
    assert ecosia.read_page(page).outcome is QueryOutcome.FORMAT_CHANGED


# --- Yandex, Baidu ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("yandex/openserp_web_search_captcha.html", QueryOutcome.CAPTCHA),
        ("yandex/openserp_web_search_no_results.html", QueryOutcome.NO_RESULTS),
    ],
)
def test_real_pages_of_yandex(shared, name, outcome):
    assert yandex.read_page(text_of(shared, name)).outcome is outcome


def test_every_field_of_a_real_answer_of_baidu(shared):
    body = (shared / "captures/baidu/excerpt_acjson_2020-11.json").read_bytes()
    plain = json.loads(body)
    record = plain["data"][0]
    assert plain["data"][1:] == [{}]
    answer = baidu.read_page(body, url="https://image.baidu.com/search/acjson?pn=0")
    [image] = answer.images
    # The test vector of the collection's own list.
    original = (
        "http://5b0988e595225.cdn.sohucs.com/images/20180127/fcdbe837f93e40e9aa4eebaf2aa10ecd.jpeg"
    )
    assert image.image_url == baidu.decode_address(record["objURL"]) == original
    assert image.alternates == (record["replaceUrl"][0]["ObjURL"],)
    assert image.page_url == record["replaceUrl"][0]["FromURL"]
    assert baidu.decode_address(record["fromURL"]) == image.page_url
    assert image.title == record["fromPageTitleEnc"]
    assert (image.width, image.height) == (record["width"], record["height"])
    assert (image.source_id, image.thumbnail_url) == (record["di"], record["thumbURL"])
    assert (answer.total, answer.next) == (plain["displayNum"], 30)


def test_a_real_captcha_of_baidu(shared):
    body = (shared / "captures/baidu/openserp_web_search_captcha.html").read_bytes()
    assert baidu.read_page(body).outcome is QueryOutcome.CAPTCHA


def test_an_address_of_baidu_that_is_plain_stays():
    assert baidu.decode_address("https://a.test/_z&e3B.jpg") == "https://a.test/_z&e3B.jpg"
    assert baidu.decode_address("") == ""


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r'{"a": "it\'s"}', {"a": "it's"}),
        ('{"a": "b\tc\nd"}', {"a": "b c d"}),
        (r'{"a": "\x41\/\\\"\u0041"}', {"a": 'x41/\\"A'}),
        (r"""{"a": "\\\\'"}""", {"a": "\\\\'"}),
    ],
)
def test_the_json_of_baidu_is_repaired_and_what_is_right_stays(written, meant):
    assert json.loads(baidu.repaired(written)) == meant
