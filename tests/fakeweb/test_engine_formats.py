"""The search engines of the built-in web answer in the shape of the real ones."""

import json
import re
from urllib.parse import quote_plus, urlsplit

import pytest

from carsets.fakeweb.baidu_pages import encoded
from carsets.fakeweb.corpus import truth
from carsets.spiders import baidu, brave, duckduckgo, ecosia, yandex

WORDS = "yellow car"
ASKED = quote_plus(WORDS)
COOKIE = {"cookie": "BAIDUID=1", "referer": "https://image.baidu.com/"}
REFERER = {"referer": "https://duckduckgo.com/"}


def names(value):
    """Return the names of all fields of JSON, as paths."""
    if isinstance(value, dict):
        return {f"{key}/{path}" for key, inner in value.items() for path in names(inner) or {""}}
    if isinstance(value, list):
        return {f"0/{path}" for inner in value[:1] for path in names(inner) or {""}}
    return set()


def i_js(ask, first=0):
    token = duckduckgo.read_token(ask(f"https://duckduckgo.com/?q={ASKED}&ia=images").text)
    url = f"https://duckduckgo.com/i.js?o=json&q={ASKED}&vqd={token}&s={first}"
    return ask(url, headers=REFERER)


# --- The shape of the real answers ------------------------------------------------------------


def test_duckduckgo_names_what_the_real_one_names(ask, shared):
    real = json.loads((shared / "captures/duckduckgo/dds_i.js_default.json").read_text())
    ours = json.loads(i_js(ask).body)
    assert ours.keys() == real.keys()
    assert ours["results"][0].keys() - real["results"][0].keys() == {
        "image_token",  # newer than the recorded answer
        "thumbnail_token",
    }
    assert len(ours["results"]) == len(real["results"]) == 100


def test_brave_writes_a_literal_as_the_real_one(ask, shared):
    page = (shared / "captures/brave/excerpt_images_kit_start_2026-09.html").read_text()
    ours = ask(f"https://search.brave.com/images?q={ASKED}").text
    fields = set(re.findall(r"[{,](\w+):", page[page.index("results:[") :]))
    for field in ("title", "url", "properties", "thumbnail", "meta_url", "confidence"):
        assert f"{field}:" in ours
        assert field in fields
    for text in ("kit.start(app, element, {", "data: [{type:", "void 0", "\\u003C", "captcha"):
        assert text in ours
        assert text in page
    with pytest.raises(ValueError, match="Expecting"):
        json.loads(ours[ours.index("[{type:") :])


def test_ecosia_marks_its_tiles_as_the_real_one(ask, shared):
    def marks(page):
        tile = page[page.index("<article ") : page.index("</article>")]
        return set(re.findall(r'data-test-id="([^"]*)"|class="(image-[^"]*)"', tile))

    page = (shared / "captures/ecosia/openserp_images_results.html").read_text()
    ours = ask(f"https://www.ecosia.org/images?q={ASKED}").text
    assert marks(ours) <= marks(page)
    assert ours.count('data-test-id="images-result"') == 24
    for name in ("images-pagination", "pagination-control-next", "pagination-current"):
        assert f'data-test-id="{name}"' in ours
        assert f'data-test-id="{name}"' in page


def test_baidu_names_what_the_real_one_names(ask, shared):
    real = json.loads((shared / "captures/baidu/excerpt_acjson_2020-11.json").read_text())
    url = f"https://image.baidu.com/search/acjson?word={ASKED}&pn=0&rn=30"
    text = ask(url, headers=COOKIE).text
    with pytest.raises(ValueError, match="Invalid"):
        json.loads(text)
    ours = json.loads(baidu.repaired(text))
    assert ours.keys() == real.keys()
    assert ours["data"][-1] == real["data"][-1] == {}
    known = {key for record in ours["data"] for key in record}
    assert known <= real["data"][0].keys()


def test_addresses_are_encoded_as_baidu_does_it(shared):
    real = json.loads((shared / "captures/baidu/excerpt_acjson_2020-11.json").read_text())
    for name in ("objURL", "fromURL"):
        written = real["data"][0][name]
        assert encoded(baidu.decode_address(written)) == written


# --- Ends, and what keeps others out ----------------------------------------------------------


