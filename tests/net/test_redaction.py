"""T19, T33: no secret and no control character leaves the process in a text."""

import json
import logging
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from scrapy import Request
from scrapy.exceptions import DropItem
from scrapy.http import Response
from scrapy.utils.misc import build_from_crawler
from scrapy.utils.test import get_crawler

from carsets.net import redaction
from carsets.net.log_formatter import CarsetsLogFormatter
from carsets.net.redaction import (
    REDACTED,
    RedactedRecord,
    escape_controls,
    redact,
    redact_settings,
    register_environment,
    register_secret,
)
from carsets.outcomes import Outcome
from carsets.pipelines.drop import OutcomeDrop

ROOT = Path(__file__).parents[2]
KEY = "CANARYKEY123"


@pytest.fixture(autouse=True)
def forget_secrets(monkeypatch):
    monkeypatch.setattr(redaction, "_secrets", {})
    monkeypatch.setattr(redaction, "_pattern", None)


@pytest.mark.parametrize(
    "text",
    [
        f"https://api.example/?api_key={KEY}&x=1",
        f"https://api.example/?x=1&key={KEY}",
        f"https://api.example/?access_token={KEY}#f",
        f"https://api.example/?token={KEY}",
        f"https://api.example/?api_sig={KEY}&sig={KEY}&client_secret={KEY}",
        f"https://b.s3.example/a?X-Amz-Credential={KEY}&X-Amz-Signature={KEY}",
        f"https://proxy.example/?u=https%3A%2F%2Fa%2F%3Fkey%3D{KEY}",
        f"postgresql+psycopg://user:{KEY}@db.example/carsets",
        f"{{b'Authorization': [b'Bearer {KEY}']}}",
        f"Authorization: Basic {KEY}",
    ],
)
def test_known_forms_of_secrets_are_redacted_without_being_registered(text):
    assert KEY not in redact(text)
    assert REDACTED in redact(text)


@pytest.mark.parametrize(
    "text",
    ["https://example.org/?monkey=1&keyword=car&page=2", "key frames", "https://a.b/c:d@e", "a=b"],
)
def test_ordinary_text_stays_as_it_is(text):
    assert redact(text) == text


def test_a_registered_secret_is_found_in_every_form():
    register_secret("se/cret+value ü")
    for form in ("se/cret+value ü", "se%2Fcret%2Bvalue%20%C3%BC", "se%2Fcret%2Bvalue+%C3%BC"):
        assert redact(f"before {form} after") == f"before {REDACTED} after"
    register_secret("car")
    assert redact("a car") == "a car", "too short to be a secret"


def test_secrets_of_the_environment_are_registered_by_their_names():
    register_environment(
        {"FLICKR_API_KEY": "flickr-key", "GH_TOKEN": "gh-token-1", "HOME": "/home/somebody"}
    )
    assert redact("flickr-key gh-token-1 /home/somebody") == f"{REDACTED} {REDACTED} /home/somebody"


def test_settings_are_redacted_to_any_depth_and_fit_into_json():
    settings = {
        "FLICKR_API_KEY": KEY,
        "AWS_SECRET_ACCESS_KEY": KEY,
        "EMPTY_KEY": "",
        "CATALOG_URL": f"postgresql://u:{KEY}@h/d",
        "FEEDS": {"s3://b/x": {"password": KEY, "format": "csv"}},
        "LIST": [f"https://a/?key={KEY}", 1, None],
        "CLASS": CarsetsLogFormatter,
        "CONCURRENT_REQUESTS": 96,
    }
    text = json.dumps(redact_settings(settings))
    assert KEY not in text
    assert '"CONCURRENT_REQUESTS": 96' in text
    assert '"format": "csv"' in text


def record(message, *args, exc_info=None):
    return RedactedRecord("test", logging.INFO, __file__, 1, message, args, exc_info)


