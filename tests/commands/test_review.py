"""``scrapy review`` as a user starts and ends it."""

import argparse
import json
import os
import re
import signal
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from scrapy.settings import Settings

import carsets.settings
from carsets.commands.review import Command
from tests.review.review_data import ReviewData

ROOT = Path(__file__).parents[2]


@pytest.fixture
def data(tmp_path):
    made = ReviewData(tmp_path)
    made.add()
    yield made
    made.catalog.close()


@pytest.fixture
def review(data):
    """Return a function that starts the command."""
    started = []

    def start(*args):
        environment = {**os.environ, "CARSETS_DATA_DIR": str(data.folder / "data")}
        started.append(
            subprocess.Popen(
                [sys.executable, "-m", "scrapy", "review", *args],
                cwd=ROOT, env=environment, text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            )
        )  # fmt: skip
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_from_the_link_to_the_end(data, review):
    process = review("--port", "0", "--rater", "ann,bob")
    head = [process.stdout.readline() for _ in range(4)]
    assert head[0] == "1 images. Open this in a browser on this machine:\n"
    links = dict(re.findall(r"  (\w+): (http://127\.0\.0\.1:\d+/#\S+)\n", "".join(head)))
    assert set(links) == {"ann", "bob"}
    parts = urlsplit(links["bob"])
    connection = HTTPConnection(parts.netloc, timeout=60)
    headers = {"Authorization": f"Bearer {parts.fragment}", "Content-Type": "application/json"}
    connection.request("GET", "/api/queue", headers=headers)
    [item] = json.loads(connection.getresponse().read())["items"]
    sent = {"key": "a-0000-0000", "image_id": item["image_id"], "decision": "drop"}
    body = json.dumps({"decisions": [sent]})
    connection.request("POST", "/api/decisions", body, headers)
    assert connection.getresponse().read()  # and the connection stays open

    second = review("--port", str(parts.port))
    out, err = second.communicate(timeout=120)
    assert second.returncode == 2
    assert re.fullmatch(r"carsets: port \d+ of 127\.0\.0\.1 cannot be used: .*\n", err)

    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    connection.close()
    assert process.returncode == 0, err
    assert "ann: 0 images decided" in out
    assert "bob: 1 images decided. All is in the catalog." in out
    assert err == ""
    [kept] = data.catalog.every_review()
    assert (kept.rater, kept.decision) == ("bob", "drop")


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["--host", "0.0.0.0"], 2, "for this machine alone"),
        (["--port", "70000"], 2, "0 to 65535"),
        (["--rater", "a\x1b[2Jb"], 2, "say who decides"),
        (["--spotcheck", "none"], 2, "there is none of that name"),
        (["--agreement"], 3, "decided about by two people"),
        (["--import", "/no/such"], 2, "cannot be read"),
    ],
)
def test_what_cannot_be_is_told_in_one_line(data, capsys, args, code, says):
    command = Command()
    command.settings = Settings()
    command.settings.setmodule(carsets.settings)
    command.settings.set("DATA_DIR", str(data.folder / "data"))
    parser = argparse.ArgumentParser()
    command.add_options(parser)
    command.run([], parser.parse_args(args))
    err = capsys.readouterr().err
    assert command.exitcode == code
    assert says in err
    assert err.startswith("carsets: ")
    assert err.count("\n") == 1
    assert "\x1b" not in err
