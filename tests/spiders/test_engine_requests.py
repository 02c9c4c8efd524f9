"""What the search engines are asked: safe search, filters, cookies, pace."""

import asyncio
import logging
from importlib import import_module
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from scrapy.http import TextResponse
from scrapy.utils.spider import iter_spider_classes
from scrapy.utils.test import get_crawler

from carsets import settings
from carsets.problems import UserError
from carsets.queries import Query
from carsets.sources.search_filters import FILTERS, SearchFilters
from carsets.spiders import baidu, brave, duckduckgo, ecosia, yandex

ENGINES = ("baidu", "bing", "brave", "duckduckgo", "ecosia", "openverse", "yandex")
KEY = "BSAkeykeykeykey12345"
FIVE_MEGABYTES = 5 * 1024 * 1024


@pytest.fixture(autouse=True)
def without_keys(monkeypatch):
    monkeypatch.delenv("BRAVE_API_KEY", raising=False)


def build(source, tmp_path, changed=None, **arguments):
    [spider] = iter_spider_classes(import_module(f"carsets.spiders.{source}"))
    given = {"DATA_DIR": str(tmp_path), "QUERIES_AT_ONCE": 1, "CONTACT": "me@example.org"}
    given |= {"IMAGES_IN_FLIGHT": 1, "IMAGES_IN_FLIGHT_BYTES": 1}
    given |= {"SAFE_SEARCH_OFF_ALLOWED": source == "baidu", **(changed or {})}
    crawler = get_crawler(spider, given)
    return crawler.spidercls.from_crawler(crawler, query="ford mustang", **arguments)


def ready(spider):
    """Let a spider have what it would ask for first."""
    spider.tokens = {"red & fast": "4-111122223333444455556666777788889999000"}
    spider.cookies = "BAIDUID=1"
    return spider


def asked(request):
    """Return the parameters and the cookies of a request."""
    cookies = request.headers.get("Cookie", b"").decode()
    pairs = (pair.partition("=") for pair in cookies.split("; ") if pair)
    return dict(parse_qsl(urlsplit(request.url).query, keep_blank_values=True)), {
        name: value for name, _, value in pairs
    }


# --- Safe search (W18, T26) -------------------------------------------------------------------

SAFE = {  # where each engine is told, and the words for strict, moderate and off
    "bing": ("adlt", ("strict", "moderate", "off")),
    "brave": ("cookie safesearch", ("strict", "moderate", "off")),
    "duckduckgo": ("p", ("1", "1", "-1")),
    "ecosia": ("cookie ECFG", ("f=y", "f=i", "f=n")),
    "openverse": ("mature", ("false", "false", "true")),
    "yandex": ("cookie yp", tuple(f"2147483647.sp.family%3A{n}" for n in "210")),
}


@pytest.mark.parametrize("source", SAFE)
def test_safe_search_is_strict_in_every_request_unless_told_otherwise(source, tmp_path):
    name, words = SAFE[source]
    cases = [({}, words[0]), ({"size": "large", "region": "de-de"}, words[0])]
    cases += [({"safe": "strict"}, words[0]), ({"safe": "moderate"}, words[1])]
    for arguments, word in cases:
        spider = ready(build(source, tmp_path, **arguments))
        for page, cursor in ((1, None), (2, "i.js?s=100&p=-1&q=other" if source[0] == "d" else 2)):
            request = spider.page_request(Query(text="red & fast"), page, cursor)
            parameters, cookies = asked(request)
            told = cookies[name.split()[1]] if name.startswith("cookie") else parameters[name]
            assert told == word
            assert request.meta["download_maxsize"] == FIVE_MEGABYTES
            assert "red & fast" in parameters.values()


@pytest.mark.parametrize("source", SAFE)
def test_safe_search_goes_off_only_with_the_setting(source, tmp_path):
    with pytest.raises(UserError, match=f"{source}: safe=off.*SAFE_SEARCH_OFF_ALLOWED"):
        build(source, tmp_path, safe="off")
    spider = ready(build(source, tmp_path, {"SAFE_SEARCH_OFF_ALLOWED": True}, safe="off"))
    parameters, cookies = asked(spider.page_request(Query(text="x"), 1, None))
    name, words = SAFE[source]
    if source == "duckduckgo":
        spider.tokens["x"] = "4-1"
        parameters, cookies = asked(spider.page_request(Query(text="x"), 1, None))
        assert cookies == {"p": "-2"}
    told = cookies[name.split()[1]] if name.startswith("cookie") else parameters[name]
    assert told == words[2]


