"""Two workers of a spider that follows links, over one Redis; one of them is killed."""

from __future__ import annotations

import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

PAGES = 40  # a tree: page N links to 2N + 1 and 2N + 2
SPIDER = """
import scrapy

class TreeSpider(scrapy.Spider):
    name = "tree"
    follows_links = True

    async def start(self):
        yield scrapy.Request(self.site, self.parse)

    def parse(self, response):
        for link in response.css("a"):
            yield response.follow(link, self.parse)
"""


class Site:
    """A site whose pages take a moment, and that counts how often it was asked for each."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.at_once = self.most_at_once = 0
        self.lock = threading.Lock()
        site = self

        class Pages(BaseHTTPRequestHandler):
            def do_GET(self):
                number = self.path.rpartition("/")[2]
                if not number.isdecimal():
                    self.send_error(404)
                    return
                with site.lock:
                    site.asked[self.path] += 1
                    site.at_once += 1
                    site.most_at_once = max(site.most_at_once, site.at_once)
                time.sleep(0.1)
                with site.lock:
                    site.at_once -= 1
                children = [n for n in (2 * int(number) + 1, 2 * int(number) + 2) if n < PAGES]
                body = "".join(f'<a href="/{n}">{n}</a>' for n in children).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.port = self.server.server_address[1]

    def close(self) -> None:
        """Stop."""
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(30)


@pytest.fixture
def site():
    """Return a site that is served while the test runs."""
    site = Site()
    yield site
    site.close()


@pytest.fixture
def start(scrapy, site, redis_server, postgres_server, tmp_path):
    """Return a function that starts one more worker; they keep to the site's pace together."""
    database = postgres_server.database()
    catalog = f"postgresql+psycopg://postgres@/{database}?host={postgres_server.socket}"
    (tmp_path / "tree_spider.py").write_text(SPIDER)

    def start():
        settings = {
            "SPIDER_MODULES": "tree_spider", "DATA_DIR": tmp_path / "data", "LEASE_SECONDS": 3,
            "ADDRESS_ALLOWED": "127.0.0.1", "URL_PORTS_ALLOWED": site.port, "DOWNLOAD_DELAY": 0.05,
            "CONCURRENT_REQUESTS_PER_DOMAIN": 2,
            "CONTACT": "test@example.org", "CAR_DETECTION_ENABLED": False,
        }  # fmt: skip
        path = f"{tmp_path}:{scrapy.environment()['PYTHONPATH']}"
        environment = {"REDIS_URL": redis_server, "CATALOG_URL": catalog, "PYTHONPATH": path}
        words = ("crawl", "tree", f"-asite=http://127.0.0.1:{site.port}/0")
        return scrapy.start(*words, settings=settings, environment=environment)

    return start


def test_a_killed_worker_s_links_are_followed_by_the_other(start, site, redis_server):
    redis = pytest.importorskip("redis")
    killed, other = start(), start()
    until = time.monotonic() + 100
    while sum(site.asked.values()) < 6:
        assert time.monotonic() < until, killed.stderr[-3000:]
        time.sleep(0.02)
    killed.kill()
    other.wait()
    assert "Closing spider (finished)" in other.stderr, other.stderr[-3000:]
    assert set(site.asked) == {f"/{number}" for number in range(PAGES)}
    assert site.most_at_once <= 2
    again = [page for page, times in site.asked.items() if times > 1]
    assert len(again) <= 8, "no more than it had in hand"
    client = redis.Redis.from_url(redis_server)
    assert client.keys("carsets:tree:*") == []
    client.close()