def test_a_log_line_cannot_be_forged():
    title = "\x1b[2Jcar\r\n2026-11-22 12:00:00 [root] INFO: all is well\u202e\x9b"
    text = logging.Formatter().format(record("title: %s", title))
    assert "\x1b" not in text
    assert "\r" not in text
    assert "\u202e" not in text
    assert "\x9b" not in text
    assert [line for line in text.split("\n") if not line.startswith(" ")] == [
        "title: \\x1b[2Jcar\\x0d"
    ]
    assert escape_controls("tab\tand ü stay") == "tab\tand ü stay"


def test_a_traceback_tells_no_secret():
    register_secret("traceback-secret")
    try:
        raise ValueError(f"https://a/?api_key={KEY} traceback-secret")
    except ValueError:
        made = record("failed", exc_info=sys.exc_info())
    for _ in range(2):  # a second handler gets what the first has formatted
        text = logging.Formatter().format(made)
        assert KEY not in text
        assert "traceback-secret" not in text
        assert "ValueError" in text


def test_an_uncaught_exception_tells_no_secret():
    code = (
        "from carsets import settings\n"
        "import threading\n"
        "def fail(): raise ValueError('thread CANARYKEY123')\n"
        "thread = threading.Thread(target=fail); thread.start(); thread.join()\n"
        "raise ValueError('https://a/?q=CANARYKEY123')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={"FLICKR_API_KEY": KEY, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 1
    assert done.stderr.count("ValueError") >= 2
    assert KEY not in done.stderr


def test_items_are_logged_by_their_url_alone():
    class Found:
        image_url = "http://example.org/a.jpg"

    class Item:
        found = Found()
        body = b"x" * 1000

    line = CarsetsLogFormatter().scraped(Item(), None, None)
    assert line["msg"] % line["args"] == "Kept: http://example.org/a.jpg"
    line = CarsetsLogFormatter().dropped(Item(), ValueError("too_small"), None, None)
    assert line["msg"] % line["args"] == "Dropped: too_small: http://example.org/a.jpg"


@pytest.mark.parametrize(("level", "lines"), [("DEBUG", 3), ("INFO", 0), (logging.INFO, 0)])
def test_lines_that_nobody_sees_are_not_made(level, lines):
    formatter = build_from_crawler(CarsetsLogFormatter, get_crawler(None, {"LOG_LEVEL": level}))
    request, item = Request("http://example.org/"), SimpleNamespace(found=None)
    made = [
        formatter.crawled(request, Response(request.url), None),
        formatter.scraped(item, None, None),
        formatter.dropped(item, OutcomeDrop(Outcome.HTML), None, None),
    ]
    assert sum(line is not None for line in made) == lines
    assert formatter.dropped(item, DropItem("bad", log_level="WARNING"), None, None)
    assert formatter.item_error(item, ValueError(), None, None)


def test_a_crawl_with_a_key_in_its_urls_writes_it_nowhere(web, crawl, tmp_path):
    register_secret(KEY)
    paths = [
        "ok",
        "status/404",
        "status/500",
        "reset",
        "short",
        "nonsense",
        "redirect/2",
        "loop",
        "redirect-to?u=http://10.0.0.1/",
        "drip/length",
    ]
    urls = [web.url(f"{path}{'&' if '?' in path else '?'}api_key={KEY}") for path in paths]
    urls += [web.url(f"ok/{KEY}"), f"http://10.0.0.1/?key={KEY}", f"ftp://a/{KEY}"]
    pages = [web.url(f"page?api_key={KEY}"), web.url(f"status/404?token={KEY}&secret={KEY}")]
    done = crawl(
        urls,
        config={"pages": pages},
        DOWNLOAD_TIMEOUT=2,
        DOWNLOAD_SLOW_GRACE=0.5,
        FLICKR_API_KEY=KEY,
    )
    assert len(done.images) == len(urls)
    assert any(KEY in path for path in web.paths()), "the server was told the key"
    assert "Crawled (200)" in done.log, "the log is as talkative as can be"
    assert KEY not in done.log
    assert KEY not in json.dumps(done.report["stats"])


def test_without_the_redaction_the_key_is_in_the_log():
    code = (
        "import logging; logging.basicConfig(level=0); "
        "logging.info('Crawled <GET https://a/?api_key=CANARYKEY123>')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert KEY in done.stderr