def test_the_cookie_of_duckduckgo_says_the_same_for_the_token(tmp_path):
    request = build("duckduckgo", tmp_path).page_request(Query(text="x"), 1, None)
    assert request.url == "https://duckduckgo.com/?q=x&iax=images&ia=images"
    assert asked(request)[1] == {"p": "1"}


def test_an_engine_without_safe_search_is_asked_only_with_the_setting(tmp_path, caplog):
    with pytest.raises(UserError, match=r"baidu: it has no safe search.*SAFE_SEARCH_OFF_ALLOWED"):
        build("baidu", tmp_path, {"SAFE_SEARCH_OFF_ALLOWED": False})
    build("baidu", tmp_path, {"SAFE_SEARCH_OFF_ALLOWED": True})
    assert "baidu has no filter for safe=strict" in caplog.text


# --- Filters ----------------------------------------------------------------------------------

TABLES = {
    "baidu": (baidu.FILTER_WORDS, lambda filters: baidu.search_url("x", 0, filters)),
    "ecosia": (ecosia.FILTER_WORDS, lambda filters: ecosia.search_url("x", 0, filters)),
    "yandex": (yandex.FILTER_WORDS, lambda filters: yandex.search_url("x", 0, filters)),
}
EXACT = {
    ("baidu", "size", "small"): {"z": "1"},
    ("baidu", "size", "medium"): {"z": "2"},
    ("baidu", "size", "large"): {"z": "3"},
    ("baidu", "size", "huge"): {"z": "9"},
    ("baidu", "color", "red"): {"ic": "1"},
    ("baidu", "color", "yellow"): {"ic": "2"},
    ("baidu", "color", "green"): {"ic": "4"},
    ("baidu", "color", "teal"): {"ic": "8"},
    ("baidu", "color", "brown"): {"ic": "12"},
    ("baidu", "color", "blue"): {"ic": "16"},
    ("baidu", "color", "purple"): {"ic": "32"},
    ("baidu", "color", "pink"): {"ic": "64"},
    ("baidu", "color", "orange"): {"ic": "256"},
    ("baidu", "color", "black"): {"ic": "512"},
    ("baidu", "color", "white"): {"ic": "1024"},
    ("baidu", "color", "monochrome"): {"ic": "2048"},
    ("baidu", "type", "face"): {"face": "1"},
    ("baidu", "type", "clipart"): {"st": "1"},
    ("baidu", "type", "line"): {"st": "2"},
    ("baidu", "type", "animated"): {"lm": "6"},
    ("ecosia", "type", "photo"): {"imageType": "photo"},
    ("ecosia", "type", "clipart"): {"imageType": "clipart"},
    ("ecosia", "type", "line"): {"imageType": "line"},
    ("ecosia", "type", "transparent"): {"imageType": "transparent"},
    ("ecosia", "type", "animated"): {"imageType": "animatedgif"},
    ("yandex", "size", "small"): {"isize": "small"},
    ("yandex", "size", "medium"): {"isize": "medium"},
    ("yandex", "size", "large"): {"isize": "large"},
    ("yandex", "size", "huge"): {"isize": "wallpaper"},
    ("yandex", "aspect", "square"): {"iorient": "square"},
    ("yandex", "aspect", "wide"): {"iorient": "horizontal"},
    ("yandex", "aspect", "tall"): {"iorient": "vertical"},
    ("yandex", "color", "teal"): {"icolor": "cyan"},
    ("yandex", "color", "purple"): {"icolor": "violet"},
    ("yandex", "color", "monochrome"): {"icolor": "gray"},
    **{
        ("yandex", "color", word): {"icolor": word}
        for word in ("color", "red", "orange", "yellow", "green", "blue", "white", "black")
    },
    ("yandex", "type", "photo"): {"type": "photo"},
    ("yandex", "type", "clipart"): {"type": "clipart"},
    ("yandex", "type", "face"): {"type": "face"},
    ("yandex", "type", "line"): {"type": "lineart"},
    ("yandex", "type", "animated"): {"itype": "gifan"},
    ("yandex", "date", "week"): {"recent": "7D"},
}


