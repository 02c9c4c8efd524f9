"""``scrapy curate`` as a user runs it."""

import argparse
import json
import os
import subprocess
import sys

import pytest
from scrapy.settings import Settings

from carsets import settings as defaults
from carsets.commands.curate import Command
from tests.commands.stocked import picture, stock


@pytest.fixture
def data(tmp_path):
    """A dataset of five drawn cars, one of them twice and one of those with a hostile host."""
    folder = tmp_path / "data"
    folder.mkdir()
    said = {"title": "Ford Focus", "labels": {"make": "Ford"}}
    stock(
        folder,
        {
            "large": (picture(1, size=(480, 360)), dict(said)),
            "small": (picture(1, quality=40, size=(400, 300)), dict(said)),
            **{
                f"other{number}": (picture(number), {**said, "page_url": "https://\x1b[31m.test/"})
                for number in range(2, 5)
            },
        },
    )
    return folder


@pytest.fixture
def curate(data, capsys):
    """Return a function that runs the command: exit code, output, errors."""

    def run(*args, **changes):
        command = Command()
        command.settings = Settings()
        command.settings.setmodule(defaults)
        command.settings.setdict({"DATA_DIR": str(data), "PROGRESS_INTERVAL": 0, **changes})
        parser = argparse.ArgumentParser()
        command.add_options(parser)
        opts, rest = parser.parse_known_args([*args])
        command.exitcode = 0
        command.run(rest, opts)
        shown = capsys.readouterr()
        return command.exitcode, shown.out, shown.err

    return run


def test_it_says_what_it_has_found(curate):
    code, out, err = curate()
    assert (code, err) == (0, "")
    assert "5 images, seen at 5 addresses" in out
    assert "80.0% of the images are unique (1 near duplicates" in out
    assert "No features to compare" in out
    assert "\x1b" not in out


def test_json_has_everything_and_a_second_run_says_the_same(curate):
    code, out, _ = curate("--json")
    found = json.loads(out)
    assert code == 0
    assert found["images"] == 5
    assert found["copies_by_level"]["hash"] == 1
    assert found["uniqueness"]["share"] == 0.8
    assert json.loads(curate("--json")[1]) == found


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CURATE_NEAR_DISTANCE", "12"),
        ("CURATE_NEAR_DISTANCE", "near"),
        ("CURATE_HOST_SHARE", "5"),
        ("CURATE_PLACEHOLDER_OWNERS", "1"),
        ("CURATE_REVIEW", "nan"),
    ],
)
def test_a_setting_that_cannot_be_meant_is_told_in_one_line(curate, name, value):
    code, out, err = curate(**{name: value})
    assert code == 2
    assert name in err
    assert err.count("\n") == 1
    assert not out


def test_without_a_catalog_there_is_one_line_too(curate, tmp_path):
    code, _, err = curate(DATA_DIR=str(tmp_path / "nowhere"))
    assert code in {2, 5}
    assert err.startswith("carsets: ")
    assert err.count("\n") == 1
    assert not (tmp_path / "nowhere").exists()


def test_the_files_of_look_alikes_are_held_against_each_other(curate):
    pytest.importorskip("cv2", reason="needs OpenCV (pip install opencv-python-headless)")
    code, out, err = curate("--local-features")
    assert (code, err) == (0, "")
    assert "pairs whose files were held against each other" in out
    assert "0 files could not be read" in out


def test_without_opencv_it_says_that_no_files_were_looked_at(curate, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    code, out, err = curate()
    assert (code, err) == (0, "")
    assert "No files were held against each other" in out
    assert "pip install opencv-python-headless" in " ".join(out.split())


def test_without_opencv_the_option_says_what_to_install(curate, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    code, _, err = curate("--local-features")
    assert code == 2
    assert "pip install opencv-python-headless" in err


def test_a_store_elsewhere_is_refused_for_files(curate):
    pytest.importorskip("cv2", reason="needs OpenCV (pip install opencv-python-headless)")
    code, _, err = curate("--local-features", IMAGES_STORE="s3://bucket/prefix/")
    assert code == 2
    assert "s3://bucket/prefix/" in err


def test_scrapy_knows_the_command(data):
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "curate", "--json", "-s", f"DATA_DIR={data}"],
        capture_output=True, text=True, timeout=300, check=False, env=os.environ,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["images"] == 5
