"""``scrapy redetect`` in whole processes: both engines, killed half-way, and gone on with."""

import hashlib
import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing, suppress
from io import BytesIO
from pathlib import Path

import psutil
import pytest

from carsets.fakeweb.drawing import draw_scene
from tests.commands.stocked import stock

ROOT = Path(__file__).parents[2]
PATIENCE = 300  # seconds; nothing below depends on how much of them it takes
STORE = 128 << 20  # bytes of a cluster's shared memory
SIZE = 2  # images of a batch: many small ones, so that there is a half-way
PATH, MODEL = 2, 7  # columns of ``everything``
KINDS = {"keep": "keep", "review": "review", "drop": "dropped"}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed"
    ),
]


def drawn(number):
    """Return a JPEG of a car, a part of one, or something else."""
    out = BytesIO()
    kind = ("vehicle", "other", "part")[number % 3]
    draw_scene(number, kind=kind, size=(300, 220)).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture(scope="module")
def crawled(shared, tmp_path_factory):
    """Return a dataset as a crawl without a detector leaves it: photos, and drawn pictures."""
    photos = [
        path.read_bytes()
        for kind in ("car", "part", "other")
        for path in sorted((shared / "data" / "photos" / kind).glob("*.jpg"))[:4]
    ]
    bodies = [*photos, *(drawn(number) for number in range(48))]
    data = tmp_path_factory.mktemp("crawled") / "data"
    stock(data, {str(place): (body, {}) for place, body in enumerate(bodies)})
    return data


@pytest.fixture(scope="module")
def direct(crawled):
    """Return what the network says of each image when it is asked directly."""
    paths = [crawled / "images" / path for path in ask(crawled, "SELECT path FROM images")]
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("direct_verdicts.py"), str(SIZE), *paths],
        env=environment(TF_ENABLE_ONEDNN_OPTS="1"),  # as the detector's own process has it
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def ray_scrapy():
    """Return the ``scrapy`` that has Ray beside it."""
    if importlib.util.find_spec("ray") is None:
        pytest.skip("needs Ray: pip install -r requirements-ray.txt")
    return [sys.executable, "-m", "scrapy"]


@pytest.fixture(scope="module")
def scratch():
    """Return a folder with a short name, for Ray's sockets; by it we know who belongs to us."""
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
    yield folder
    for process in left_over(folder):
        process.kill()
    shutil.rmtree(folder, ignore_errors=True)


def environment(**more):
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "SCRAPY_SETTINGS_MODULE": "carsets.settings",
        **more,
    }


def ask(data, sql):
    with closing(sqlite3.connect(data / "catalog.sqlite", timeout=60)) as connection:
        found = connection.execute(sql + " ORDER BY seq").fetchall()
    return [row[0] if len(row) == 1 else row for row in found]


