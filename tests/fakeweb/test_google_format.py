"""Google and Instagram on the built-in web, as a plain client sees them."""

import json
import re
import ssl
from urllib.request import Request, urlopen

import pytest

from carsets.fakeweb.instagram_posts import code_of, kind_of, number_of_code, posts_of, words_of

API = (
    "https://customsearch.googleapis.com/customsearch/v1?key=k&cx=c&q=ford+mustang&searchType=image"
)


def test_the_port_for_browsers_speaks_tls_and_knows_the_host(web):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    url = f"https://127.0.0.1:{web.tls_port}/search?q=ford+mustang&udm=2"
    with urlopen(Request(url, headers={"Host": "www.google.com"}), context=context) as answer:
        page = answer.read().decode()
    assert "data-docid" in page
    assert "www.google.com" in web.stats()["hosts"]


def test_googles_page_has_tiles_and_their_originals_with_the_height_first(ask):
    page = ask("https://www.google.com/search?q=ford+mustang&udm=2").text
    tiles = re.findall(r'data-docid="([^"]+)" data-lpage="([^"]+)"', page)
    lists = dict(re.findall(r'\[0,"([^"]+)",\["[^"]+",156,208\],\["[^"]+",(\d+),\d+\]', page))
    assert len(tiles) == len(lists) == 20
    assert {docid for docid, _ in tiles} == set(lists)
    more = ask("https://www.google.com/search?q=ford+mustang&udm=2&async=1&start=20").text
    assert len(re.findall("data-docid", more)) == 10


def test_googles_api_counts_in_texts_and_leaves_out_what_is_empty(ask):
    first = json.loads(ask(f"{API}&num=10&start=1").text)
    assert len(first["items"]) == 10
    assert first["searchInformation"]["totalResults"].isdecimal()
    assert first["queries"]["nextPage"][0]["startIndex"] == 11
    nothing = json.loads(ask(API.replace("ford+mustang", "qqxx")).text)
    assert "items" not in nothing
    assert nothing["searchInformation"]["totalResults"] == "0"
    for wrong, status in (("&start=95", 400), ("&num=11", 400)):
        assert ask(API + wrong).status == status
    assert ask(API.replace("key=k&", "")).status == 403


def test_a_hashtag_is_asked_for_by_number_and_next_tells_the_token(ask):
    graph = "https://graph.facebook.com/v25.0"
    who = "user_id=1&access_token=SECRET"
    found = json.loads(ask(f"{graph}/ig_hashtag_search?{who}&q=redfordmustang").text)
    [number] = [tag["id"] for tag in found["data"]]
    page = json.loads(ask(f"{graph}/{number}/top_media?{who}&limit=5").text)
    assert len(page["data"]) == 5
    assert "access_token=SECRET" in page["paging"]["next"]
    after = page["paging"]["cursors"]["after"]
    following = json.loads(ask(f"{graph}/{number}/top_media?{who}&limit=5&after={after}").text)
    assert {post["id"] for post in page["data"]}.isdisjoint(p["id"] for p in following["data"])
    answer = ask(f"{graph}/ig_hashtag_search?user_id=1&q=x")
    assert (answer.status, json.loads(answer.text)["error"]["code"]) == (400, 104)
    assert "call_count" in answer.headers["x-app-usage"]


def test_the_site_wants_a_session_but_shows_single_posts(ask):
    answer = ask("https://www.instagram.com/explore/tags/fordmustang/")
    assert answer.status == 302
    assert "/accounts/login/" in answer.headers["location"]
    number = next(n for n in posts_of("fordmustang", 60) if kind_of(n) == "image")
    page = ask(f"https://www.instagram.com/p/{code_of(number)}/").text
    assert "image_versions2" in page
    cookie = {"Cookie": "sessionid=1"}
    url = "https://www.instagram.com/api/v1/fbsearch/web/top_serp/?query=%23fordmustang"
    grid = json.loads(ask(url, headers=cookie).text)["media_grid"]
    assert len(grid["sections"][0]["layout_content"]["medias"]) == 12
    assert grid["has_more"] is True


@pytest.mark.parametrize(
    ("tag", "words"), [("redfordmustang", "red Ford Mustang"), ("mercedesbenzsprinter", None)]
)
def test_hashtags_are_understood_as_words(tag, words):
    assert words_of(tag) == (words or "Mercedes-Benz Sprinter")


def test_codes_of_posts_lead_back():
    assert [number_of_code(code_of(number)) for number in (0, 5, 10**9)] == [0, 5, 10**9]
    assert number_of_code("!!") is None
