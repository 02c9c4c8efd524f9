"""Instagram's spider: its four modes, what each needs, and what it never tells."""

import asyncio
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from scrapy.crawler import Crawler
from scrapy.http import TextResponse
from scrapy.settings import Settings
from scrapy.utils.spider import iter_spider_classes

from carsets.net.browser import PAGE
from carsets.net.secret_parameters import wire_url
from carsets.outcomes import QueryOutcome
from carsets.problems import UserError
from carsets.queries import Query
from carsets.sources.instagram_answers import usage
from carsets.spiders import instagram
from carsets.spiders.instagram import address_of_post, hashtag_of

TOKEN = "INSTATOKEN12345"


def build(tmp_path, mode="", **arguments):
    settings = Settings(
        {
            "DATA_DIR": str(tmp_path / "data"),
            "QUERIES_AT_ONCE": 1,
            "IMAGES_IN_FLIGHT": 1,
            "IMAGES_IN_FLIGHT_BYTES": 1,
        }
    )
    [spider] = iter_spider_classes(instagram)
    if mode in {"", "graph", "playwright"}:
        arguments.setdefault("query", "red Ford Mustang")
    return spider.from_crawler(Crawler(spider, settings), mode=mode, **arguments)


@pytest.fixture(autouse=True)
def token(monkeypatch):
    monkeypatch.setenv("INSTAGRAM_TOKEN", TOKEN)
    monkeypatch.setenv("INSTAGRAM_USER_ID", "17841405309211844")


def answer(spider, request, body, status=200):
    text = body if isinstance(body, str) else json.dumps(body)
    return TextResponse(request.url, status=status, body=text.encode(), request=request)


# --- The Graph API ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("red Ford Mustang", "redfordmustang"),
        ("Škoda Octavia, 1998", "škodaoctavia1998"),
        ("#Mercedes-Benz", "mercedesbenz"),
        ("日産 スカイライン", "日産スカイライン"),
    ],
)
def test_words_become_a_hashtag(text, tag):
    assert hashtag_of(text) == tag


@pytest.mark.parametrize("name", ["INSTAGRAM_TOKEN", "INSTAGRAM_USER_ID"])
def test_without_token_or_account_it_says_in_one_line_what_to_do(monkeypatch, tmp_path, name):
    monkeypatch.delenv(name)
    with pytest.raises(UserError, match="INSTAGRAM_TOKEN and INSTAGRAM_USER_ID") as caught:
        build(tmp_path)
    assert "\n" not in str(caught.value)


def test_first_the_number_of_the_hashtag_then_its_posts_from_where_they_ended(tmp_path):
    spider, query = build(tmp_path), Query(text="red Ford Mustang")
    first = spider.page_request(query, 1, None)
    assert urlsplit(first.url).path == "/v25.0/ig_hashtag_search"
    assert parse_qs(urlsplit(first.url).query)["q"] == ["redfordmustang"]
    read = spider.read_page(answer(spider, first, {"data": [{"id": "178"}]}))
    assert (read.outcome, read.next, read.images) == (QueryOutcome.RESULTS, "178,", [])
    second = spider.page_request(query, 2, read.next)
    assert urlsplit(second.url).path == "/v25.0/178/top_media"
    assert "after" not in parse_qs(urlsplit(second.url).query)
    record = {"id": "1", "media_type": "IMAGE", "media_url": "https://a.test/a.jpg"}
    after = "QVFI,U="
    following = f"https://graph.facebook.com/x?access_token={TOKEN}&after=Q"
    paging = {"cursors": {"after": after}, "next": following}
    read = spider.read_page(answer(spider, second, {"data": [record], "paging": paging}))
    third = spider.page_request(query, 3, read.next)
    assert parse_qs(urlsplit(third.url).query)["after"] == [after]
    for request in (first, second, third):
        assert TOKEN not in request.url
        assert wire_url(request) == f"{request.url}&access_token={TOKEN}"


def test_thirty_hashtags_in_seven_days_and_the_next_one_says_when(tmp_path):
    spider = build(tmp_path)
    for number in range(30):
        request = spider.page_request(Query(text=f"tag {number}"), 1, None)
        assert "graph.facebook.com" in request.url
    request = spider.page_request(Query(text="one more"), 1, None)
    assert request.url == "data:,0"  # nothing is sent
    read = spider.read_page(answer(spider, request, ""))
    assert read.outcome is QueryOutcome.QUOTA
    assert read.note.startswith("30 hashtags in 7 days: the next one from ")
    again = build(tmp_path).page_request(Query(text="tag 3"), 1, None)  # a later run
    assert "graph.facebook.com" in again.url


def test_an_answer_that_repeats_the_token_is_saved_without_it(tmp_path):
    spider = build(tmp_path)
    request = spider.page_request(Query(text="x"), 2, "178,")
    body = {"strange": f"https://graph.facebook.com/?access_token={TOKEN}"}

    async def read():
        await spider._open.acquire()
        response = answer(spider, request, body)
        return [item async for item in spider.parse_page(response, Query(text="x"), 2, 0)]

    from scrapy.statscollectors import MemoryStatsCollector

    spider.crawler.stats = MemoryStatsCollector(spider.crawler)
    assert asyncio.run(read()) == []
    [page] = (tmp_path / "data" / "pages").iterdir()
    assert TOKEN not in page.read_text()
    assert "[redacted]" in page.read_text()