def all_pages(ask):
    """Yield the answers of each engine to one question, page by page, as our parsers read them."""
    yield [duckduckgo.read_page(i_js(ask, first).body) for first in range(0, 700, 100)]
    yield [brave.read_page(ask(f"https://search.brave.com/images?q={ASKED}").text)]
    pages = []
    for page in range(11):
        url = f"https://www.ecosia.org/images?q={ASKED}&p={page}"
        pages.append(ecosia.read_page(ask(url).text, url=url))
    yield pages
    pages = []
    for page in range(11):
        url = f"https://yandex.com/images/search?text={ASKED}&p={page}"
        pages.append(yandex.read_page(ask(url).text, url=url))
    yield pages
    pages = []
    for first in range(0, 1020, 30):
        url = f"https://image.baidu.com/search/acjson?word={ASKED}&pn={first}&rn=30"
        pages.append(baidu.read_page(ask(url, headers=COOKIE).body, url=url))
    yield pages


def test_pages_follow_each_other_to_an_end_without_repeating(ask):
    reach = []
    for pages in all_pages(ask):
        urls = [image.image_url for page in pages for image in page.images]
        assert len(set(urls)) == len(urls)
        assert all(truth(url).source == "bing" for url in urls)
        assert pages[-1].next is None
        reach.append(len(urls))
    assert reach == [500, 100, 240, 300, 1000]


READERS = {
    f"https://duckduckgo.com/i.js?q={ASKED}": lambda answer: duckduckgo.read_page(
        answer.body, status=answer.status
    ),
    f"https://search.brave.com/images?q={ASKED}": lambda answer: brave.read_page(
        answer.text, status=answer.status
    ),
    f"https://api.search.brave.com/res/v1/images/search?q={ASKED}": lambda answer: (
        brave.read_api_answer(answer.body, status=answer.status)
    ),
    f"https://www.ecosia.org/images?q={ASKED}": lambda answer: ecosia.read_page(
        answer.text, status=answer.status
    ),
    f"https://yandex.com/images/search?text={ASKED}": lambda answer: yandex.read_page(
        answer.text, status=answer.status, headers=answer.headers
    ),
    f"https://image.baidu.com/search/acjson?word={ASKED}": lambda answer: baidu.read_page(
        answer.body, status=answer.status
    ),
}


@pytest.mark.parametrize("url", READERS, ids=lambda url: urlsplit(url).hostname)
@pytest.mark.parametrize(
    ("mode", "outcome"),
    [
        ("captcha", "captcha"),
        ("blocked", "blocked"),
        ("consent", "consent"),
        ("changed", "format_changed"),
        ("no_results", "no_results"),
        ("empty", "blocked"),
        ("403", "blocked"),
        ("429", "blocked"),
        ("500", "http_error"),
    ],
)
def test_every_engine_in_every_mode_has_its_outcome(web, ask, url, mode, outcome):
    host = urlsplit(url).hostname
    if host.startswith("api."):  # which shows no pages to people
        page = mode in {"captcha", "consent", "empty"}
        outcome = "format_changed" if page else outcome
        outcome = "quota" if mode in {"429", "blocked"} else outcome
    web.mode(host, mode)
    key = {"x-subscription-token": "BSAkeykeykeykey12345"}
    answer = ask(url, headers=COOKIE | key)
    assert READERS[url](answer).outcome.value == outcome


@pytest.mark.parametrize(
    ("url", "headers", "status"),
    [
        (f"https://duckduckgo.com/i.js?o=json&q={ASKED}&vqd=4-1", REFERER, 403),
        (f"https://duckduckgo.com/i.js?o=json&q={ASKED}", {}, 403),
        (f"https://api.search.brave.com/res/v1/images/search?q={ASKED}", {}, 422),
    ],
)
def test_who_has_no_token_or_key_is_sent_away(ask, url, headers, status):
    assert ask(url, headers=headers).status == status


def test_a_token_is_good_for_one_question_and_one_visitor(ask):
    page = ask(f"https://duckduckgo.com/?q={ASKED}", headers={"user-agent": "one"}).text
    url = f"https://duckduckgo.com/i.js?q={ASKED}&vqd={duckduckgo.read_token(page)}"
    assert ask(url, headers=REFERER | {"user-agent": "one"}).status == 200
    assert ask(url, headers=REFERER | {"user-agent": "two"}).status == 403
    assert ask(url.replace(ASKED, "x"), headers=REFERER | {"user-agent": "one"}).status == 403


def test_baidu_wants_the_cookies_of_its_first_page(ask):
    url = f"https://image.baidu.com/search/acjson?word={ASKED}&pn=0&rn=30"
    assert json.loads(ask(url).text)["antiFlag"] == 1
    cookie = ask("https://image.baidu.com/").headers["set-cookie"]
    given = {"cookie": baidu.read_cookies([cookie]), "referer": "https://image.baidu.com/"}
    assert len(baidu.read_page(ask(url, headers=given).body, url=url).images) == 30
