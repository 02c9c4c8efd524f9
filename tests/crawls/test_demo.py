"""``scrapy demo``: what a newcomer sees, on a terminal and in a file, and what it leaves."""

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections import Counter
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

import pytest

from carsets.fakeweb.commons_api import number_of_file
from carsets.fakeweb.corpus import same_file, truth
from carsets.fakeweb.facts import facts
from carsets.outcomes import Outcome

SOURCES = (
    *("bing", "openverse", "flickr", "duckduckgo", "brave", "ecosia", "yandex", "baidu"),
    *("google", "instagram", "commons", "openimages", "urls", "folder"),
)
COMMONS = "https://upload.wikimedia.org/"
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def rows_of(text):
    """Yield the rows of the printed tables: their first cell, then the numbers."""
    for line in text.splitlines():
        name, *cells = [cell.strip() for cell in line.strip("│┃ ").split("│")]
        numbers = [cell.replace("·", "0") for cell in cells]
        if numbers and numbers[0].isdigit():
            yield name, *(int(number) for number in numbers if number.isdigit())


class Sources(HTMLParser):
    """Collect what a page shows and links to."""

    def __init__(self) -> None:
        super().__init__()
        self.images: list[str] = []
        self.others: list[str] = []

    def handle_starttag(self, tag, attributes):
        facts = dict(attributes)
        if tag == "img":
            self.images.append(facts.get("src") or "")
        elif tag in {"script", "link", "iframe"}:
            self.others.append(facts.get("src") or facts.get("href") or "")


@pytest.fixture(scope="module")
def demo(scrapy, make_dataset):
    """Run the demo once, as a script would; return the command and its dataset."""
    dataset = make_dataset("demo")
    command = scrapy.run("demo", "-d", str(dataset.folder))
    return command, dataset


@pytest.mark.slow
def test_it_ends_well_and_its_table_balances(demo):
    command, dataset = demo
    assert command.returncode == 0, command.stderr[-3000:]
    assert "Traceback" not in command.stderr
    lines = {name: numbers for name, *numbers in rows_of(command.stdout)}
    for source in (*SOURCES, "all"):
        found, *ended = lines[source]
        assert found == sum(ended) > 0, source
    assert lines["all"] == [sum(column) for column in zip(*map(lines.get, SOURCES), strict=True)]
    assert lines["all"][-1] == lines["stored"][0] == len(dataset.kept()) > 100
    outcomes = {outcome.value for outcome in Outcome}
    ways = {name: numbers[0] for name, numbers in lines.items() if name in outcomes}
    assert sum(ways.values()) == lines["found"][0] == lines["all"][0]
    assert "the sums balance" in command.stdout
    receipts = {receipt["source"]: receipt for receipt in dataset.receipts}
    assert {source: receipts[source]["found"] for source in SOURCES} == {
        source: lines[source][0] for source in SOURCES
    }
    dataset.assert_whole()


@pytest.mark.slow
def test_nothing_controls_a_terminal_that_is_not_there(demo):
    command, _ = demo
    assert not CONTROL.findall(command.stdout)
    assert not CONTROL.findall(command.stderr)
    assert "images/s" in command.stderr, "progress in plain lines"


@pytest.mark.slow
def test_its_last_lines_say_where_things_are_and_what_to_try_next(demo, scrapy):
    command, dataset = demo
    last = command.stdout.splitlines()[-7:]
    assert any(line.startswith("Dataset:") and str(dataset.folder) in line for line in last)
    assert any(line.startswith("Live web:") and "scrapy crawl" in line for line in last)
    [explain] = [line for line in last if line.startswith("Ask why:")]
    words = explain.partition("scrapy ")[2].split()
    why = scrapy.run(*words)
    assert why.returncode == 0, why.stderr
    assert words[1] in why.stdout


