"""Google's spider: its two modes, and what each needs."""

from types import SimpleNamespace

import pytest
from scrapy.crawler import Crawler
from scrapy.settings import Settings
from scrapy.utils.spider import iter_spider_classes

from carsets.net.browser import PAGE
from carsets.net.secret_parameters import wire_url
from carsets.problems import UserError
from carsets.queries import Query
from carsets.spiders import google
from carsets.spiders.google import GoogleSpider

KEY = "CANARYKEY12345"


def build(tmp_path, **arguments):
    settings = Settings(
        {
            "DATA_DIR": str(tmp_path),
            "QUERIES_AT_ONCE": 1,
            "IMAGES_IN_FLIGHT": 1,
            "IMAGES_IN_FLIGHT_BYTES": 1,
            "TWISTED_REACTOR_ENABLED": False,
        }
    )
    [spider] = iter_spider_classes(google)
    return spider.from_crawler(Crawler(spider, settings), query="ford mustang", **arguments)


@pytest.fixture
def key(monkeypatch):
    monkeypatch.setenv("GOOGLE_API_KEY", KEY)
    monkeypatch.setenv("GOOGLE_CX", "0:abc")


@pytest.mark.parametrize("missing", ["GOOGLE_API_KEY", "GOOGLE_CX"])
def test_without_key_or_engine_it_says_in_one_line_what_to_do(key, monkeypatch, tmp_path, missing):
    monkeypatch.delenv(missing)
    with pytest.raises(UserError, match="GOOGLE_API_KEY and GOOGLE_CX") as caught:
        build(tmp_path)
    assert "\n" not in str(caught.value)


def test_the_key_is_on_the_wire_and_not_in_the_address(key, tmp_path):
    request = build(tmp_path).page_request(Query(text="ford mustang"), 2, 11)
    assert KEY not in request.url
    assert wire_url(request) == f"{request.url}&key={KEY}"
    assert "start=11" in request.url
    assert "safe=active" in request.url


def test_the_api_asks_no_browser(key, tmp_path):
    spider = build(tmp_path)
    assert "carsets.addons.BrowserAddon" not in spider.settings.getdict("ADDONS")
    assert PAGE not in spider.page_request(Query(text="x"), 1, None).meta


def test_the_page_is_shown_in_a_browser_that_reaches_google_alone(monkeypatch, tmp_path):
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    spider = build(tmp_path, mode="page", color="red")
    assert "carsets.addons.BrowserAddon" in spider.settings.getdict("ADDONS")
    hosts = spider.settings.getlist("BROWSER_HOSTS")
    assert all(host.endswith((".google.com", ".gstatic.com")) for host in hosts)
    request = spider.page_request(Query(text="ford mustang"), 1, None)
    assert request.meta[PAGE].keywords["wanted"] == 100  # per_query, as it is by default
    assert request.meta["dont_retry"] is True
    assert "safe=active" in request.url
    assert "tbs=ic:specific,isc:red" in request.url


def test_an_unknown_mode_and_an_unknown_filter_are_errors(key, tmp_path):
    with pytest.raises(UserError, match="unknown mode 'html'"):
        build(tmp_path, mode="html")
    with pytest.raises(UserError, match="google: unknown color"):
        build(tmp_path, color="rainbow")


def test_what_a_mode_cannot_filter_is_said(key, tmp_path, caplog):
    build(tmp_path, aspect="wide")
    assert "google has no filter for aspect=wide" in caplog.text
    caplog.clear()
    build(tmp_path, mode="page", aspect="wide")
    assert "no filter" not in caplog.text
    build(tmp_path, mode="page", license="modify")
    assert "google has no filter for license=modify" in caplog.text


def test_a_page_asks_at_the_pace_of_a_browser(key, tmp_path):
    assert build(tmp_path, mode="page").requests_per_minute == 6
    assert build(tmp_path).requests_per_minute == GoogleSpider.requests_per_minute == 60


class FakePage:
    """A page that grows with every scroll, until it does not."""

    def __init__(self, growth):
        self.growth = iter(growth)
        self.tiles = next(self.growth, 0)
        self.scrolls = 0

    async def wait_for_selector(self, *_, **__):
        return None

    def locator(self, _):
        return SimpleNamespace(count=self._count)

    async def _count(self):
        return self.tiles

    async def evaluate(self, _):
        self.scrolls += 1
        self.tiles = next(self.growth, self.tiles)


@pytest.mark.parametrize(
    ("growth", "scrolls"),
    [([20, 40, 60, 80], 2), ([20, 40, 40], 2), ([60], 0), ([0], 0), ([1, 2, 3, 4, 5, 6, 7], 5)],
)
def test_scrolling_ends_with_what_is_wanted_or_when_no_more_comes(monkeypatch, growth, scrolls):
    import asyncio

    async def no_time(_):
        return None

    page = FakePage(growth)
    monkeypatch.setattr(google.asyncio, "sleep", no_time)
    asyncio.run(google.show_more(page, wanted=60, scrolls=5, seconds=1))
    assert page.scrolls == scrolls
