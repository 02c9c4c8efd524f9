"""Each engine's answers, recorded and played: totals, zeros, missing totals, and refusals first."""

import json
from urllib.parse import urlsplit

import pytest

from carsets import settings
from carsets.counting.engine import Came, Place
from carsets.counting.engines import ENGINES
from carsets.fakeweb import web_counts
from carsets.sources.foreign_text import MAX_PAGE_BYTES

PLACE = Place(keys={"FLICKR_API_KEY": "k", "GOOGLE_API_KEY": "k", "GOOGLE_CX": "c"})
B_ALGO, B_NO = '<li class="b_algo"></li>', '<li class="b_no"></li>'
YANDEX = "<html><title>Peugeot 206 — Яндекс{}</title></html>"
FRENCH = "bing/monibrand_web_2022-09-05_fr.html"
DOGS = "google_cse/services-edu_image_search_dogs_extracted.json"
NOT_FOUND = "yandex/openserp_web_search_no_results.html"
RSP = '{"stat": "fail", "code": %d, "message": "no"}'


def read(engine, body, **came):
    if isinstance(body, str):
        body = body.encode()
    return ENGINES[engine].read(Came(body=body, **came))


def sb(text):
    return f'<span class="sb_count">{text}</span>{B_ALGO}'


@pytest.mark.parametrize(
    ("engine", "body", "outcome", "total"),
    [
        ("flickr", '{"photos": {"total": "57702"}, "stat": "ok"}', "results", 57_702),
        ("flickr", '{"photos": {"total": 57702}, "stat": "ok"}', "results", 57_702),
        ("flickr", '{"photos": {"total": 0}, "stat": "ok"}', "no_results", 0),
        ("flickr", '{"photos": {"total": null}, "stat": "ok"}', "results", None),
        ("flickr", '{"photos": {}, "stat": "ok"}', "format_changed", None),
        ("flickr", "<html>", "format_changed", None),
        ("flickr", "[]", "format_changed", None),
        ("flickr", RSP % 100, "blocked", None),
        ("flickr", RSP % 105, "http_error", None),
        ("flickr", RSP % 3, "http_error", None),
        ("openverse", '{"result_count": 240, "results": []}', "results", 240),
        ("openverse", '{"result_count": 0, "results": []}', "no_results", 0),
        ("openverse", '{"results": []}', "format_changed", None),
        ("openverse", "[]", "format_changed", None),
        ("bing", sb("About 756,000 results"), "results", 756_000),
        ("bing", sb("169&#160;000 r&#233;sultats"), "results", 169_000),
        ("bing", sb("11-20 of <b>108,000</b> results"), "results", 108_000),
        ("bing", sb("About 0 results"), "no_results", 0),
        ("bing", sb("Some results"), "results", None),
        ("bing", B_ALGO, "results", None),
        ("bing", B_NO, "no_results", 0),
        ("bing", "<html></html>", "blocked", None),
        ("bing", "", "blocked", None),
        ("bing", sb("About 9 results") + '<div id="b_captcha">', "captcha", None),
        ("bing", sb("9 results") + "challenges.cloudflare.com/turnstile", "captcha", None),
        ("google", '{"searchInformation": {"totalResults": "8210000"}}', "results", 8_210_000),
        ("google", '{"searchInformation": {"totalResults": "0"}}', "no_results", 0),
        ("google", '{"searchInformation": {}}', "format_changed", None),
        ("google", "[]", "format_changed", None),
        ("baidu", '{"displayNum": 116812, "data": []}', "results", 116_812),
        ("baidu", '{"bdFmtDispNum": "约116,000", "data": []}', "results", 116_000),
        ("baidu", '{"displayNum": 0, "data": [{}]}', "no_results", 0),
        ("baidu", '{"data": [{"t": "it\\\'s"}]}', "results", None),
        ("baidu", '{"antiFlag": 1, "message": "Forbid spider access"}', "blocked", None),
        ("baidu", "{}", "format_changed", None),
        ("baidu", "<html>", "format_changed", None),
        ("baidu", "<title>百度安全验证</title>", "captcha", None),
        ("yandex", YANDEX.format(": нашлось 148 тыс. результатов"), "results", 148_000),
        ("yandex", YANDEX.format(": нашлось 2 млн результатов"), "results", 2_000_000),
        ("yandex", YANDEX.format(": ничего не найдено"), "no_results", 0),
        ("yandex", YANDEX.format(""), "results", None),
        ("yandex", "<title>Are you not a robot?</title>", "blocked", None),
        ("yandex", '<form action="/checkcaptcha?x">' + YANDEX.format(""), "captcha", None),
        ("yandex", "", "blocked", None),
    ],
)  # fmt: skip
def test_an_answer_is_read(engine, body, outcome, total):
    told = read(engine, body)
    assert (told.outcome.value, told.total) == (outcome, total)
    assert told.raw or total in {None, 0}
    assert told.outcome.is_answer or told.note


