"""What the user can mend ends in one line that says what to do, a documented code, no loss."""

import shutil
import sqlite3
import subprocess
import time
from contextlib import closing

import pytest

QUERY = {"query": "red ford mustang", "per_query": 3}
DETECT = {"CAR_DETECTION_ENABLED": 1, "CAR_DETECTION_MODEL": "ResNet50"}
LIST = "url\nhttps://photos-00.carpix.test/2001/a-1.jpg\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Return a folder with things that cannot be used; cases name them as {place}/..."""
    place = tmp_path_factory.mktemp("bad_input")
    (place / "file").write_text("x")
    (place / "empty.csv").write_text("")
    (place / "binary.csv").write_bytes(b"\0\1\2" * 100)
    (place / "array.json").write_text('[{"url": "https://photos-00.carpix.test/1.jpg"}]')
    (place / "vehicles.csv").write_text("make,model,year\nFord,Focus,2001\nFord,,\n")
    (place / "weights.h5").write_bytes(b"\x80\x04K\x01.")
    (place / "nobody").mkdir()
    (place / "nothing").mkdir()
    return place


ARGUMENTS = {
    "misspelt": ("bing", {"qery": "x"}, "unknown argument qery; it takes"),
    "nothing": ("bing", {}, 'nothing to ask: give -a query="red Ford Mustang"'),
    "number": ("bing", {**QUERY, "per_query": -5}, "per_query=-5: expected a whole number"),
    "limit": ("bing", {**QUERY, "limit": "ten"}, "limit=ten: expected a whole number"),
    "vehicles": ("bing", {"vehicles": "{place}/no.csv"}, "/no.csv: no such file"),
    "row": ("bing", {"vehicles": "{place}/vehicles.csv"}, "vehicles.csv, line 3: expected a make"),
    "no list": ("urls", {}, "give the list, as in -a file="),
    "gone list": ("urls", {"file": "{place}/no.csv"}, "/no.csv: there is no such file"),
    "folder as list": ("urls", {"file": "{place}"}, "cannot be read (Is a directory)"),
    "empty list": ("urls", {"file": "{place}/empty.csv"}, "it needs at least one image URL"),
    "binary list": ("urls", {"file": "{place}/binary.csv"}, "A list is plain text, CSV"),
    "array": ("urls", {"file": "{place}/array.json"}, "write one object a line"),
    "no folder": ("folder", {"path": "{place}/no"}, "there is no such folder"),
    "empty folder": ("folder", {"path": "{place}/nothing"}, "no file to read in this folder"),
    "spider": ("bong", {}, "there is no spider 'bong': scrapy list shows all"),
}
# source, settings, environment, exit code, what the line says
SETTINGS = {
    "key": ("flickr", {}, {"FLICKR_API_KEY": ""}, 2, "set the environment variable FLICKR_API_KEY"),
    "contact": (
        "openverse",
        {"CONTACT": "", "FAKEWEB_PORT": 0},
        {},
        2,
        "set CONTACT to a web page",
    ),
    "weights": (
        "bing",
        {**DETECT, "CAR_DETECTION_FETCH": False},
        {"KERAS_HOME": "{place}/nobody"},
        2,
        "or use the small network that ships with carsets: -s CAR_DETECTION_MODEL=builtin",
    ),
    "hash": (
        "bing",
        {
            **DETECT,
            "CAR_DETECTION_WEIGHTS": "{place}/weights.h5",
            "CAR_DETECTION_WEIGHTS_SHA256": "1" * 64,
        },
        {},
        2,
        "is not the file that was meant: its sha256 is",
    ),
    "no hash": (
        "bing",
        {**DETECT, "CAR_DETECTION_WEIGHTS": "{place}/weights.h5"},
        {},
        2,
        "needs CAR_DETECTION_WEIGHTS_SHA256",
    ),
    "store": (
        "bing",
        {"IMAGES_STORE": "{place}/file/images"},
        {},
        5,
        "(Not a directory): set IMAGES",
    ),
    "data": ("bing", {"DATA_DIR": "{place}/file/data"}, {}, 5, "set "),
    "receipts": ("bing", {"RECEIPTS_DIR": "{place}/file/r"}, {}, 5, "set RECEIPTS_DIR"),
    "cloud": (
        "bing",
        {"IMAGES_STORE": "foo://bucket"},
        {},
        2,
        "a path, s3:// or gs:// is expected",
    ),
    "disk": ("bing", {"DISK_FREE_MIN": 1 << 60}, {}, 5, "no space left for images (see DISK_FREE"),
    "purpose": ("bing", {"PURPOSE": "fun"}, {}, 2, "PURPOSE=fun: research or commercial is"),
    "commercial": (
        "flickr",
        {"PURPOSE": "commercial"},
        {"FLICKR_API_KEY": "0" * 32},
        2,
        "FLICKR_COMMERCIAL_AGREEMENT",
    ),
    "license": ("bing", {"LICENSE_ALLOWED": "cc-zero"}, {}, 2, "LICENSE_ALLOWED: unknown license"),
    "format": ("bing", {"IMAGE_FORMATS": "JPEG,JPG2"}, {}, 2, "must be some of JPEG, PNG, WEBP"),
    "negative": ("bing", {"IMAGES_IN_FLIGHT": -1}, {}, 2, "IMAGES_IN_FLIGHT=-1: a whole number of"),
    "word": ("bing", {"DOWNLOAD_TIMEOUT": "soon"}, {}, 2, "DOWNLOAD_TIMEOUT=soon: a number of"),
    "port": ("bing", {"FAKEWEB_PORT": "x"}, {}, 2, "FAKEWEB_PORT=x: a whole number from 0 to"),
    "rule": (
        "bing",
        {**DETECT, "CAR_DETECTION_MODEL": "builtin", "CAR_DETECTION_RULE": "best"},
        {},
        2,
        "CAR_DETECTION_RULE must be one of group, top4",
    ),
}


