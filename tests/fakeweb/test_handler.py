"""A crawl through the handler sees the live web's URLs, and is held to its rules."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from carsets.fakeweb import corpus
from carsets.fakeweb.facts import facts
from carsets.fakeweb.names import PRIVATE_NAMES

SCRIPT = Path(__file__).parent / "crawl_urls.py"


@pytest.fixture
def crawl(web):
    def crawl(urls, **settings):
        done = subprocess.run(
            [sys.executable, str(SCRIPT), str(web.port), json.dumps(settings)],
            input="\n".join(urls),
            capture_output=True,
            text=True,
            timeout=90,
            cwd=Path(__file__).parents[2],
            env={"PYTHONPATH": ":".join(filter(None, sys.path)), "PATH": ""},
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return crawl


def test_answers_come_under_the_real_urls(crawl, web):
    url = corpus.image_url(next(i for i in map(facts, range(1000)) if i.fate == "ok"))
    urls = [
        url,
        "https://www.bing.com/images/async?q=red+ford",
        "http://hostile.carsets.test/ok.jpg",
    ]
    ended = crawl(urls)
    for asked in urls:
        status, answered, size = ended[asked]
        assert (status, answered) == (200, asked)
        assert size > 10_000
    assert web.stats()["hosts"]["www.bing.com"]["requests"] == 1


def test_forbidden_addresses_are_refused_and_never_asked(crawl, web):
    urls = [f"https://{name}/x-1.jpg" for name in PRIVATE_NAMES]
    urls += ["http://127.0.0.1/x", "http://2130706433/x", "http://[::1]/x", "http://10.0.0.7/x"]
    ended = crawl(urls)
    assert ended == {url: ["address_forbidden"] for url in urls}
    assert web.stats()["requests"] == 0


def test_addresses_that_the_user_trusts_are_asked(crawl, web):
    ended = crawl(["http://10.0.0.7/x-1.jpg"], ADDRESS_ALLOWED=["10.0.0.0/8"])
    assert ended["http://10.0.0.7/x-1.jpg"][0] == 404
    assert web.stats()["hosts"]["10.0.0.7"]["requests"] == 1


def test_failures_are_those_of_the_live_web(crawl):
    hostile = "https://hostile.carsets.test"
    ended = crawl(
        [
            "https://gone-1.carpix.test/a-1.jpg",
            f"{hostile}/reset",
            f"{hostile}/lying-length",
            f"{hostile}/drip",
            f"{hostile}/slow?seconds=30",
            f"{hostile}/huge?announce=1",
        ],
        DOWNLOAD_TIMEOUT=6,
        DOWNLOAD_SLOW_GRACE=1,
        DOWNLOAD_MAXSIZE=1_000_000,
    )
    assert list(ended[f"{hostile}/reset"]) == ["connection_lost"]
    assert {url.rpartition("/")[2]: outcome[0] for url, outcome in ended.items()} == {
        "a-1.jpg": "dns",
        "reset": "connection_lost",
        "lying-length": "incomplete",
        "drip": "too_slow",
        "slow?seconds=30": "timeout",
        "huge?announce=1": "too_large",
    }


def test_limit_per_host_can_be_measured_on_the_server(crawl, web):
    urls = [f"https://paced.any.carsets.test/slow?seconds=0.05&n={n}" for n in range(12)]
    ended = crawl(
        urls,
        CONCURRENT_REQUESTS_PER_DOMAIN=3,
        DOWNLOAD_DELAY=0.001,
        DOWNLOADER="carsets.net.downloader.PoliteDownloader",
    )
    assert all(entry[0] == 200 for entry in ended.values())
    counted = web.stats()["hosts"]["paced.any.carsets.test"]
    assert counted["requests"] == 12
    assert counted["most_at_once"] <= 3


def test_without_the_port_nothing_is_turned_to_the_built_in_web():
    from scrapy.settings import Settings

    from carsets.fakeweb.addon import FakeWebAddon

    settings = Settings()
    before = dict(settings["DOWNLOAD_HANDLERS"])
    FakeWebAddon().update_settings(settings)
    assert dict(settings["DOWNLOAD_HANDLERS"]) == before
    settings.set("FAKEWEB_PORT", 1)
    FakeWebAddon().update_settings(settings)
    assert settings["DOWNLOAD_HANDLERS"]["https"].endswith("FakeWebHandler")
