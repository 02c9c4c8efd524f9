"""A user's list of 5,000 URLs, of which a fifth is broken in fourteen ways."""

import asyncio
import hashlib
import io
import json
import os
import random
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from aiohttp import web
from PIL import Image

ROOT = Path(__file__).parents[2]
GOOD = 4_000
# Way to be broken -> how many, and what each of them must end as.
BROKEN = {
    "404": (150, "http_404"),
    "410": (80, "http_410"),
    "403": (80, "http_403"),
    "500": (60, "http_5xx"),
    "reset": (60, "connection_lost"),
    "slow": (30, "timeout"),
    "dns": (90, "dns"),
    "html": (120, "html"),
    "cut": (90, "truncated"),
    "short": (30, "incomplete"),
    "malformed": (70, "url_forbidden"),
    "scheme": (30, "scheme_forbidden"),
    "private": (70, "address_forbidden"),
    "loop": (40, "redirect_limit"),
}
PRIVATE = ("10.0.0.7", "192.168.1.1", "169.254.169.254", "172.16.3.4", "[::1]", "0.0.0.0")
MALFORMED = ("http:///{n}.jpg", "http://[::1/{n}.jpg", "photo {n}.jpg", "http://a:b@127.0.0.1/{n}")
# Put before the crawl: no name leaves the machine, and those of this test do not exist.
NO_NAMES = """
import socket
def only_addresses(real):
    def resolve(host, *rest, **more):
        if isinstance(host, str) and host.endswith(".invalid"):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return real(host, *rest, **more)
    return resolve
socket.getaddrinfo = only_addresses(socket.getaddrinfo)
socket.gethostbyname = only_addresses(socket.gethostbyname)
"""


def draw(number: int) -> bytes:
    """Return a small JPEG that no perceptual hash takes for another one."""
    cells = np.random.default_rng(number).integers(0, 256, (9, 12, 3), np.uint8)
    stream = io.BytesIO()
    picture = Image.fromarray(cells).resize((192, 144), Image.Resampling.BICUBIC)
    picture.save(stream, "JPEG", quality=85)
    return stream.getvalue()