def start(scrapy, data, scratch, *words, **more):
    settings = {
        "DATA_DIR": data, "CAR_DETECTION_MODEL": "builtin", "CAR_DETECTION_BATCH_SIZE": SIZE,
        "INSPECTION_WORKERS": 1,
    }  # fmt: skip
    given = [f"-s{name}={value}" for name, value in settings.items()]
    return subprocess.Popen(
        [*scrapy, "redetect", "--pending", "--drop", *words, *given],
        cwd=data.parent, start_new_session=True, text=True,
        env=environment(TMPDIR=str(scratch), RAY_TMPDIR=str(scratch), **more),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def kill_half_way(process, data, scratch):
    """Kill a job when it has come somewhere; return up to which image, when nothing of it lives."""
    end = time.monotonic() + PATIENCE
    with closing(
        sqlite3.connect(data / "catalog.sqlite", timeout=60, isolation_level=None)
    ) as catalog:
        while time.monotonic() < end and process.poll() is None:
            [(done,)] = catalog.execute("SELECT coalesce(max(done_to), 0) FROM batch_jobs")
            if done >= 3 * SIZE:
                break
            time.sleep(0.005)
        assert process.poll() is None, process.communicate()
        catalog.execute("BEGIN IMMEDIATE")  # from here on it cannot write, and comes no further
        [(done, last)] = catalog.execute("SELECT done_to, last_seq FROM batch_jobs")
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        catalog.execute("ROLLBACK")
    assert 0 < done < last
    while left_over(scratch) and time.monotonic() < end:
        time.sleep(0.1)
    assert not left_over(scratch)  # what it has started ends with it
    return done


def left_over(scratch):
    """Return the processes whose temporary files lie in a folder."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("TMPDIR") == str(scratch):
                found.append(process)
    return found


def everything(data):
    """Return the rows of a catalog that a detector has a word in, but for the time."""
    columns = "seq, verdict, path, car_score, part_score, top_labels, view, model, hex(features)"
    return (
        ask(data, f"SELECT {columns} FROM images"),
        ask(data, "SELECT url, outcome, note, sightings.image_id FROM sightings "
            "JOIN images USING (image_id)"),
        ask(data, "SELECT last_seq AS seq, done_to, tally, options FROM batch_jobs"),
        sorted(path.name for path in (data / "images").rglob("*.jpg")),
    )  # fmt: skip


@pytest.fixture(scope="module")
def pooled(crawled, scratch, tmp_path_factory):
    """Return a dataset that the process pool has looked at, killed once, and what it had by then.

    Beside it: what the second run printed.
    """
    data = tmp_path_factory.mktemp("pooled") / "data"
    shutil.copytree(crawled, data)
    scrapy = [sys.executable, "-m", "scrapy"]
    done = kill_half_way(start(scrapy, data, scratch), data, scratch)
    seen = everything(data)[0][:done]
    process = start(scrapy, data, scratch)
    output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    return data, seen, output


def test_a_killed_job_goes_on_where_it_was(pooled, crawled):
    data, seen, output = pooled
    assert f"after {len(seen):,} images" in output
    assert all(row[MODEL] == "builtin" for row in seen)
    now = everything(data)[0]
    assert [row[:PATH] + row[PATH + 1 :] for row in now[: len(seen)]] == [
        row[:PATH] + row[PATH + 1 :] for row in seen
    ]
    kept = [row[PATH] for row in now if row[1] != "dropped"]
    files = {str(p.relative_to(data / "images")) for p in (data / "images").rglob("*.jpg")}
    assert files == {*kept}
    assert {row[PATH] for row in now if row[1] == "dropped"} == {""}
    [receipt] = [json.loads(p.read_text()) for p in (data / "receipts").glob("*.json")]
    assert receipt["found"] == sum(receipt["outcomes"].values()) == len(now)
    assert receipt["before"] == len(seen)


def test_it_says_what_the_network_says_when_it_is_asked_directly(pooled, direct):
    data, _, _ = pooled
    rows = ask(data, "SELECT sha256, verdict, car_score, part_score, hex(features) FROM images")
    assert {row[0]: list(row[1:]) for row in rows} == {
        sha256: [KINDS[verdict], car, part, features.upper()]
        for sha256, (verdict, car, part, features) in direct.items()
    }
    assert {row[1] for row in rows} == {"keep", "review", "dropped"}


@pytest.fixture
def cluster():
    """Return a function that starts somebody else's Ray, of two cores, and how to reach it."""
    folder = Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = {
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # stays on loopback
        "RAY_USAGE_STATS_ENABLED": "0",
    }

    def begin():
        done = subprocess.run(
            [sys.executable, "-m", "ray.scripts.scripts", "start", "--head", f"--port={port}",
             "--node-ip-address=127.0.0.1", "--num-cpus=2", "--include-dashboard=false",
             f"--object-store-memory={STORE}", f"--temp-dir={folder}"],
            env=environment(TMPDIR=str(folder), **variables), cwd=folder, check=False, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
        )  # fmt: skip
        assert done.returncode == 0
        return folder, variables | {"RAY_ADDRESS": f"127.0.0.1:{port}"}

    yield begin
    while rest := left_over(folder):  # one may be starting another
        for process in rest:
            with suppress(psutil.Error):
                process.kill()
        time.sleep(0.1)
    shutil.rmtree(folder, ignore_errors=True)


def test_ray_says_the_same_and_a_cluster_of_somebody_else_goes_on(
    pooled, crawled, ray_scrapy, scratch, cluster, tmp_path
):
    data = tmp_path / "data"
    shutil.copytree(crawled, data)
    words = ("--engine", "ray")
    done = kill_half_way(start(ray_scrapy, data, scratch, *words), data, scratch)
    theirs, variables = cluster()
    before = {process.pid for process in left_over(theirs)}
    process = start(ray_scrapy, data, scratch, *words, **variables)
    output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0, errors
    assert f"after {done:,} images" in output
    assert everything(data) == everything(pooled[0])
    assert not left_over(scratch), "it has started a Ray of its own"
    assert before <= {process.pid for process in left_over(theirs)}, "it goes on without us"


def test_nothing_of_the_files_was_changed(crawled):
    for path in (crawled / "images").rglob("*.jpg"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem
