"""``scrapy redetect``: what is wrong is said in one line, before anything is begun."""

import argparse
import json
import sys

import pytest
from scrapy.utils.project import get_project_settings

from carsets.catalog.catalog import Catalog
from carsets.commands import redetect
from carsets.commands.redetect import Command
from carsets.release.receipts import read_receipts
from carsets.vision.model_files import DetectorUnavailable
from tests.commands.stocked import picture, stock
from tests.redetection.test_redetect import FakeEngine


@pytest.fixture
def data(tmp_path):
    images = {str(n): (picture(n, size=(200, 150)), {}) for n in range(6)}
    stock(tmp_path / "data", images)
    return tmp_path / "data"


@pytest.fixture
def run(data, capsys):
    """Return what runs the command, and returns its exit code, output and last words."""

    def run(*words, **settings):
        command = Command()
        command.settings = get_project_settings().copy()
        given = {"DATA_DIR": str(data), "CAR_DETECTION_MODEL": "builtin", "PROGRESS_INTERVAL": 0}
        command.settings.update({"CONTACT": "test@example.org", **given, **settings})
        parser = argparse.ArgumentParser()
        command.add_options(parser)
        opts = parser.parse_args(words)
        command.run([], opts)
        out, err = capsys.readouterr()
        return command.exitcode or 0, out, err

    return run


class Engine(FakeEngine):
    """Takes what an engine is made of, and needs none of it."""

    made: tuple = ()

    def __init__(self, files, spec, networks):
        super().__init__(**type(self).how)
        type(self).made = files, spec, networks


@pytest.fixture
def fake(monkeypatch):
    """Put an engine without a network in the place of the pool."""
    Engine.how = {}
    monkeypatch.setitem(redetect.ENGINES, "pool", Engine)
    return Engine


def test_the_table_balances_and_a_receipt_is_left(run, data, fake):
    code, out, _ = run("--pending", "--drop")
    assert code == 0
    numbers = {}
    for line in out.splitlines():
        cells = [cell.strip() for cell in line.split("│")]
        if len(cells) > 3 and cells[2].isdecimal():
            numbers[cells[1]] = int(cells[2])
    assert numbers == {"keep": 2, "review": 2, "dropped": 2, "looked at": 6}
    assert "2 files of images that are no cars are deleted" in out
    assert len(list((data / "images").rglob("*.jpg"))) == 4
    [receipt] = [json.loads(p.read_text()) for p in (data / "receipts").glob("*.json")]
    assert receipt["found"] == sum(receipt["outcomes"].values()) == 6
    assert (receipt["engine"], receipt["exit_code"], receipt["model"]) == ("fake", 0, "fake")
    sums = read_receipts(data / "receipts")  # the dataset's card names the network too
    assert (sums.runs, sums.thresholds["CAR_DETECTION_MODEL"]) == (1, "builtin")


def test_as_json(run, fake):
    code, out, _ = run("--json")
    assert (code, json.loads(out)["outcomes"]) == (0, {"keep": 2, "review": 4})


def test_a_missing_file_is_said_and_ends_with_4(run, fake):
    fake.how = {"fault": lambda seq: "unreadable: ab/cd.jpg: \x1b[31mgone" if seq == 3 else ""}
    code, out, _ = run("--pending")
    assert code == 4
    assert "ab/cd.jpg: " in out
    assert "\x1b" not in out


def test_ctrl_c_says_that_it_goes_on(run, fake):
    fake.how = {"stop_after": 1}
    code, _, err = run("--pending", CAR_DETECTION_BATCH_SIZE=2)
    assert (code, err) == (4, "carsets: stopped; the same command goes on\n")
    fake.how = {}
    code, out, _ = run("--pending", CAR_DETECTION_BATCH_SIZE=2)
    assert (code, "after 2 images" in out) == (0, True)
    assert run("--pending")[1].startswith("Nothing to look at")


