"""Whole crawls: the built-in web in one process, each crawl in another, datasets to look into."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from carsets.fakeweb.addresses import COMBINATIONS
from carsets.fakeweb.corpus import SOURCES, urls
from carsets.fakeweb.drawing import draw_scene
from carsets.fakeweb.process import FakeWebProcess
from carsets.fakeweb.server import REAL_HOST
from tests.postgres_server import postgres_server  # noqa: F401 - a fixture
from tests.redis_server import redis_server  # noqa: F401 - a fixture
from tests.s3_server import s3_server  # noqa: F401 - a fixture

ROOT = Path(__file__).parents[2]
PATIENCE = 300  # seconds; for machines that many share
COMMON = {
    "CAR_DETECTION_ENABLED": False,
    "CONTACT": "test@example.org",
    "INSPECTION_WORKERS": 1,
    "RETRY_BACKOFF": 0.05,
    "RETRY_TIMES": 1,
    "DOWNLOAD_TIMEOUT": 30,
    "DOWNLOAD_SLOW_GRACE": 2.0,
    "DISK_FREE_MIN": 1024 * 1024,
}


class Dataset:
    """A data folder, and how to look into it without carsets."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.catalog = folder / "catalog.sqlite"

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """Return what the catalog answers; rows of one column as bare values."""
        with closing(sqlite3.connect(self.catalog, timeout=60)) as connection:
            found = connection.execute(sql, values).fetchall()
        return [row[0] if len(row) == 1 else row for row in found]

    @property
    def receipts(self) -> list[dict[str, Any]]:
        """The receipts, oldest first."""
        paths = sorted((self.folder / "receipts").glob("*.json"))
        return [json.loads(path.read_text()) for path in paths]

    def files(self) -> dict[str, Path]:
        """Return the files in the store by the names that they have inside it.

        Also while a crawl works in it: unlike a glob, ``os.walk`` passes over a folder that goes.
        """
        store = self.folder / "images"
        paths = [Path(folder, name) for folder, _, names in os.walk(store) for name in names]
        return {str(path.relative_to(store)): path for path in paths}

    def kept(self) -> dict[str, str]:
        """Return the kept images: path inside the store -> sha256."""
        return dict(
            self.rows("SELECT path, sha256 FROM images WHERE verdict IN ('keep', 'review')")
        )

    def outcomes(self) -> dict[str, set[str]]:
        """Return each URL with the ways in which its sightings ended."""
        found: dict[str, set[str]] = {}
        for url, outcome in self.rows("SELECT url, outcome FROM sightings"):
            found.setdefault(url, set()).add(outcome)
        return found

    def assert_whole(self) -> None:
        """Check what holds for every dataset at every end: store, catalog and receipts agree."""
        files, kept = self.files(), self.kept()
        assert files.keys() == kept.keys()
        for name, path in files.items():
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            assert digest == kept[name]
            assert name.startswith(f"{digest[:2]}/{digest[2:4]}/{digest}.")
        assert not [path for path in self.folder.rglob("*") if path.name.endswith(".part")]
        for receipt in self.receipts:
            assert receipt["found"] == sum(receipt["outcomes"].values()), receipt["exit_reason"]
            assert receipt["exit_code"] != 6
        assert self.rows("PRAGMA integrity_check") == ["ok"]


