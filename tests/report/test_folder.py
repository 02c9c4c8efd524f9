"""``scrapy report`` as its user meets it: a whole folder or none, and one line that says why."""

import filecmp
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from carsets.catalog.catalog import Catalog
from carsets.report.site import UNFINISHED
from tests.report.planted import digest_of, path_of

ROOT = Path(__file__).parents[2]


def files_of(folder):
    return {
        path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def names_in(folder):
    return {path.name for path in folder.iterdir()}


def test_the_same_catalog_makes_the_same_bytes(planted, made, report):
    again = made.with_name("again")
    assert not report(planted.data, again)
    first, second = files_of(made), files_of(again)
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
    assert not filecmp.dircmp(made, again).diff_files


@pytest.mark.usefixtures("one_plot")
def test_the_folder_goes_beside_the_data_and_is_named_by_the_time(copied, report, capsys):
    assert not report(copied.data)
    [folder] = (copied.data / "reports").iterdir()
    assert {"index.html", "gallery.html", "doubts.html", "report.json"} <= names_in(folder)
    out = capsys.readouterr().out
    assert str(folder / "index.html") in out
    assert "314 images of 440 addresses" in out


def test_an_empty_catalog_makes_a_report_that_says_so(tmp_path, report, capsys):
    Catalog.open(f"sqlite:///{tmp_path / 'catalog.sqlite'}").close()
    assert report(tmp_path, tmp_path / "r") == 3
    assert capsys.readouterr().err == "carsets: the dataset is empty: crawl first\n"
    assert "The dataset is empty" in (tmp_path / "r" / "index.html").read_text()
    assert "Not curated yet" in (tmp_path / "r" / "doubts.html").read_text()


@pytest.mark.parametrize("kind", ["folder", "file", "link to nothing"])
def test_what_is_there_is_not_overwritten(copied, report, capsys, kind):
    place = copied.data / "r"
    {
        "folder": place.mkdir,
        "file": place.touch,
        "link to nothing": lambda: place.symlink_to("nowhere"),
    }[kind]()
    assert report(copied.data, place) == 2
    assert capsys.readouterr().err == (
        f"carsets: {place} is there already: name a new folder for the report\n"
    )
    assert not list(copied.data.glob(f"{UNFINISHED}*"))


def test_a_place_that_cannot_be_written_is_named(copied, report, capsys):
    (copied.data / "file").touch()
    assert report(copied.data, copied.data / "file" / "r") == 2
    err = capsys.readouterr().err
    assert "cannot be written" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    "words", [["--gallery-most", "-3"], ["--split", "300,20,rest"], ["--split", "x"]]
)
def test_wrong_options_get_one_line(copied, report, capsys, words):
    assert report(copied.data, copied.data / "r", *[f"{words[0]}={words[1]}"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not (copied.data / "r").exists()


def test_no_catalog_is_no_traceback(tmp_path, report, capsys):
    assert report(tmp_path, tmp_path / "r") == 5
    assert capsys.readouterr().err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_leaves_nothing(copied, report, capsys, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("carsets.report.gallery_files.write_script", full)
    assert report(copied.data, copied.data / "r") == 2
    assert "No space left on device" in capsys.readouterr().err
    assert names_in(copied.data) == {"catalog.sqlite", "receipts"}


@pytest.mark.usefixtures("one_plot")
def test_receipts_that_cannot_be_read_are_named(copied, report):
    (copied.data / "receipts" / "broken.json").write_text('{"run": [')
    (copied.data / "receipts" / "list.json").write_text("[]")
    assert not report(copied.data, copied.data / "r")
    text = (copied.data / "r" / "index.html").read_text()
    assert "2 receipts cannot be read and are not counted: broken.json, list.json" in text


@pytest.mark.usefixtures("one_plot")
def test_a_report_that_was_killed_leaves_no_folder_that_looks_whole(copied, report):
    code = (
        "import sys, time, carsets.report.gallery_files as files\n"
        "files.write_script = lambda *_: (print('writing', flush=True), time.sleep(600))\n"
        "from scrapy.cmdline import execute\n"
        f"execute(['scrapy', 'report', '-s', 'DATA_DIR={copied.data}', '{copied.data / 'r'}'])\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "writing\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert not (copied.data / "r").exists()
    assert len(list(copied.data.glob(f"{UNFINISHED}*"))) == 1
    assert not report(copied.data, copied.data / "r")
    assert (copied.data / "r" / "index.html").exists()
    assert not list(copied.data.glob(f"{UNFINISHED}*"))  # the next report has swept


@pytest.mark.usefixtures("one_plot")
def test_a_report_that_somebody_is_writing_is_left_alone(copied, report):
    from carsets.report.site import new_folder

    with new_folder(copied.data / "other") as theirs:
        (theirs / "index.html").touch()
        assert not report(copied.data, copied.data / "r")
    assert (copied.data / "other" / "index.html").exists()


@pytest.mark.usefixtures("one_plot")
def test_what_somebody_asked_to_remove_is_shown_no_more(copied, report):
    with closing(sqlite3.connect(copied.catalog)) as database, database:
        for number in (301, 302):  # both dropped, and kept by people
            database.execute(
                "INSERT INTO reviews (image_id, decision, undone) VALUES (?, 'keep', 0)",
                [digest_of(number)[:16]],
            )
        stone = "INSERT INTO tombstones (kind, value) VALUES ('sha256', ?)"
        database.execute(stone, [digest_of(302)])
        doubt = "INSERT INTO scores (image_id, kind, score) VALUES (?, 'outlier', 1)"
        database.execute(doubt, [digest_of(302)[:16]])
    assert not report(copied.data, copied.data / "r")
    text = b"".join(files_of(copied.data / "r").values()).decode()
    assert path_of(301) in text
    assert digest_of(302)[:16] not in text
