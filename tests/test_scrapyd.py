"""The project as Scrapyd runs it: deployed as it stands, with arguments and settings."""

import base64
import json
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from carsets.fakeweb.process import FakeWebProcess

PROJECT = Path(__file__).parents[1]
USER, PASSWORD = "carsets", "a-password-for-the-test"
PATIENCE = 180  # seconds; nothing below depends on how much of them it takes


@pytest.fixture(scope="module")
def scrapyd_bin():
    """Return the folder of Scrapyd's own environment; .ci/run makes it in .venv-scrapyd."""
    folder = Path(os.environ.get("SCRAPYD_BIN", PROJECT / ".venv-scrapyd" / "bin"))
    if not (folder / "scrapyd").exists():
        pytest.skip(
            "needs Scrapyd in an environment of its own: python3.11 -m venv .venv-scrapyd && "
            ".venv-scrapyd/bin/pip install -r requirements.txt -r requirements-scrapyd.txt"
        )
    return folder


class Scrapyd:
    """A real daemon on a free port of loopback, with a password."""

    def __init__(self, folder, bin_folder):
        self.folder, self.bin = folder, bin_folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        (folder / "scrapyd.conf").write_text(
            f"[scrapyd]\nbind_address = 127.0.0.1\nhttp_port = {self.port}\n"
            f"username = {USER}\npassword = {PASSWORD}\npoll_interval = 0.2\n"
            "eggs_dir = eggs\nlogs_dir = logs\ndbs_dir = dbs\nmax_proc = 1\n"
        )
        environment = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}"}
        environment.pop("PYTHONPATH", None)
        self.environment = environment
        with (folder / "scrapyd.log").open("wb") as log:
            self.process = subprocess.Popen(
                [bin_folder / "scrapyd"],
                cwd=folder,
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.wait_for(lambda: self.ask("daemonstatus.json").get("status") == "ok")

    def ask(self, call, **fields):
        """Return the JSON of one call; an error of the connection as {}."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/{call}")
        token = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        request.add_header("Authorization", f"Basic {token}")
        data = urllib.parse.urlencode(fields, doseq=True).encode() if fields else None
        try:
            with urllib.request.urlopen(request, data, timeout=30) as answer:
                return json.loads(answer.read())
        except (urllib.error.URLError, ConnectionError):
            return {}

    def wait_for(self, done):
        """Wait until something is so; fail with the daemon's log when it never is."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            if done():
                return
            time.sleep(0.3)
        logs = [path.read_text() for path in self.folder.rglob("*.log")]
        pytest.fail("Scrapyd did not get there:\n" + "\n".join(logs)[-5000:])

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module")
def scrapyd(tmp_path_factory, scrapyd_bin):
    daemon = Scrapyd(tmp_path_factory.mktemp("scrapyd"), scrapyd_bin)
    yield daemon
    daemon.stop()


@pytest.fixture(scope="module")
def web():
    with FakeWebProcess() as web:
        yield web


@pytest.fixture(scope="module")
def deployed(scrapyd, tmp_path_factory):
    """Deploy the files of the project with scrapyd-deploy, as a user would."""
    copy = tmp_path_factory.mktemp("deploy") / "carsets"
    ignored = shutil.ignore_patterns(".*", "__pycache__", "tests", "data", "*.egg-info", "build")
    copy.mkdir()
    for name in ("carsets", "scrapy.cfg", "pyproject.toml", "README.md", "LICENSE"):
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(
                source,
                copy / name,
                ignore=lambda folder, names: (
                    {"__pycache__"}
                    if Path(folder).name == "carsets"
                    else ignored(folder, names) - {"data"}
                ),
            )
        elif source.exists():
            shutil.copy(source, copy / name)
    config = (copy / "scrapy.cfg").read_text()
    (copy / "scrapy.cfg").write_text(
        config.replace("http://localhost:6800/", f"http://127.0.0.1:{scrapyd.port}/")
        + f"username = {USER}\npassword = {PASSWORD}\n"
    )
    done = subprocess.run(
        [scrapyd.bin / "scrapyd-deploy", "default"],
        cwd=copy,
        env=scrapyd.environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert '"status": "ok"' in done.stdout, done.stdout + done.stderr
    return scrapyd


ARGUMENTS = {"query": "red ford mustang", "per_query": "30"}


def settings(folder, web):
    return {
        "DATA_DIR": str(folder),
        "FAKEWEB_PORT": str(web.port),
        "CAR_DETECTION_MODEL": "builtin",
        "CONTACT": "test@example.org",
    }


def dataset(folder):
    """Return what must be the same: the kept images with their labels, and every URL's end."""
    with sqlite3.connect(folder / "catalog.sqlite") as catalog:
        kept = catalog.execute(
            "SELECT sha256, path, labels FROM images WHERE verdict IN ('keep', 'review')"
        ).fetchall()
        ends = catalog.execute("SELECT url, outcome FROM sightings").fetchall()
    for _, path, _ in kept:
        assert (folder / "images" / path).is_file()
    return sorted(kept), sorted(ends)


def test_every_source_is_there(deployed):
    answer = deployed.ask("listspiders.json?project=carsets")
    assert {"bing", "openverse", "flickr", "urls", "folder"} <= set(answer["spiders"])


def test_a_scheduled_run_gives_the_same_dataset_as_the_command_line(deployed, web, tmp_path):
    here, there = tmp_path / "here", tmp_path / "there"
    fields = [f"{name}={value}" for name, value in settings(there, web).items()]
    answer = deployed.ask(
        "schedule.json", project="carsets", spider="bing", setting=fields, **ARGUMENTS
    )
    assert answer["status"] == "ok", answer
    job = answer["jobid"]

    def finished():
        jobs = deployed.ask("listjobs.json?project=carsets").get("finished", [])
        return any(one["id"] == job for one in jobs)

    deployed.wait_for(finished)
    options = [f"-a{name}={value}" for name, value in ARGUMENTS.items()]
    options += [f"-s{name}={value}" for name, value in settings(here, web).items()]
    subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "bing", *options],
        cwd=PROJECT,
        timeout=PATIENCE,
        check=True,
        capture_output=True,
    )
    [receipt] = (there / "receipts").glob("*.json")
    facts = json.loads(receipt.read_text())
    assert facts["exit_code"] == 0
    assert facts["found"] == sum(facts["outcomes"].values()) == 30
    assert dataset(there) == dataset(here)
    assert dataset(there)[0]


def test_a_misspelt_argument_is_named_in_the_job_s_log(deployed, web, tmp_path):
    fields = [f"{name}={value}" for name, value in settings(tmp_path, web).items()]
    answer = deployed.ask(
        "schedule.json", project="carsets", spider="bing", setting=fields, qeury="red car"
    )
    log = deployed.folder / "logs" / "carsets" / "bing" / f"{answer['jobid']}.log"
    deployed.wait_for(lambda: log.exists() and "qeury" in log.read_text())