@dataclass(eq=False)
class Command:
    """One ``scrapy`` command, under way or over."""

    words: list[str]
    folder: Path
    stdout_path: Path
    stderr_path: Path
    pid: int = 0
    returncode: int | None = None
    _started: threading.Event = field(default_factory=threading.Event)
    _ended: threading.Event = field(default_factory=threading.Event)

    def wait(self, seconds: float = PATIENCE) -> Command:
        """Wait for the end. Raises AssertionError, and kills, when it takes too long."""
        if not self._ended.wait(seconds):
            self.kill()
            raise AssertionError(f"no end after {seconds} s: {self.words}\n{self.stderr[-3000:]}")
        return self

    def kill(self, how: int = signal.SIGKILL) -> None:
        """Send a signal: SIGKILL to the command and all that it started, others to it alone."""
        self._started.wait(30)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, how) if how == signal.SIGKILL else os.kill(self.pid, how)
        if how == signal.SIGKILL:
            self._ended.wait(30)

    @property
    def over(self) -> bool:
        return self._ended.is_set()

    @property
    def stdout(self) -> str:
        return self.stdout_path.read_text(errors="replace")

    @property
    def stderr(self) -> str:
        return self.stderr_path.read_text(errors="replace")

    @property
    def last_line(self) -> str:
        lines = self.stderr.splitlines()
        return lines[-1] if lines else ""

    def hear(self, event: str, value: int) -> None:
        """Take note of what the forge says."""
        if event == "started":
            self.pid = value
            self._started.set()
        else:
            self.returncode = value
            self._ended.set()


class Scrapy:
    """Starts ``scrapy`` commands in a folder of their own, outside the project."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.commands: list[Command] = []
        self.lock = threading.Lock()
        self.forge = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("forge.py"))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=self.environment(),
        )
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the environment of a command: nothing of the user's but the way to Python."""
        home = self.folder / "home"
        home.mkdir(exist_ok=True)
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(home),
            "TMPDIR": str(home),
            "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
            "SCRAPY_SETTINGS_MODULE": "carsets.settings",
            "FLICKR_API_KEY": "0" * 32,
            **(extra or {}),
        }

    def start(
        self,
        *words: str,
        settings: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> Command:
        """Start a command; settings become its ``-s``, and an empty variable is left out."""
        with self.lock:
            number = len(self.commands)
            place = folder or self.folder / f"command-{number}"
            place.mkdir(parents=True, exist_ok=True)
            output = self.folder / f"output-{number}"
            command = Command(
                [*words, *(f"-s{name}={value}" for name, value in (settings or {}).items())],
                place,
                output.with_suffix(".stdout"),
                output.with_suffix(".stderr"),
            )
            self.commands.append(command)
            variables = self.environment(environment)
            line = {
                "number": number,
                "words": command.words,
                "environment": {name: value for name, value in variables.items() if value},
                "folder": str(place),
                "stdout": str(command.stdout_path),
                "stderr": str(command.stderr_path),
            }
            assert self.forge.stdin is not None
            self.forge.stdin.write(json.dumps(line) + "\n")
            self.forge.stdin.flush()
        return command

    def run(self, *words: str, **how: Any) -> Command:
        """Start a command and wait for its end."""
        return self.start(*words, **how).wait()

    def _listen(self) -> None:
        assert self.forge.stdout is not None
        for line in self.forge.stdout:
            number, event, value = line.split()
            self.commands[int(number)].hear(event, int(value))

    def close(self) -> None:
        """End what still runs."""
        for command in self.commands:
            if not command.over:
                command.kill()
        assert self.forge.stdin is not None
        assert self.forge.stdout is not None
        self.forge.stdin.close()
        self.forge.wait(30)
        self.listener.join(30)
        self.forge.stdout.close()


class Crawls:
    """Crawls of the built-in web into datasets."""

    def __init__(self, scrapy: Scrapy, web: FakeWebProcess) -> None:
        self.scrapy = scrapy
        self.web = web

    def start(
        self,
        source: str,
        data: Path,
        arguments: Mapping[str, Any] | None = None,
        environment: Mapping[str, str] | None = None,
        **settings: Any,
    ) -> Command:
        """Start a crawl."""
        given = {"DATA_DIR": data, "FAKEWEB_PORT": self.web.port, **COMMON, **settings}
        words = [f"-a{name}={value}" for name, value in (arguments or {}).items()]
        return self.scrapy.start("crawl", source, *words, settings=given, environment=environment)

    def run(self, source: str, data: Path, *rest: Any, **settings: Any) -> Command:
        """Start a crawl and wait for its end."""
        return self.start(source, data, *rest, **settings).wait()


@dataclass(frozen=True)
class Built:
    """What crawls of all sources of the built-in web have left."""

    place: Path  # everything that the crawls may have touched lies in it
    dataset: Dataset
    runs: Mapping[str, Command]
    traffic: Mapping[str, Any]
    listed: list[str]


@pytest.fixture(scope="session")
def scrapy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scrapy]:
    """Return what runs ``scrapy`` commands."""
    scrapy = Scrapy(tmp_path_factory.mktemp("scrapy"))
    yield scrapy
    scrapy.close()