def filled(values, place):
    """Return the values with the folder's name where they say {place}."""
    return {
        name: value.format(place=place) if isinstance(value, str) else value
        for name, value in values.items()
    }


def assert_one_line(run, code, line):
    """Check the exit code, and that the last line is the only one that is carsets' own."""
    assert run.returncode == code, run.stderr[-3000:]
    assert "Traceback" not in run.stderr
    said = [text for text in run.stderr.splitlines() if text.startswith("carsets: ")]
    assert said == [run.last_line]
    assert line in run.last_line
    assert run.last_line.endswith(f"(exit code {code})")
    assert run.stdout == ""


@pytest.mark.parametrize("name", ARGUMENTS)
def test_a_wrong_argument_is_named(name, crawls, dataset, place):
    source, arguments, line = ARGUMENTS[name]
    run = crawls.run(source, dataset.folder, filled(arguments, place))
    assert_one_line(run, 2, line)
    assert not dataset.files() if dataset.folder.exists() else True


@pytest.mark.parametrize("name", SETTINGS)
def test_a_wrong_setting_is_named(name, crawls, dataset, place):
    source, settings, environment, code, line = SETTINGS[name]
    settings = {"DATA_DIR": dataset.folder, **filled(settings, place)}
    data = settings.pop("DATA_DIR")
    run = crawls.run(source, data, QUERY, filled(environment, place), **settings)
    assert_one_line(run, code, line)


@pytest.fixture
def crawled(crawls, dataset):
    """Return a small dataset that was made well, to be put at risk, and what it holds."""
    run = crawls.run("bing", dataset.folder, {"query": "blue fiat 500", "per_query": 4})
    assert run.returncode == 0, run.stderr
    assert dataset.kept()
    return dataset


def test_a_dataset_survives_a_disk_that_is_full(crawls, crawled):
    before = crawled.kept()
    run = crawls.run("bing", crawled.folder, QUERY, DISK_FREE_MIN=1 << 60)
    assert_one_line(run, 5, "make room, then give the command again")
    assert crawled.kept() == before
    crawled.assert_whole()
    again = crawls.run("bing", crawled.folder, QUERY)
    assert again.returncode == 0, again.stderr
    assert len(crawled.kept()) > len(before)
    crawled.assert_whole()


def test_a_catalog_of_a_newer_schema_is_left_alone(crawls, crawled):
    with closing(sqlite3.connect(crawled.catalog)) as connection:
        connection.execute("INSERT INTO schema_version (version) VALUES (99)")
        connection.commit()
    before = crawled.rows("SELECT * FROM sightings"), crawled.kept()
    run = crawls.run("bing", crawled.folder, QUERY)
    assert_one_line(run, 5, "has schema 99")
    assert "upgrade carsets" in run.last_line
    assert (crawled.rows("SELECT * FROM sightings"), crawled.kept()) == before
    assert crawled.files().keys() == before[1].keys()