@pytest.mark.parametrize(
    ("headers", "percent"),
    [
        ({}, 0),
        ({"x-app-usage": '{"call_count": 28, "total_time": 91, "total_cputime": 5}'}, 91),
        ({"x-business-use-case-usage": '{"1": [{"type": "x", "call_count": 95}]}'}, 95),
        ({"x-app-usage": "no json"}, 0),
        ({"x-app-usage": '{"call_count": "many"}'}, 0),
    ],
)
def test_the_allowance_is_read_from_the_headers(headers, percent):
    assert usage(headers) == percent


def test_the_order_of_posts_can_be_chosen(tmp_path):
    request = build(tmp_path, sort="recent").page_request(Query(text="x"), 2, "178,")
    assert "/178/recent_media" in request.url
    with pytest.raises(UserError, match="sort=old"):
        build(tmp_path, sort="old")


# --- The other modes --------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["page", "playwright", "files"])
def test_other_modes_are_off_until_the_user_answers_for_them(tmp_path, mode):
    for terms in ({}, {"accept_terms": "no"}):
        with pytest.raises(UserError, match="accept_terms=yes"):
            build(tmp_path, mode, **terms)


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("CyZabcdefgh", "https://www.instagram.com/p/CyZabcdefgh/"),
        (
            "https://www.instagram.com/p/CyZabcdefgh/?img_index=2",
            "https://www.instagram.com/p/CyZabcdefgh/",
        ),
        ("instagram.com/somebody/p/CyZabcdefgh", "https://www.instagram.com/p/CyZabcdefgh/"),
        ("https://www.instagram.com/some.body/", "https://www.instagram.com/some.body/"),
        ("https://evil.test/p/CyZabcdefgh/", ""),
        ("http://169.254.169.254/", ""),
        ("https://www.instagram.com/accounts/login/", ""),
        ("https://[broken", ""),
        ("", ""),
    ],
)
def test_only_posts_and_profiles_of_instagram_are_asked_for(given, address):
    assert address_of_post(given) == address


def test_posts_come_from_the_line_or_from_a_file(tmp_path):
    listed = tmp_path / "posts.txt"
    listed.write_text("CyZabcdefgh\nhttps://www.instagram.com/p/CyZabcdefgi/\n")
    spider = build(tmp_path, "page", accept_terms="yes", posts=str(listed))
    assert [query.text[-12:-1] for query in spider.plan] == ["CyZabcdefgh", "CyZabcdefgi"]
    spider = build(tmp_path, "page", accept_terms="yes", posts="CyZabcdefgh", limit="3")
    assert (len(spider.plan), spider.plan.limit, spider.plan.per_query) == (1, 3, 0)
    request = spider.page_request(next(iter(spider.plan)), 1, None)
    assert request.headers["Sec-Fetch-Mode"] == b"navigate"
    assert b"User-Agent" not in request.headers  # ours: nobody is told that this is a browser
    for wrong in ("", "https://evil.test/p/CyZabcdefgh/", "a b"):
        with pytest.raises(UserError, match="instagram: "):
            build(tmp_path, "page", accept_terms="yes", posts=wrong)


def test_the_browser_gets_the_users_session_and_instagrams_hosts_alone(tmp_path):
    state = tmp_path / "state.json"
    state.write_text(json.dumps({"cookies": [{"name": "sessionid", "value": "VALUE12345"}]}))
    spider = build(tmp_path, "playwright", accept_terms="yes", storage_state=str(state))
    hosts = spider.settings.getlist("BROWSER_HOSTS")
    assert hosts == ["www.instagram.com", "static.cdninstagram.com"]
    request = spider.page_request(Query(text="Ford Mustang"), 1, None)
    assert request.url == "https://www.instagram.com/explore/tags/fordmustang/"
    assert PAGE in request.meta
    with pytest.raises(UserError, match="storage_state"):
        build(tmp_path, "playwright", accept_terms="yes")


def test_files_are_read_and_pictures_beside_them_are_taken_from_the_disk(tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    node = {"id": "5", "shortcode": "CyZabcdefgk", "display_url": "https://cdn.test/1.jpg"}
    (folder / "one.json").write_text(json.dumps({"node": node}))
    (folder / "one.jpg").write_bytes(b"picture")
    (folder / "two.json").write_text(json.dumps({"node": node}))
    (folder / "three.json").write_text("no json")
    spider = build(tmp_path, "files", accept_terms="yes", path=str(folder))
    found = {}
    for query in spider.plan:
        request = spider.page_request(query, 1, None)
        assert request.url == "data:,0"
        found[query.text] = spider.read_page(answer(spider, request, ""))
    assert found["three.json"].outcome is QueryOutcome.FORMAT_CHANGED
    [beside], [away] = found["one.json"].images, found["two.json"].images
    assert spider.car_image(beside, query, 1, 1).local_path == str(folder / "one.jpg")
    assert spider.car_image(away, query, 1, 1).local_path == ""
    with pytest.raises(UserError, match="-a path="):
        build(tmp_path, "files", accept_terms="yes", path=str(tmp_path / "nowhere"))


def test_an_unknown_mode_is_an_error(tmp_path):
    with pytest.raises(UserError, match="unknown mode 'api'"):
        build(tmp_path, "api")