@pytest.fixture(scope="session")
def whole_web() -> Iterator[FakeWebProcess]:
    """Return the built-in web, as it was left."""
    with FakeWebProcess() as process:
        yield process


def _ask(web: FakeWebProcess, url: str) -> tuple[int, dict[str, str], bytes]:
    """Return what the built-in web answers to a URL: status, headers, body."""
    parts = urlsplit(url)
    with closing(HTTPConnection("127.0.0.1", web.port, timeout=30)) as connection:
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        connection.request("GET", path or "/", headers={REAL_HOST: parts.netloc})
        answer = connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read()


@pytest.fixture
def web(whole_web: FakeWebProcess) -> FakeWebProcess:
    """Return the built-in web with its counters and modes at zero."""
    whole_web.reset()
    return whole_web


@pytest.fixture
def crawls(scrapy: Scrapy, web: FakeWebProcess) -> Crawls:
    """Return what crawls the built-in web."""
    return Crawls(scrapy, web)


@pytest.fixture
def dataset(tmp_path: Path) -> Dataset:
    """Return an empty dataset of this test."""
    return Dataset(tmp_path / "data")


@pytest.fixture(scope="session")
def built(
    scrapy: Scrapy, whole_web: FakeWebProcess, tmp_path_factory: pytest.TempPathFactory
) -> Built:
    """Crawl every source of the built-in web into one dataset: three of them at the same time.

    Then come a list and a folder, both of which know a part of what is there already.
    """
    place = tmp_path_factory.mktemp("built")
    whole_web.reset()
    crawls = Crawls(scrapy, whole_web)
    dataset = Dataset(place / "data")
    plan = {"query": "blue toyota rav4", "per_query": 45}
    runs = {source: crawls.start(source, dataset.folder, plan) for source in SOURCES}
    for run in runs.values():
        run.wait()
    found = [
        url for url in dataset.rows("SELECT url FROM sightings ORDER BY url") if "@" not in url
    ]
    listed = [*urls(40, first=COMBINATIONS * 2), *found[:20]]
    (place / "list.csv").write_text("url\n" + "".join(f"{url}\n" for url in listed))
    own = place / "own"
    for number in range(4):
        path = own / "Jeep" / "Wrangler" / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        draw_scene(8_000_000 + number, kind="vehicle", body="suv", size=(640, 480)).save(path)
    (own / "again.jpg").write_bytes(next(iter(dataset.files().values())).read_bytes())
    (own / "cut.jpg").write_bytes((own / "Jeep" / "Wrangler" / "0.jpg").read_bytes()[:9_000])
    (own / "page.jpg").write_text("<!doctype html><title>No</title>")
    runs["urls"] = crawls.start("urls", dataset.folder, {"file": place / "list.csv"})
    runs["folder"] = crawls.start("folder", dataset.folder, {"path": own, "labels": "folder"})
    for run in runs.values():
        run.wait()
    return Built(place, dataset, runs, whole_web.stats(), listed)


@pytest.fixture(scope="session")
def ask() -> Any:
    """Return what asks the built-in web as the download handler does."""
    return _ask


@pytest.fixture(scope="session")
def make_crawls(scrapy: Scrapy) -> Any:
    """Return what makes ``Crawls`` of a built-in web."""
    return lambda web: Crawls(scrapy, web)


@pytest.fixture(scope="session")
def make_dataset(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return what makes an empty dataset with a name."""
    return lambda name: Dataset(tmp_path_factory.mktemp(name) / "data")