@pytest.mark.parametrize(("source", "name", "word"), EXACT, ids=str)
def test_a_filter_is_asked_in_the_words_of_the_engine(source, name, word):
    _, url = TABLES[source]
    plain = dict(parse_qsl(urlsplit(url(SearchFilters())).query))
    filtered = dict(parse_qsl(urlsplit(url(SearchFilters(**{name: word}))).query))
    assert filtered == plain | EXACT[source, name, word]


def test_no_filter_of_these_engines_is_left_out_of_the_table_above():
    known = {
        (source, name, word)
        for source, (words, _) in TABLES.items()
        for name in words
        if name != "safe"
        for word in words[name]
    }
    assert known == EXACT.keys()


SLOTS = {
    "date": (0, {"day": "Day", "week": "Week", "month": "Month", "year": "Year"}, "time"),
    "size": (
        1,
        {"small": "Small", "medium": "Medium", "large": "Large", "huge": "Wallpaper"},
        "size",
    ),
    "color": (
        2,
        {
            **{w: w.title() for w in FILTERS["color"] if w != "color"},
            "color": "color",
        },
        "color",
    ),
    "type": (
        3,
        {
            "photo": "photo",
            "clipart": "clipart",
            "line": "line",
            "animated": "gif",
            "transparent": "transparent",
        },
        "type",
    ),
    "aspect": (4, {"square": "Square", "wide": "Wide", "tall": "Tall"}, "layout"),
    "license": (
        5,
        {
            "any-cc": "Any",
            "public-domain": "Public",
            "share": "Share",
            "commercial": "ShareCommercially",
            "modify": "Modify",
            "modify-commercial": "ModifyCommercially",
        },
        "license",
    ),
}


@pytest.mark.parametrize("name", SLOTS)
def test_duckduckgo_has_a_place_for_each_filter(name):
    place, words, called = SLOTS[name]
    assert duckduckgo.FILTER_WORDS[name].keys() == words.keys()
    for word, theirs in words.items():
        url = duckduckgo.search_url("x", "4-1", "", SearchFilters(**{name: word}))
        slots = ["", "", "", "", "", ""]
        slots[place] = f"{called}:{theirs}"
        assert f"&f={','.join(slots)}&" in url


def test_several_filters_stand_side_by_side():
    filters = SearchFilters(color="red", license="share", size="large")
    assert "&f=,size:Large,color:Red,,,license:Share&" in duckduckgo.search_url(
        "x", "4-1", "", filters
    )
    parameters = parse_qs(urlsplit(yandex.search_url("x", 0, filters)).query)
    assert (parameters["icolor"], parameters["isize"]) == (["red"], ["large"])
    parameters = parse_qs(urlsplit(baidu.search_url("x", 0, filters)).query)
    assert (parameters["ic"], parameters["z"]) == (["1"], ["3"])


MISSING = {
    "baidu": ["aspect=wide", "date=day", "license=share", "region=de-de", "safe=strict"],
    "bing": [],
    "brave": ["size=huge", "color=red", "type=photo", "aspect=wide", "date=day", "license=share"],
    "duckduckgo": [],
    "ecosia": [
        *("size=huge", "color=red", "aspect=wide", "date=day", "license=share", "region=de-de"),
    ],
    "openverse": ["size=huge", "color=red", "date=day", "region=de-de"],
    "yandex": ["date=day", "license=share", "region=de-de"],
}


@pytest.mark.parametrize("source", ENGINES)
def test_what_an_engine_cannot_filter_is_said_in_one_line(source, tmp_path, caplog):
    wanted = {"size": "huge", "color": "red", "type": "photo", "aspect": "wide"}
    wanted |= {"date": "day", "license": "share", "region": "de-de"}
    if source == "baidu":
        wanted["type"] = "line"  # it has one for that, and none for photos
    with caplog.at_level(logging.WARNING):
        build(source, tmp_path, **wanted)
    said = [record.getMessage() for record in caplog.records if "no filter" in record.getMessage()]
    if not MISSING[source]:
        assert not said
        return
    [line] = said
    assert line.startswith(f"{source} has no filter for ")
    named = line.removeprefix(f"{source} has no filter for ").partition(":")[0].split(", ")
    assert sorted(named) == sorted(MISSING[source])


