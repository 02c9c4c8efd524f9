"""Counting: what is asked of whom, in which order, and what an answer leads to."""

import asyncio
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from scrapy.http import TextResponse
from scrapy.utils.test import get_crawler

from carsets.catalog.rows import Batch, CountRow
from carsets.counting.engines import ENGINES
from carsets.items import ResultCount
from carsets.outcomes import QueryOutcome
from carsets.problems import UserError
from carsets.spiders.counts import CountsSpider

KEYS = ("FLICKR_API_KEY", "GOOGLE_API_KEY", "GOOGLE_CX")


@pytest.fixture
def spider(tmp_path, monkeypatch):
    """Return what builds the spider, with every key there is."""
    for key in KEYS:
        monkeypatch.setenv(key, f"0123456789-{key}")

    def build(contact="me@example.org", **arguments):
        settings = {"DATA_DIR": str(tmp_path), "CONTACT": contact}
        settings |= {"IMAGES_IN_FLIGHT": 1, "IMAGES_IN_FLIGHT_BYTES": 1}
        crawler = get_crawler(CountsSpider, settings)
        made = crawler.spidercls.from_crawler(crawler, **arguments)
        crawler.spider = made
        made.said = []
        made.say_page = lambda query, page, answer, taken, url: made.said.append((query, answer))
        made.say_end = lambda query, outcome, note: None
        return made

    return build


def started(spider):
    async def all_requests():
        return [request async for request in spider.start()]

    return asyncio.run(all_requests())


def answered(spider, request, body, status=200, headers=None):
    """Return what the spider yields for an answer."""
    response = TextResponse(
        request.url, status=status, body=body.encode(), headers=headers or {}, request=request
    )

    async def results():
        return [result async for result in request.callback(response, **request.cb_kwargs)]

    return asyncio.run(results())


def flickr(total):
    return f'{{"photos": {{"total": "{total}", "photo": []}}, "stat": "ok"}}'


def texts(requests):
    return [request.cb_kwargs["asked"].text for request in requests]


# --- What is asked ----------------------------------------------------------------------------


def test_vehicles_are_asked_with_the_four_words_of_the_article(spider):
    made = spider(vehicles="Ford Mustang", engine="flickr")
    assert [query.text for query in made.questions] == [
        "Ford Mustang car",
        "Ford Mustang suv",
        "Ford Mustang truck",
        "Ford Mustang van",
    ]
    assert {query.word for query in made.questions} == {"car", "suv", "truck", "van"}
    assert all(query.labels == {"make": "Ford", "model": "Mustang"} for query in made.questions)


def test_other_words_and_wordings_are_taken_as_they_are(spider):
    assert len(spider(vehicles="Ford Ka,VW Golf", words="car,taxi", engine="bing").questions) == 4
    made = spider(vehicles="VW Passat", template="{make} {model}", engine="bing")
    assert [query.text for query in made.questions] == ["VW Passat"]


def test_each_engine_has_one_question_under_way(spider):
    requests = started(spider(vehicles="Ford Ka", engine="flickr,openverse,bing"))
    assert [urlsplit(request.url).hostname for request in requests] == [
        "api.flickr.com",
        "api.openverse.org",
        "www.bing.com",
    ]
    assert texts(requests) == ["Ford Ka car"] * 3
    ids = {request.cb_kwargs["asked"].query_id for request in requests}
    assert len(ids) == 3, "one line each in the receipt"


def test_an_engine_that_wants_its_cookies_gets_them(spider):
    made = spider(vehicles="Ford Ka", engine="baidu")
    [opening] = started(made)
    assert opening.url == "https://image.baidu.com/"
    response = TextResponse(
        opening.url, headers={"Set-Cookie": ["BAIDUID=1:FG=1; path=/", "B=2"]}, request=opening
    )
    [first] = opening.callback(response, **opening.cb_kwargs)
    assert first.headers["Cookie"] == b"BAIDUID=1:FG=1; B=2"
    _, second = answered(made, first, '{"displayNum": 5, "data": [{}]}')
    assert second.headers["Cookie"] == b"BAIDUID=1:FG=1; B=2"


@pytest.mark.parametrize("name", ENGINES)
def test_every_question_is_a_source_s_own_and_holds_no_key_in_its_address(spider, name):
    made = spider(query="ford & mustang", engine=name)
    [request] = started(made)
    if ENGINES[name].opening:
        request = request.cb_kwargs["first"]
    assert request.meta["carsets_source"] is True
    assert request.meta["download_maxsize"] <= 5 * 1024 * 1024
    assert "0123456789-FLICKR" not in request.url
    assert "0123456789-GOOGLE_API" not in request.url
    asked = parse_qs(urlsplit(request.url).query) | parse_qs(request.body.decode())
    assert ["ford & mustang"] in asked.values()


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("flickr", "safe_search", "1"),
        ("openverse", "mature", "false"),
        ("bing", "adlt", "strict"),
        ("google", "safe", "active"),
    ],
)
def test_safe_search_is_on_in_every_question(spider, name, field, value):
    [request] = started(spider(query="x", engine=name))
    asked = parse_qs(urlsplit(request.url).query) | parse_qs(request.body.decode())
    assert asked[field] == [value]


def test_the_family_filter_of_yandex_travels_as_a_cookie(spider):
    [request] = started(spider(query="x", engine="yandex"))
    assert b"family%3A2" in request.headers["Cookie"]


def test_the_region_reaches_the_question(spider):
    made = spider(query="x", engine="bing", region="de-de")
    [request] = started(made)
    assert parse_qs(urlsplit(request.url).query)["setlang"] == ["de"]
    page = '<span class="sb_count">Ungefähr 1.230 Ergebnisse</span>'
    [count] = answered(made, request, page)
    assert (count.total, count.language) == (1_230, "de")


