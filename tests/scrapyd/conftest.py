"""Scrapyd with carsets deployed to it, and the built-in web."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from carsets.fakeweb.process import FakeWebProcess
from tests.scrapyd.daemon import PASSWORD, PATIENCE, PROJECT, USER, Scrapyd


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
