"""Every command of docs/*.md is run, or says why it is not. See ``page_commands`` for the marks."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from carsets.fakeweb.process import FakeWebProcess
from tests.docs.page_commands import read_blocks, script

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
PATIENCE = 500  # seconds for a page; for machines that many share
CANNOT = 77  # exit code of a set-up that lacks a program; its last line says which


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_is_run_or_says_why_not(page):
    unmarked = [block.line for block in read_blocks(page) if not block.is_marked]
    assert not unmarked, f"{page.name}: no mark above the sh blocks at lines {unmarked}"


@pytest.fixture(scope="module")
def web():
    with FakeWebProcess() as web:
        yield web


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(block.name for block in read_blocks(page))],
    ids=lambda page: page.stem,
)
def test_the_commands_of_a_page_do_what_it_says(page, web, tmp_path):
    setup = Path(__file__).with_name(f"{page.stem}.sh")
    done = run(script(page, setup if setup.exists() else None), web, tmp_path)
    if done.returncode == CANNOT:
        pytest.skip(done.stderr.strip().splitlines()[-1])
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-6000:]
    assert done.stderr.endswith("== all blocks were run\n")


def run(text, web, folder):
    """Run a script in an empty folder, with the project's commands and no variable of ours."""
    place = folder / "carsets"
    place.mkdir()
    (folder / "home").mkdir()
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "HOME": str(folder / "home"),
        "LANG": "C.UTF-8",
        "PROJECT": str(ROOT),
        "SCRAPY_SETTINGS_MODULE": "tests.docs.page_settings",
        "FAKEWEB_PORT": str(web.port),
        "FLICKR_API_KEY": "0" * 32,
    }
    words = ["timeout", "--kill-after=10", str(PATIENCE), "bash", "-c", text]
    with (folder / "stdout").open("w+") as out, (folder / "stderr").open("w+") as err:
        process = subprocess.Popen(
            words, cwd=place, env=environment, stdout=out, stderr=err, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            code = process.wait()
        finally:
            with suppress(ProcessLookupError):  # a server that a page has started
                os.killpg(process.pid, signal.SIGKILL)
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(words, code, out.read(), err.read())


# --- What runs the pages does not let anything pass -------------------------------------------


def page(tmp_path, text):
    path = tmp_path / "page.md"
    path.write_text(text)
    return path


def test_a_block_without_a_mark_is_seen(tmp_path):
    blocks = read_blocks(
        page(tmp_path, "A\n\n```sh\nfalse\n```\n<!-- not run: costs -->\n```sh\n```")
    )
    assert [(block.line, block.is_marked) for block in blocks] == [(3, False), (7, True)]


ONE, TWO, THREE = (f"<!-- command: {name} -->\n" for name in ("one", "two", "one, exit code 3"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"{ONE}```sh\ntrue\nfalse\ntrue\n```\n", 1),
        (f"{ONE}```sh\nfalse | cat\n```\n", 1),
        (f"{ONE}```sh\nA=1\n```\n{TWO}```sh\ntest $A = 1\n```\n", 0),
        (f"{THREE}```sh\nsh -c 'exit 3'\n```\n", 0),
        (f"{THREE}```sh\nsh -c 'exit 3'\ntrue\n```\n", 0),
        (f"{THREE}```sh\ntrue\n```\n", 1),
        ("<!-- not run: it would fail -->\n```sh\nfalse\n```\n", 0),
    ],
)
def test_a_command_that_fails_fails_its_page(tmp_path, text, code):
    words = ["bash", "-c", script(page(tmp_path, text), None)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stderr
    assert done.stderr.endswith("== all blocks were run\n") == (code == 0)