@pytest.mark.parametrize("source", ENGINES)
def test_a_wrong_filter_is_one_line_that_names_the_engine(source, tmp_path):
    with pytest.raises(UserError) as caught:
        build(source, tmp_path, size="gigantic")
    assert str(caught.value) == (
        f"{source}: unknown size 'gigantic'; it is one of small, medium, large, huge"
    )


def test_a_region_is_asked_where_there_are_regions(tmp_path):
    query = Query(text="red & fast")
    for arguments, changed, words in (
        ({"region": "de-fr"}, {}, ("de", "fr")),
        ({}, {"SEARCH_REGION": "jp-ja"}, ("jp", "ja")),
        ({}, {}, ("us", "en")),
    ):
        country, language = words
        spiders = {
            source: ready(build(source, tmp_path, changed, **arguments))
            for source in ("bing", "brave", "duckduckgo")
        }
        requests = {name: asked(s.page_request(query, 1, None)) for name, s in spiders.items()}
        assert requests["bing"][0]["cc"] == country
        assert requests["bing"][0]["setlang"] == language
        assert requests["brave"][1]["country"] == country
        assert requests["brave"][1]["ui_lang"] == f"{language}-{country}"
        assert requests["duckduckgo"][0]["l"] == f"{country}-{language}"


def test_a_license_filter_is_noted_and_is_no_license():
    record = {"image": "https://a.test/1.jpg", "url": "https://a.test/"}
    image = duckduckgo.read_record(record, SearchFilters(license="public-domain"))
    assert image.extra == {"license_filter": "duckduckgo:public-domain"}
    assert (image.license.code, image.license.evidence) == ("unknown", 0)


# --- The rest of the requests -----------------------------------------------------------------


def test_the_key_of_brave_travels_in_a_header_and_nowhere_else(tmp_path, monkeypatch):
    monkeypatch.setenv("BRAVE_API_KEY", KEY)
    request = build("brave", tmp_path, region="de-de").page_request(
        Query(text="red & fast"), 1, None
    )
    assert request.headers[b"X-Subscription-Token"] == KEY.encode()
    assert KEY not in request.url
    assert dict(parse_qsl(urlsplit(request.url).query)) == {
        "q": "red & fast",
        "country": "DE",
        "search_lang": "de",
        "count": "200",
        "safesearch": "strict",
        "spellcheck": "false",
    }
    page = build("brave", tmp_path, mode="page").page_request(Query(text="x"), 1, None)
    assert page.url == "https://search.brave.com/images?q=x&source=web"
    assert KEY not in str(page.headers)


def test_the_api_of_brave_knows_no_moderate_safe_search(tmp_path, monkeypatch, caplog):
    monkeypatch.setenv("BRAVE_API_KEY", KEY)
    request = build("brave", tmp_path, safe="moderate").page_request(Query(text="x"), 1, None)
    assert "safesearch=strict" in request.url
    assert "brave has no filter for safe=moderate" in caplog.text


def test_brave_says_what_is_wrong_with_its_mode_in_one_line(tmp_path):
    with pytest.raises(UserError, match=r"brave: the API needs a key.*BRAVE_API_KEY"):
        build("brave", tmp_path, mode="api")
    with pytest.raises(UserError, match="brave: unknown mode 'fast'; it is api or page"):
        build("brave", tmp_path, mode="fast")


def test_a_question_keeps_to_what_brave_and_duckduckgo_take():
    assert len(dict(parse_qsl(urlsplit(brave.api_url("ab " * 300)).query))["q"].split()) == 50
    assert len(dict(parse_qsl(urlsplit(brave.api_url("a" * 900)).query))["q"]) == 400
    assert len(dict(parse_qsl(urlsplit(duckduckgo.token_url("ä" * 900)).query))["q"]) == 499


@pytest.mark.parametrize(
    "following",
    [
        "i.js?q=evil&o=xml&p=-1&s=200&u=bing&f=,,,,,license:Any&l=de-de&vqd=3-1",
        "https://elsewhere.example/i.js?q=evil&p=-2&s=200&u=bing",
    ],
)
def test_the_next_page_keeps_our_question_whatever_the_answer_names(following):
    url = urlsplit(duckduckgo.search_url("ford", "4-7", following, SearchFilters(region="us-en")))
    assert (url.netloc, url.path) == ("duckduckgo.com", "/i.js")
    parameters = dict(parse_qsl(url.query, keep_blank_values=True))
    fixed = {"q": "ford", "o": "json", "p": "1", "f": ",,,,,", "l": "us-en", "vqd": "4-7"}
    assert parameters == fixed | {"s": "200", "u": "bing"}


def test_baidu_is_asked_with_its_own_cookies_although_cookies_are_off(tmp_path):
    spider = build("baidu", tmp_path)
    home = spider.page_request(Query(text="x"), 1, None)
    assert home.url == "https://image.baidu.com/"
    assert b"Cookie" not in home.headers
    spider.cookies = baidu.read_cookies(
        [
            "BAIDUID=0123:FG=1; Path=/; Domain=baidu.com; HttpOnly",
            "BIDUPSID=77; expires=Thu, 31-Dec-37 23:55:55 GMT",
            "odd header",
            "x" * 9000,
        ]
    )
    request = spider.page_request(Query(text="x"), 3, 60)
    assert request.headers[b"Cookie"] == b"BAIDUID=0123:FG=1; BIDUPSID=77"
    assert request.headers[b"Referer"] == b"https://image.baidu.com/"
    parameters = asked(request)[0]
    assert (parameters["pn"], parameters["rn"], parameters["word"]) == ("60", "30", "x")


def test_no_engine_is_asked_again_at_429_but_the_api_that_says_when(tmp_path):
    for source in ENGINES:
        request = build(source, tmp_path)._request(Query(text="x"), 1, None, 0)
        assert (429 in request.meta["no_retry_at"]) is (source != "openverse")


@pytest.mark.parametrize("source", ["baidu", "brave", "duckduckgo", "ecosia", "yandex"])
def test_the_pace_that_is_planned_is_the_pace_that_is_kept(source, tmp_path):
    spider = build(source, tmp_path)
    host = urlsplit(spider.page_request(Query(text="vw"), 1, None).url).hostname
    slot = settings.DOWNLOAD_SLOTS[host]
    assert slot["concurrency"] == 1
    assert 60 / slot["delay"] == pytest.approx(spider.requests_per_minute, rel=0.02)
    assert settings.DOWNLOAD_SLOTS["api.search.brave.com"]["delay"] >= 1


def test_pages_are_counted_from_where_the_query_stands(tmp_path):
    for source, name in (("ecosia", "p"), ("yandex", "p"), ("baidu", "pn")):
        spider = ready(build(source, tmp_path))
        at = [
            asked(spider.page_request(Query(text="x"), page, cursor))[0].get(name, "0")
            for page, cursor in ((1, None), (2, 1), (3, None), (9, 7))
        ]
        assert at == (["0", "1", "60", "7"] if source == "baidu" else ["0", "1", "2", "7"])


async def results_of(spider, response, query):
    return [result async for result in spider.parse_page(response, query, 4, 90)]


def test_a_token_leads_to_the_page_that_was_wanted(tmp_path):

    spider = build("duckduckgo", tmp_path)
    query = Query(text="red & fast")
    request = spider._request(query, 4, "i.js?s=300&u=bing", 90)
    page = TextResponse(
        request.url, body=b'<script>vqd="4-12345678";</script>', encoding="utf-8", request=request
    )
    [following] = asyncio.run(results_of(spider, page, query))
    parameters = asked(following)[0]
    assert (parameters["vqd"], parameters["s"], parameters["q"]) == (
        "4-12345678",
        "300",
        "red & fast",
    )
    assert following.cb_kwargs == {"query": query, "page": 4, "taken": 90}