class BrokenWeb(threading.Thread):
    """A web server on loopback whose paths say how they are broken: ``/cut/17.jpg``."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.asked = Counter()
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.over = asyncio.Event()

    def run(self) -> None:
        self.loop.run_until_complete(self._serve())
        self.loop.close()

    async def _serve(self) -> None:
        application = web.Application()
        application.router.add_get("/{way}/{number}.jpg", self.answer)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]
        self.ready.set()
        await self.over.wait()
        await runner.cleanup()

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.over.set)
        self.join()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        way, number = request.match_info["way"], int(request.match_info["number"])
        self.asked[way] += 1
        if way.isdecimal():
            return web.Response(status=int(way), text="<h1>No</h1>", content_type="text/html")
        if way == "loop":
            raise web.HTTPFound(f"/loop/{number + 1}.jpg")
        if way == "html":
            page = f"<!doctype html><title>Picture {number}</title><p>Log in to see it"
            return web.Response(text=page, content_type="image/jpeg")
        if way == "slow":
            await self.over.wait()
        if way in {"reset", "slow"}:
            if request.transport is not None:  # the client has not hung up
                request.transport.abort()
            return web.Response()
        body = draw(number + {"good": 0, "cut": 100_000, "short": 200_000}[way])
        if way == "cut":
            body = body[: len(body) * 6 // 10]
        if way != "short":
            return web.Response(body=body, content_type="image/jpeg")
        answer = web.StreamResponse(headers={"Content-Length": str(len(body))})
        await answer.prepare(request)
        await answer.write(body[: len(body) // 2])
        request.transport.close()
        return answer


@pytest.fixture(scope="module")
def broken_web():
    server = BrokenWeb()
    server.start()
    assert server.ready.wait(10)
    yield server
    server.stop()


def url_of(way: str, number: int, port: int) -> str:
    """Return the address of row ``number`` of those that are broken in one way."""
    match way:
        case "dns":
            return f"http://gone{number % 9}.invalid/{number}.jpg"
        case "malformed":
            return MALFORMED[number % len(MALFORMED)].format(n=number)
        case "scheme":
            return f"{('ftp', 'file', 's3')[number % 3]}://127.0.0.1/{number}.jpg"
        case "private":
            return f"http://{PRIVATE[number % len(PRIVATE)]}/{number}.jpg"
    return f"http://127.0.0.1:{port}/{way}/{number}.jpg"


@pytest.fixture(scope="module")
def truth(broken_web):
    """Return URL -> outcome, in the order of the list."""
    rows = [(url_of("good", number, broken_web.port), "stored") for number in range(GOOD)]
    for way, (count, outcome) in BROKEN.items():
        rows += [(url_of(way, number, broken_web.port), outcome) for number in range(count)]
    random.Random(7).shuffle(rows)
    assert len(dict(rows)) == len(rows) == 5_000
    return dict(rows)


@pytest.fixture(scope="module")
def crawl(broken_web, truth, tmp_path_factory):
    """Crawl the list once; return the finished process and the folder of the dataset."""
    place = tmp_path_factory.mktemp("broken_list")
    (place / "urls.csv").write_text("url\n" + "".join(f"{url}\n" for url in truth))
    (place / "sitecustomize.py").write_text(NO_NAMES)
    settings = {
        "DATA_DIR": place / "data",
        "CAR_DETECTION_ENABLED": False,
        "ADDRESS_ALLOWED": "127.0.0.1/32",
        "URL_PORTS_ALLOWED": f"80,443,{broken_web.port}",
        "DOWNLOAD_DELAY": 0,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 64,
        "DOWNLOAD_TIMEOUT": 3,
        "RETRY_TIMES": 1,
        "RETRY_BACKOFF": 0,
        "HOST_MAX_FAILURES": 0,  # one host stands for a hundred here
        "CONTACT": "test@example.org",
    }
    command = [sys.executable, "-m", "scrapy", "crawl", "urls", "-a", f"file={place / 'urls.csv'}"]
    for name, value in settings.items():
        command += ["-s", f"{name}={value}"]
    path = os.pathsep.join([str(place), str(ROOT)])
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done, place / "data"


@pytest.fixture(scope="module")
def outcomes(crawl):
    """Return URL -> (outcome, note), as the catalog has them."""
    done, data = crawl
    assert (data / "catalog.sqlite").exists(), done.stderr[-3000:]
    with sqlite3.connect(data / "catalog.sqlite") as catalog:
        rows = catalog.execute("SELECT url, outcome, note FROM sightings").fetchall()
    catalog.close()
    assert len(rows) == len({url for url, _, _ in rows})
    return {url: (outcome, note) for url, outcome, note in rows}


@pytest.mark.slow
def test_every_url_ends_as_it_should(truth, outcomes, crawl):
    wrong = Counter(
        (expected, outcomes.get(url, ("missing", ""))[0])
        for url, expected in truth.items()
        if outcomes.get(url, ("missing", ""))[0] != expected
    )
    assert not wrong, crawl[0].stderr[-3000:]
    assert outcomes.keys() == truth.keys()


@pytest.mark.slow
def test_the_kept_bytes_are_the_served_bytes(outcomes, crawl):

    stored = {path.stem for path in (crawl[1] / "images").rglob("*.jpg")}
    assert stored == {hashlib.sha256(draw(number)).hexdigest() for number in range(GOOD)}
    assert sum(outcome == "stored" for outcome, _ in outcomes.values()) == GOOD


@pytest.mark.slow
def test_rows_that_are_no_urls_tell_their_line(truth, outcomes):
    lines = {url: number for number, url in enumerate(truth, start=2)}  # the header is line 1
    told = [url for url in truth if url.startswith(("photo ", "http:///"))]
    assert len(told) > 30
    for url in told:
        assert outcomes[url][1].startswith(f"line {lines[url]}:")


@pytest.mark.slow
def test_the_receipt_balances_and_the_exit_code_says_that_something_was_kept(crawl, truth):
    done, data = crawl
    [path] = (data / "receipts").glob("*.json")
    receipt = json.loads(path.read_text())
    expected = Counter(truth.values())
    assert receipt["found"] == 5_000
    assert {code: count for code, count in receipt["outcomes"].items() if count} == expected
    assert done.returncode == receipt["exit_code"] == 0


@pytest.mark.slow
def test_what_words_exclude_is_never_asked_for(crawl, broken_web):
    assert crawl[0].returncode == 0
    assert set(broken_web.asked) == {"good", *BROKEN} - {"dns", "malformed", "scheme", "private"}
    assert broken_web.asked["good"] == GOOD
    assert broken_web.asked["404"] == BROKEN["404"][0]