def test_the_settings_of_a_crawl_decide(run, fake):
    assert run(CAR_DETECTION_KEEP="0.95", INSPECTION_WORKERS=3)[0] == 0
    files, spec, networks = fake.made
    assert (files.workers, spec.model, networks) == (3, "builtin", 0)
    assert files.limits.min_width == 1  # what was admitted once is looked at


@pytest.mark.parametrize(
    ("words", "settings", "said"),
    [
        (["--engine", "spark"], {}, "--engine spark: pool or ray is expected"),
        (["--share", "3/2"], {}, "--share 3/2: which of how many is expected, as in 1/4"),
        (["--share", "0/2"], {}, "--share 0/2"),
        (["--share", "one"], {}, "--share one"),
        (["--networks", "-1"], {}, "--networks -1: a whole number"),
        ([], {"CAR_DETECTION_KEEP": "often"}, "CAR_DETECTION_KEEP=often"),
        ([], {"CAR_DETECTION_RULE": "best"}, "CAR_DETECTION_RULE must be one of"),
        ([], {"CAR_DETECTION_MODEL": "ResNet50", "CAR_DETECTION_FETCH": "False"}, "no ImageNet"),
        (
            [],
            {"CAR_DETECTION_MODEL": "ResNet50", "CAR_DETECTION_WEIGHTS": "/none.h5",
             "CAR_DETECTION_WEIGHTS_SHA256": "0" * 64},
            "CAR_DETECTION_WEIGHTS=/none.h5 cannot be read",
        ),
        ([], {"IMAGE_FORMATS": "TIFF"}, "image formats must be some of"),
        ([], {"IMAGES_STORE": "gs://bucket/"}, "disks and in S3 alone"),
    ],
    ids=str,
)  # fmt: skip
def test_wrong_use_is_one_line(words, settings, said, run, data, monkeypatch, tmp_path):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    code, out, err = run(*words, **settings)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err
    assert_nothing_was_begun(data)


def assert_nothing_was_begun(data):
    catalog = Catalog.open(f"sqlite:///{data / 'catalog.sqlite'}")
    with catalog._read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM batch_jobs").scalar() == 0
    catalog.close()


def test_drop_and_keep_verdicts_exclude_each_other(run):
    with pytest.raises(SystemExit):
        run("--drop", "--keep-verdicts")


def test_without_a_catalog_or_a_store_nothing_is_made(run, data, tmp_path):
    code, _, err = run(DATA_DIR=str(tmp_path / "nowhere"))
    assert (code, "there is no catalog at" in err) == (5, True)
    assert not (tmp_path / "nowhere").exists()
    code, _, err = run(IMAGES_STORE=str(tmp_path / "unmounted"))
    assert (code, "there is no image store at" in err) == (5, True)
    assert_nothing_was_begun(data)


def test_without_ray_one_line_says_how_to_get_it(run, data, monkeypatch):
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"):
        monkeypatch.setenv(name, "")  # put back afterwards
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setitem(sys.modules, "ray", None)
    code, _, err = run("--engine", "ray")
    assert (code, err.count("\n")) == (2, 1)
    assert "pip install -r requirements-ray.txt" in err


def test_a_detector_that_cannot_be_loaded_is_one_line(run, fake, monkeypatch):
    def unavailable(self, batches):
        raise DetectorUnavailable("the detector cannot be started: exit code 1")
        yield

    monkeypatch.setattr(fake, "run", unavailable)
    code, _, err = run()
    assert (code, err) == (2, "carsets: the detector cannot be started: exit code 1\n")


def test_keys_are_not_handed_to_other_machines(run, fake, monkeypatch):
    monkeypatch.setitem(redetect.ENGINES, "ray", fake)
    run("--engine", "ray", AWS_SECRET_ACCESS_KEY="geheim", AWS_ENDPOINT_URL="https://s3.test")
    settings = fake.made[0].open_reader.args[1]
    assert settings.get("AWS_ENDPOINT_URL") == "https://s3.test"
    assert "geheim" not in str(settings.copy_to_dict())