@pytest.mark.slow
def test_every_image_on_the_page_is_there_and_nothing_comes_from_elsewhere(demo):
    _, dataset = demo
    page = Sources()
    page.feed((dataset.folder / "index.html").read_text())
    assert len(page.images) == len(dataset.kept())
    assert all((dataset.folder / source).is_file() for source in page.images)
    assert not page.others


def files_of_commons(urls):
    """Return which of the files Commons gives out too, under addresses of its own."""
    paths = [unquote(urlsplit(url).path) for url in urls if url.startswith(COMMONS)]
    return {same_file(facts(number_of_file(path))) for path in paths}


@pytest.mark.slow
def test_every_url_ends_as_the_built_in_web_says(demo):
    """With the detector on: it errs sometimes, every other step never."""
    _, dataset = demo
    wrong, judged = {}, Counter()
    twins = files_of_commons(dataset.outcomes())
    for url, outcomes in dataset.outcomes().items():
        if url.startswith(("file:", COMMONS)):
            continue  # what becomes of Commons' files is held in test_catalogs
        about = truth(url)
        # The list holds URLs that other crawls fetch at the same moment.
        ends = outcomes - {"known_url", "duplicate_bytes"} or outcomes
        allowed = {outcome.value for outcome in about.outcomes | about.alone}
        if about.number is not None and same_file(facts(about.number)) in twins:
            allowed.add("duplicate_bytes")
        if {"stored", "not_a_car"} & allowed and ends <= {"stored", "not_a_car"}:
            judged[about.kind, *ends] += 1
        elif not ends <= allowed | {"timeout"}:  # a busy machine draws slowly
            wrong[url] = ends, about.fate, about.copy_how
    assert not wrong
    right = judged["vehicle", "stored"] + judged["other", "not_a_car"]
    judgements = sum(count for (kind, _), count in judged.items() if kind in {"vehicle", "other"})
    assert right / judgements > 0.85, judged


@pytest.mark.slow
def test_it_refuses_a_folder_that_holds_something_else(scrapy, tmp_path):
    (tmp_path / "thesis.txt").write_text("three years of work")
    command = scrapy.run("demo", "-d", str(tmp_path))
    assert command.returncode == 2
    assert command.last_line == (
        f"carsets: {tmp_path} holds something else: name another folder with -d FOLDER "
        "(exit code 2)"
    )
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.slow
def test_on_a_terminal_a_live_table_appears_and_the_folder_may_be_used_again(demo, scrapy):
    _, dataset = demo
    before = [receipt["run"] for receipt in dataset.receipts]
    outer, inner = pty.openpty()
    words = [sys.executable, "-m", "scrapy", "demo", "-d", str(dataset.folder)]
    process = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=inner,
        stderr=inner,
        cwd=dataset.folder.parent,
        env=scrapy.environment({"TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}),
        start_new_session=True,
    )
    os.close(inner)
    seen = read_terminal(outer, process)
    assert process.wait(30) == 0, seen[-3000:]
    assert "\x1b[" in seen
    assert seen.count("downloading") > 3, "the table is drawn again and again"
    assert "Traceback" not in seen
    assert "[scrapy.core.engine] INFO" not in seen.partition("downloading")[2]
    assert "the sums balance" in seen
    after = [json.loads(p.read_text())["run"] for p in (dataset.folder / "receipts").iterdir()]
    assert len(after) == len(before) == len(SOURCES)
    assert not set(after) & set(before)


def read_terminal(descriptor, process, seconds=300):
    """Return everything that a process writes to its terminal until it ends."""
    parts, until = [], time.monotonic() + seconds
    while time.monotonic() < until:
        ready, _, _ = select.select([descriptor], [], [], 0.5)
        try:
            part = os.read(descriptor, 65_536) if ready else b"?"[:0]
        except OSError:  # the other end is closed
            break
        if part:
            parts.append(part)
        elif process.poll() is not None:
            break
    else:
        process.kill()
    os.close(descriptor)
    return b"".join(parts).decode("utf-8", "replace")
