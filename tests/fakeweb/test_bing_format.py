"""The built-in Bing answers in the markup of the real one."""

import json
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest
from parsel import Selector

from carsets.fakeweb import corpus
from carsets.fakeweb.facts import facts


def page(ask, words, first=1, path="async"):
    url = f"https://www.bing.com/images/{path}?q={quote_plus(words)}&first={first}&count=35"
    answer = ask(url)
    assert answer.status == 200
    return Selector(answer.text)


def real_tiles(selector):
    """Return the tiles with a page behind them, and those that lead to other searches."""
    tiles = [(json.loads(tile.attrib["m"]), tile) for tile in selector.css("a.iusc")]
    return [t for t in tiles if t[0]["purl"]], [t for t in tiles if not t[0]["purl"]]


@pytest.fixture(scope="module")
def recorded(shared):
    text = (shared / "captures/bing/retrieval-go_bing_images.html").read_text()
    return Selector(text)


@pytest.mark.parametrize("path", ["async", "search"])
def test_a_tile_has_all_that_a_real_tile_has(ask, recorded, path):
    ours, our_clusters = real_tiles(page(ask, "red ford", path=path))
    theirs, their_clusters = real_tiles(recorded)
    assert len(ours) == len(theirs) == 35
    assert our_clusters
    assert set(ours[0][0]) == set(theirs[0][0])
    assert set(our_clusters[0][0]) == set(their_clusters[0][0])
    for (ours_m, our_tile), (_, their_tile) in zip(ours, theirs, strict=False):
        assert set(our_tile.attrib) >= {"class", "m", "href"}
        assert set(our_tile.attrib) <= set(their_tile.attrib)
        asked = parse_qs(urlsplit(our_tile.attrib["href"]).query)
        real = set(parse_qs(urlsplit(their_tile.attrib["href"]).query))
        assert set(asked) ^ real <= {"cdnurl"}  # some real tiles have none
        assert asked["mediaurl"] == [ours_m["murl"]]
        assert len(ours_m["md5"]) == 32
        assert len(ours_m["mid"]) == 40


def test_some_tiles_have_no_copy_on_the_engine_itself(ask, recorded):
    for selector in (page(ask, "red ford"), recorded):
        links = [tile.attrib["href"] for _, tile in real_tiles(selector)[0]]
        assert 0 < sum("cdnurl=" in link for link in links) < len(links)


def test_the_markup_around_a_tile_is_that_of_the_real_page(ask, recorded):
    for selector in (page(ask, "red ford"), recorded):
        control = selector.css("div.dgControl[id^=mmComponent_images_]")[0]
        [following] = control.xpath("@*[contains(name(), 'nexturl')]").getall()
        assert "first=36" in following
        item = control.css("li[data-idx]")[0]
        assert item.css("div.iuscp div.imgpt a.iusc img.mimg::attr(src)").get()
        assert "×" in item.css("div.img_info span.nowrap::text").get()
        assert item.css("div.lnkw a::attr(title)").get()
        assert item.css("div.infopt")


def test_pages_follow_each_other_to_an_end_with_an_empty_address(ask):
    words, first, seen, pages = "yellow car", 1, [], 0
    while True:
        selector = page(ask, words, first)
        seen += [meta["murl"] for meta, _ in real_tiles(selector)[0]]
        pages += 1
        following = selector.xpath("//div/@*[contains(name(), 'nexturl')]").get()
        if not following:
            break
        first = int(parse_qs(urlsplit(following).query)["first"][0])
    assert (pages, len(seen)) == (10, 350)
    about = [facts(corpus.truth(url).number) for url in seen]
    assert all(image.asked_color == "yellow" for image in about[:140])
    assert sum(image.asked_color != "yellow" for image in about[140:]) > 150
    again = [meta["murl"] for meta, _ in real_tiles(page(ask, words, 351))[0]]
    assert again == seen[-35:]


def test_no_results_captcha_and_a_changed_page_look_like_themselves(ask, web):
    assert "There are no results for" in page(ask, "qwertyuiop").get()
    assert not page(ask, "qwertyuiop").css("a.iusc")
    web.mode("www.bing.com", "captcha", times=1)
    assert page(ask, "red ford").css("#b_captcha, div.captcha")
    web.mode("www.bing.com", "changed", times=1)
    changed = page(ask, "red ford")
    assert not changed.css("a.iusc")
    assert len(changed.css("img.mimg")) == 35
    assert len(page(ask, "red ford").css("a.iusc")) > 35


def test_hostile_words_do_not_break_the_markup(ask):
    titles = []
    for first in range(1, 351, 35):
        for meta, _ in real_tiles(page(ask, "car", first))[0]:
            titles.append(meta["t"])
    assert any("<script>" in title for title in titles) or any("onerror" in t for t in titles)
    assert not any(page(ask, "car", first).css("script") for first in (1, 36, 71))