@pytest.mark.parametrize(
    "content",
    [b"this is no database\n" * 500, b"SQLite format 3\0" + b"\xff" * 5000],
    ids=["text", "damaged"],
)
def test_a_file_that_is_no_catalog_is_left_alone(crawls, dataset, content):
    dataset.folder.mkdir()
    dataset.catalog.write_bytes(content)
    run = crawls.run("bing", dataset.folder, QUERY)
    assert_one_line(run, 5, str(dataset.catalog))
    assert dataset.catalog.read_bytes() == content


def test_somebody_elses_database_is_left_alone(crawls, dataset):
    dataset.folder.mkdir()
    with closing(sqlite3.connect(dataset.catalog)) as connection:
        connection.execute("CREATE TABLE recipes (name)")
    run = crawls.run("bing", dataset.folder, QUERY)
    assert_one_line(run, 5, "is not a carsets catalog: check DATA_DIR or CATALOG_URL")
    assert dataset.rows("SELECT name FROM sqlite_master") == ["recipes"]


IMPATIENT = """
import carsets.catalog.connection
carsets.catalog.connection.BUSY_SECONDS = 1
from carsets.settings import *
"""


def test_a_catalog_that_is_locked_for_long_ends_the_run_and_loses_nothing(
    crawls, crawled, tmp_path
):
    """Locked at the start, and in the middle of a run."""
    before = crawled.kept()
    (tmp_path / "impatient.py").write_text(IMPATIENT)
    environment = {
        "SCRAPY_SETTINGS_MODULE": "impatient",
        "PYTHONPATH": f"{tmp_path}:{crawls.scrapy.environment()['PYTHONPATH']}",
    }
    more = {"query": "red ford mustang", "per_query": 35}
    with closing(sqlite3.connect(crawled.catalog, timeout=60)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        run = crawls.run("bing", crawled.folder, more, environment)
        assert_one_line(run, 5, "is locked by another program")
        connection.rollback()
        crawls.web.reset()
        started = crawls.start("bing", crawled.folder, more, environment)
        while crawls.web.stats()["requests"] < 15 and not started.over:
            time.sleep(0.02)
        connection.execute("BEGIN IMMEDIATE")
        started.wait()
        connection.rollback()
    assert_one_line(started, 5, "is locked by another program")
    assert before.items() <= crawled.kept().items()
    again = crawls.run("bing", crawled.folder, more)
    assert again.returncode == 0, again.stderr
    crawled_once = crawled.rows("SELECT count(*) FROM sightings WHERE outcome = 'stored'")
    assert crawled_once == [len(crawled.kept())]
    assert crawled.files().keys() == crawled.kept().keys()


@pytest.fixture
def small_disk(tmp_path):
    """Return a file system of 3 MB, or skip where none may be mounted."""
    place = tmp_path / "small"
    place.mkdir()
    mount = shutil.which("mount")
    command = [mount or "mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(place)]
    if mount is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("needs the right to mount a tmpfs, to fill it")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("whole", [True, False], ids=["all of it", "the images alone"])
def test_a_disk_that_is_really_full_ends_the_run_and_loses_nothing(
    crawls, dataset, small_disk, whole
):
    more = {"query": "red ford mustang", "per_query": 70}
    settings = {"DATA_DIR": small_disk / "data"} if whole else {"IMAGES_STORE": small_disk / "i"}
    run = crawls.run(
        "bing", settings.pop("DATA_DIR", dataset.folder), more, DISK_FREE_MIN=0, **settings
    )
    assert run.returncode == 5, run.stderr[-3000:]
    assert "Traceback" not in run.stderr
    assert run.last_line.startswith("carsets: ")
    if not whole:
        files = {str(p.relative_to(small_disk / "i")): p for p in (small_disk / "i").rglob("*.*")}
        kept = dataset.kept()
        assert kept
        assert {name for name in files if not name.startswith(".")} == kept.keys()
        [receipt] = dataset.receipts
        assert receipt["outcomes"]["disk_full"] > 0
        assert sum(receipt["outcomes"].values()) == receipt["found"]
