"""``scrapy export`` as a user sees it."""

import argparse
import os
import pty
import subprocess
import sys
from hashlib import md5, sha256
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from carsets.catalog.catalog import Catalog
from carsets.catalog.rows import ImageRow, RunRow, SightingRow
from carsets.commands.export import Command
from carsets.outcomes import Outcome

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def data(tmp_path):
    """A dataset of three images: two that may be handed out, and one that may not."""
    data = tmp_path / "data"
    catalog = Catalog.open(f"sqlite:///{data / 'catalog.sqlite'}")
    catalog.start_run(RunRow(run_id="run1", source="flickr", started_at="2026-01-01"))
    for number, code in enumerate(("by-2.0", "by-nc-2.0", "arr")):
        file = BytesIO()
        Image.new("RGB", (64, 48), (number, 0, 0)).save(file, "JPEG", comment=b"%d" % number)
        body = file.getvalue()
        digest = sha256(body).hexdigest()
        place = data / "images" / digest[:2] / digest[2:4] / f"{digest}.jpg"
        place.parent.mkdir(parents=True)
        place.write_bytes(body)
        image = ImageRow(
            sha256=digest,
            md5=md5(body).hexdigest(),
            pixel_hash=digest[16:32],
            phash=int(digest[32:48], 16),
            dhash=int(digest[48:64], 16),
            verdict="keep",
            width=64,
            height=48,
            bytes=len(body),
            path=place.relative_to(data / "images").as_posix(),
            format="JPEG",
            mime="image/jpeg",
            license=code,
            license_evidence=5,
            license_url="https://license.test/",
            labels={"make": "Ford"},
            fetched_at="2026-01-02T03:04:05+00:00",
            run_id="run1",
        )
        sighting = SightingRow(
            source="flickr",
            query_id="q1",
            run_id="run1",
            url=f"https://a.test/{number}.jpg",
            author="Eve",
            title="\x1b[31m=1+1",
            page_url=f"https://a.test/{number}",
            outcome=Outcome.STORED,
        )
        catalog.admit(image, sighting=sighting)
    catalog.close()
    return data


@pytest.fixture
def export(data, capsys):
    """Return a function that exports, and gives the exit code, the output and the errors."""

    def run(*args, **settings):
        command = Command()
        command.settings = Settings(
            {
                "DATA_DIR": str(data),
                "DISK_FREE_MIN": 0,
                "RETENTION_DAYS": 30,
                "NEAR_DUPLICATE_DISTANCE": 6,
                "PROGRESS_INTERVAL": 0,
            }
            | settings
        )
        parser = argparse.ArgumentParser()
        command.add_options(parser)
        opts, names = parser.parse_known_args(list(map(str, args)))
        command.run(names, opts)
        out, err = capsys.readouterr()
        return command.exitcode, out, err

    return run


def test_it_says_what_is_in_it(export, tmp_path):
    code, out, err = export("urls", tmp_path / "list")
    assert (code, err) == (0, "")
    assert "3 of 3 images" in out
    assert "by-nc-2.0" in out
    assert (tmp_path / "list" / "urls.txt").read_text().count("\n") == 3


def test_what_the_mode_forbids_is_one_line(export, tmp_path):
    code, out, err = export("imagefolder", tmp_path / "cars")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert "--mode cc does not allow 1 of 3 images: 1 all rights are reserved (arr 1)" in err
    assert list(tmp_path.iterdir()) == [tmp_path / "data"]


def test_only_allowed_says_how_many_it_left_out(export, tmp_path):
    code, out, _ = export("imagefolder", tmp_path / "cars", "--only-allowed")
    assert code == 0
    assert "2 of 3 images" in out
    assert "1  license: its license does not allow the mode" in out
    assert "1  arr: all rights are reserved" in out


@pytest.mark.parametrize(
    ("args", "settings", "code", "words"),
    [
        (("pdf", "x"), {}, 2, "unknown format 'pdf'; use one of: openimages"),
        (("csv", "data"), {}, 2, "exists: name another destination"),
        (("csv", "x", "--where", "mkae=1"), {}, 2, "no such column: mkae"),
        (("csv", "x", "--where", "make = 'Opel'"), {}, 3, "no image is left of 3"),
        (("csv", "x", "--split", "90"), {}, 2, "--split"),
        (("csv", "x", "--purpose", "fun"), {}, 2, "--purpose 'fun'"),
        (("csv", "x", "--mode", "cc"), {"PURPOSE": "commercial"}, 2, r"by-nc-2.0 1"),
        (("csv", "x"), {"DATA_DIR": "/nowhere"}, 5, "there is no catalog at"),
        (("csv", "x"), {"DISK_FREE_MIN": 1 << 60}, 5, "the disk is full"),
    ],
)
def test_whatever_is_wrong_is_one_line(export, tmp_path, monkeypatch, args, settings, code, words):
    monkeypatch.chdir(tmp_path)
    got, out, err = export(*args, **settings)
    assert (got, out) == (code, "")
    assert err.startswith("carsets: ")
    assert err.count("\n") == 1
    assert words in err
    assert not (tmp_path / "x").exists()


def test_it_wants_a_format_and_a_folder(export):
    with pytest.raises(UsageError, match="formats: openimages"):
        export("csv")


def scrapy(*args, data, **more):
    command = [sys.executable, "-m", "scrapy", *map(str, args), "-s", f"DATA_DIR={data}"]
    return subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=120, **more
    )


@pytest.mark.slow
def test_the_whole_command_and_its_help(data, tmp_path):
    done = scrapy("export", "webdataset", tmp_path / "cars", "--only-allowed", data=data)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 of 3 images" in done.stdout
    shown = scrapy("export", "--help", data=data).stdout
    for option in ("--mode", "--where", "--only-allowed", "--split", "--size", "--thumb-300k"):
        assert option in shown


@pytest.mark.slow
def test_in_a_terminal_there_is_a_bar(data, tmp_path):
    terminal, other_end = pty.openpty()
    command = [
        *(sys.executable, "-m", "scrapy", "export", "csv", str(tmp_path / "cars")),
        *("-s", f"DATA_DIR={data}"),
    ]
    done = subprocess.run(
        command, cwd=REPOSITORY, stdout=subprocess.DEVNULL, stderr=other_end, timeout=120
    )
    os.close(other_end)
    shown = os.read(terminal, 65_536).decode()
    os.close(terminal)
    assert done.returncode == 0
    assert "exporting" in shown