@pytest.mark.parametrize(
    ("engine", "capture", "outcome", "total", "raw"),
    [
        ("bing", FRENCH, "results", 169_000, "169\xa0000 résultats"),
        ("bing", "bing/openserp_web_search_results.html", "results", None, ""),
        ("bing", "bing/serp-parser_web_nojs_no_results.html", "no_results", 0, ""),
        ("google", DOGS, "results", 8_210_000_000, "8210000000"),
        ("yandex", NOT_FOUND, "no_results", 0, "ничего не найдено"),
        ("yandex", "yandex/openserp_web_search_captcha.html", "captcha", None, ""),
        ("baidu", "baidu/excerpt_acjson_2020-11.json", "results", 116_812, "约116,000"),
        ("baidu", "baidu/openserp_web_search_captcha.html", "captcha", None, ""),
        ("flickr", "flickr/photos_search_500_extras.json", "results", 30, "30"),
        ("openverse", "openverse/search_2024-09_EXCERPT.json", "results", 240, "240"),
    ],
)  # fmt: skip
def test_recorded_answers_are_read(shared, engine, capture, outcome, total, raw):
    body = (shared / "captures" / capture).read_bytes()
    if engine == "openverse":  # the capture is wrapped into what was asked
        whole = json.loads(body)
        body = json.dumps(next(_holding(whole, "result_count"))).encode()
    told = read(engine, body)
    assert (told.outcome.value, told.total, told.raw) == (outcome, total, raw)


def _holding(value, name):
    if isinstance(value, dict):
        if name in value:
            yield value
        for below in value.values():
            yield from _holding(below, name)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
@pytest.mark.parametrize("body", [b"", b"<html>", b"{}", b"[]", b'{"error": {"code": 1}}'])
def test_an_error_status_is_never_an_answer(engine, status, body):
    told = read(engine, body, status=status)
    assert not told.outcome.is_answer
    assert told.total is None
    if status == 429:
        limited = engine in {"flickr", "openverse", "google"}
        assert told.outcome.value == ("quota" if limited else "blocked")


def test_a_used_up_allowance_of_google_is_a_quota_and_a_wrong_key_a_block():
    spent = {"error": {"code": 403, "message": "Quota exceeded", "errors": []}}
    assert read("google", json.dumps(spent), status=403).outcome.value == "quota"
    wrong = {"error": {"code": 400, "message": "API key not valid."}}
    assert read("google", json.dumps(wrong), status=400).outcome.value == "blocked"


@pytest.mark.parametrize(
    ("engine", "url", "headers"),
    [
        ("bing", "https://www.bing.com/turing/captcha/challenge?q=1", {}),
        ("yandex", "https://yandex.ru/showcaptcha?x=1", {}),
        ("yandex", "https://yandex.ru/search/", {"x-yandex-captcha": "captcha"}),
        ("baidu", "https://wappass.baidu.com/static/captcha/?x", {}),
    ],
)
def test_where_an_answer_came_from_can_be_a_captcha(engine, url, headers):
    assert read(engine, sb("9 results"), url=url, headers=headers).outcome.value == "captcha"


def test_a_number_among_the_words_that_were_asked_for_is_not_a_total():
    page = "<title>Peugeot 206 — 5000 used cars — Яндекс: нашлось 7 результатов</title>"
    assert read("yandex", page).total == 7


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("piece", ["<span", "<li ", '<div class="', "<title>", "{", "[", "\\'"])
def test_hostile_megabytes_cost_little(engine, piece):
    body = (piece * (MAX_PAGE_BYTES // len(piece))).encode()
    assert ENGINES[engine].read(Came(body=body)).total is None


@pytest.mark.parametrize("engine", ENGINES)
def test_the_pace_that_is_told_is_the_pace_that_is_kept(engine):
    host = urlsplit(ENGINES[engine].ask("x", PLACE).url).hostname
    slot = settings.DOWNLOAD_SLOTS[host]
    assert slot["concurrency"] == 1
    assert 60 / slot["delay"] == pytest.approx(ENGINES[engine].requests_per_minute, rel=0.02)


@pytest.mark.parametrize("language", ["en", "de", "fr"])
def test_the_web_searches_of_the_built_in_web_speak_as_the_recorded_ones(language):
    words = {"q": "Ford Mustang car", "text": "Ford Mustang car", "setlang": language}
    total = web_counts.web_total("Ford Mustang car")
    assert read("bing", web_counts.bing_page(words)).total == total > 100_000
    rounded = read("yandex", web_counts.yandex_page(words)).total
    assert rounded <= total < rounded * 2
    nothing = {"q": "xyzzy", "text": "xyzzy"}
    assert read("bing", web_counts.bing_page(nothing)).total == 0
    assert read("yandex", web_counts.yandex_page(nothing)).total == 0
    silent = {"q": "Ford Mustang no-count", "text": "Ford Mustang no-count"}
    assert read("bing", web_counts.bing_page(silent)).total is None
    assert read("yandex", web_counts.yandex_page(silent)).total is None
