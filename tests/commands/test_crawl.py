"""What ``scrapy crawl`` tells the shell, in processes of its own."""

import asyncio
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from argparse import Namespace
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest
from scrapy import Spider

from carsets.catalog.connection import CatalogError
from carsets.commands.crawl import Command
from carsets.problems import UserError
from carsets.queries import QueryError
from carsets.spiders.base import CarsetsSpider

HERE = Path(__file__).parent
SETTINGS = """
from carsets.settings import *
SPIDER_MODULES = ["played_project"]
ITEM_PIPELINES = {"played_project.PlayedSteps": 100}
EXTENSIONS = {"carsets.extensions.ledger.Ledger": 100, "carsets.extensions.receipt.Receipt": 900}
LEDGER_MAX_WAIT = 0.05
"""


@pytest.fixture
def project(tmp_path):
    """Return a function that runs ``scrapy`` in a project of its own."""
    (tmp_path / "scrapy.cfg").write_text("[settings]\ndefault = played_settings\n")
    (tmp_path / "played_settings.py").write_text(SETTINGS)
    shutil.copy(HERE / "played_project.py", tmp_path)

    def scrapy(*words, **environment):
        path = os.pathsep.join([str(tmp_path), *sys.path])
        return subprocess.run(
            [sys.executable, "-m", "scrapy", *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": path, **environment},
            capture_output=True,
            text=True,
            timeout=120,
        )

    return scrapy


def receipts(folder):
    paths = sorted((folder / "data" / "receipts").glob("*.json"))
    return [json.loads(path.read_text()) for path in paths]


def rows(folder):
    path = folder / "data" / "catalog.sqlite"
    if not path.exists():
        return set()
    with closing(sqlite3.connect(path)) as connection:
        sql = "SELECT url, outcome, rank, page FROM sightings"
        return set(connection.execute(sql).fetchall())


def test_killed_runs_end_as_one_that_was_left_alone(project, tmp_path):
    """After SIGKILL nothing is lost, and no URL that was written down is fetched again."""
    killed = project("crawl", "played", "-a", "images=60", KILL_AFTER="25")
    assert killed.returncode == -9, killed.stderr
    done = written(tmp_path)
    fetched_before = len(fetched(tmp_path))
    final = project("crawl", "played", "-a", "images=60")
    assert final.returncode == 0, final.stderr
    assert not done & set(fetched(tmp_path)[fetched_before:])
    assert rows(tmp_path) == {
        (f"https://a.test/{n}.jpg", "stored" if n % 3 else "http_404", n, (n - 1) // 10 + 1)
        for n in range(1, 61)
    }
    again = project("crawl", "played", "-a", "images=60")
    assert again.returncode == 0, again.stderr
    receipt = receipts(tmp_path)[-1]
    assert (receipt["found"], receipt["kept"]) == (0, 0)
    assert "nothing new" in receipt["exit_reason"]


@pytest.mark.parametrize(
    ("arguments", "code", "line"),
    [
        (["-a", "image=9"], 2, "played: unknown argument image; it takes images, trouble"),
        (["-a", "trouble=weights"], 2, "there are no weights at /nowhere: set WEIGHTS"),
        (["-s", "CATALOG_URL=sqlite:////dev/null/x/catalog.sqlite"], 5, "cannot be made"),
    ],
    ids=["argument", "weights", "catalog"],
)
def test_what_goes_wrong_has_its_code_and_one_line(project, tmp_path, arguments, code, line):
    run = project("crawl", "played", *arguments)
    assert run.returncode == code, run.stderr
    assert line in run.stderr.splitlines()[-1]
    assert run.stderr.splitlines()[-1].startswith("carsets: ")
    assert run.stderr.splitlines()[-1].endswith(f"(exit code {code})")
    assert "Traceback" not in run.stderr
    for receipt in receipts(tmp_path):
        assert receipt["exit_code"] == code


class PlayedProcess:
    """As much of Scrapy's crawler process as the command touches, without a reactor."""

    bootstrap_failed = False

    def __init__(self, problem=None, stats=None, spidercls=Spider):
        self.problem = problem
        self.stats = stats or {}
        self.spidercls = spidercls

    def create_crawler(self, name):
        if name == "missing":
            raise KeyError(f"Spider not found: {name}")
        connect = SimpleNamespace(connect=lambda *_, **__: None)
        stats = SimpleNamespace(get_value=lambda key, default=None: self.stats.get(key, default))
        return SimpleNamespace(signals=connect, stats=stats, spidercls=self.spidercls)

    def crawl(self, crawler, **arguments):
        async def fail():
            if self.problem:
                raise self.problem

        self.loop = asyncio.new_event_loop()
        self.task = self.loop.create_task(fail())
        return self.task

    def start(self):
        self.loop.run_until_complete(asyncio.wait([self.task]))
        self.loop.close()


@pytest.mark.parametrize(
    ("process", "code", "line"),
    [
        (PlayedProcess, 0, ""),
        (lambda: PlayedProcess(UserError("query: no\nsuch color")), 2, "query: no such color"),
        (lambda: PlayedProcess(QueryError("line 3: no make")), 2, "line 3: no make"),
        (lambda: PlayedProcess(CatalogError("schema 99")), 5, "schema 99"),
        (lambda: PlayedProcess(ZeroDivisionError("a fault")), 1, "ZeroDivisionError: a fault"),
        (lambda: PlayedProcess(ValueError("not ours")), 1, "ValueError: not ours"),
        (
            lambda: PlayedProcess(
                stats={"carsets/exit_code": 3, "carsets/exit_reason": "nothing kept"}
            ),
            3,
            "nothing kept",
        ),
        (
            lambda: PlayedProcess(spidercls=CarsetsSpider),
            4,
            "the run was stopped before it began, and nothing was asked: start it again",
        ),
    ],
    ids=["fine", "user", "query", "catalog", "fault", "value", "receipt", "never began"],
)
def test_the_shell_is_told_what_stopped_a_crawl(capsys, process, code, line):
    command = Command()
    command.crawler_process = process()
    command.run(["played"], Namespace(spargs={}))
    err = capsys.readouterr().err
    assert command.exitcode == code
    assert err.endswith(f"carsets: {line} (exit code {code})\n" if line else "")
    assert ("Traceback" in err) == (code == 1)


def test_an_unknown_spider_is_named(capsys):
    command = Command()
    command.crawler_process = PlayedProcess()
    command.run(["missing"], Namespace(spargs={}))
    assert command.exitcode == 2
    assert capsys.readouterr().err == (
        "carsets: there is no spider 'missing': scrapy list shows all (exit code 2)\n"
    )


def written(folder):
    return {row[0] for row in rows(folder)}


def fetched(folder):
    path = folder / "fetched.txt"
    return path.read_text().splitlines() if path.exists() else []