# --- What an answer leads to ------------------------------------------------------------------


def test_an_answer_becomes_a_count_and_the_next_question(spider):
    made = spider(vehicles="Ford Mustang", engine="flickr")
    [first] = started(made)
    count, second = answered(made, first, flickr(57_702))
    assert isinstance(count, ResultCount)
    query = first.cb_kwargs["asked"].asked
    assert (count.total, count.raw, count.source) == (57_702, "57702", "flickr")
    assert (count.query, count.query_id, count.word) == (query.text, query.query_id, "car")
    assert count.labels == {"make": "Ford", "model": "Mustang"}
    assert datetime.now(UTC) - datetime.fromisoformat(count.counted_at) < timedelta(minutes=5)
    assert texts([second]) == ["Ford Mustang suv"]
    assert made.collected.kept == 1


def test_a_plan_is_walked_to_its_end(spider):
    made = spider(vehicles="Ford Ka", words="car,van", engine="flickr")
    [request] = started(made)
    *_, request = answered(made, request, flickr(1))
    [last] = answered(made, request, flickr(2))
    assert last.total == 2
    assert [answer.outcome for _, answer in made.said] == [QueryOutcome.RESULTS] * 2


def test_an_answer_without_a_total_is_written_and_is_not_zero(spider):
    made = spider(query="x", engine="bing")
    [request] = started(made)
    [count] = answered(made, request, '<li class="b_algo"></li>')
    assert (count.total, count.raw) == (None, "")
    assert (made.collected.kept, made.collected.without) == (0, 1)


def test_an_explicit_zero_is_a_total(spider):
    made = spider(query="x", engine="flickr")
    [request] = started(made)
    [count] = answered(made, request, flickr(0))
    assert count.total == 0
    assert made.said[0][1].outcome is QueryOutcome.NO_RESULTS


def test_a_block_ends_its_engine_and_records_nothing(spider, tmp_path):
    made = spider(vehicles="Ford Ka", engine="bing")
    [request] = started(made)
    page = '<div class="captcha" id="b_captcha"></div><span class="sb_count">9 results</span>'
    assert answered(made, request, page) == []
    assert made.said[0][1].outcome is QueryOutcome.CAPTCHA
    [saved] = (tmp_path / "pages").iterdir()
    assert "counts-bing-captcha" in saved.name
    assert saved.read_text() == page


def test_an_engine_that_cannot_be_read_is_asked_three_times_and_no_more(spider):
    made = spider(vehicles="Ford Ka,VW Golf", engine="flickr")
    [request] = started(made)
    for _ in range(2):
        [request] = answered(made, request, "{}")
    assert answered(made, request, "{}") == []
    assert [answer.outcome for _, answer in made.said] == [QueryOutcome.FORMAT_CHANGED] * 3


def test_a_good_answer_between_two_failures_starts_the_count_again(spider):
    made = spider(vehicles="Ford Ka,VW Golf", engine="flickr")
    [request] = started(made)
    for body in ("{}", "{}", flickr(1), "{}", "{}"):
        *_, request = answered(made, request, body)
    assert texts([request]) == ["VW Golf suv"]


# --- What was counted before ------------------------------------------------------------------


def counted(spider, query, days_ago, engine="flickr", total=5):
    at = (datetime.now(UTC) - timedelta(days=days_ago)).isoformat(timespec="seconds")
    row = CountRow(
        source=engine, query_id=query.query_id, text=query.text, total=total, counted_at=at
    )
    spider.state_of_crawl.catalog.write(Batch(counts=[row]))


def test_what_was_counted_lately_is_not_asked_again(spider):
    made = spider(vehicles="Ford Ka", engine="flickr,bing")
    car, suv, truck, _van = made.questions
    counted(made, car, 1)
    counted(made, suv, 29, total=None)
    counted(made, truck, 31)
    assert texts(started(made)) == ["Ford Ka truck", "Ford Ka car"]
    assert made.collected.before == 2


def test_max_age_decides_what_is_asked_again(spider):
    made = spider(vehicles="Ford Ka", words="car,van", engine="flickr", max_age="0")
    counted(made, next(iter(made.questions)), 1)
    assert texts(started(made)) == ["Ford Ka car"]


def test_when_all_was_counted_nothing_is_asked(spider):
    made = spider(query="x", engine="flickr")
    counted(made, next(iter(made.questions)), 1)
    assert started(made) == []
    assert made.collected.before == 1


# --- Wrong use --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"query": "x", "engine": "altavista"}, "no such engine; totals are told by flickr"),
        ({"query": "x", "max_age": "soon"}, "a whole number of days"),
        ({"query": "x", "region": "Mars"}, "expected country and language"),
        ({"query": "x", "limit": "5"}, "unknown argument limit"),
        ({}, "nothing to ask"),
    ],
)
def test_wrong_use_is_one_line(spider, arguments, words):
    with pytest.raises(UserError, match=words):
        spider(**arguments)


def test_a_named_engine_without_its_key_is_an_error(spider, monkeypatch):
    monkeypatch.delenv("GOOGLE_CX")
    with pytest.raises(UserError, match="google needs GOOGLE_CX"):
        spider(query="x", engine="google,bing")
    with pytest.raises(UserError, match="openverse needs CONTACT"):
        spider(contact="", query="x", engine="openverse")


def test_without_names_every_engine_is_asked_that_can_be(spider, monkeypatch):
    for key in KEYS:
        monkeypatch.delenv(key)
    made = spider(query="x")
    assert [engine.name for engine in made.engines] == ["openverse", "bing", "baidu", "yandex"]
