"""After a removal nothing tells of an image but its tombstone, wherever one looks."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import signal
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pyarrow import parquet
from pycocotools.coco import COCO

FORMATS = (
    *("openimages", "urls", "csv", "jsonl", "parquet", "sqlite", "postgres", "imagefolder"),
    *("webdataset", "coco", "yolo", "labelstudio", "fiftyone", "croissant", "dgcars"),
)
COUNT_SAMPLES = """
import sys, webdataset
shards = webdataset.WebDataset(sys.argv[1:], shardshuffle=False, empty_check=False)
print(sum("json" in sample for sample in shards))
"""
PLAN = {"vehicles": "Toyota RAV4", "colors": "blue", "per_query": 30}


def scrapy(crawls, dataset, *words, **settings):
    given = {"DATA_DIR": dataset.folder, "FAKEWEB_PORT": crawls.web.port, **settings}
    return crawls.scrapy.run(*words, settings=given)


def export_all(crawls, dataset, formats=FORMATS):
    folders = {}
    for name in formats:
        folder = dataset.folder / "releases" / name
        words = ["--mode", "internal", "--label", "make", "--split", "80/20"]
        run = scrapy(crawls, dataset, "export", name, str(folder), *words)
        assert run.returncode == 0, (name, run.stderr[-2000:])
        folders[name] = folder
    return folders


def files_holding(folder, *needles, but=()):
    """Return the files under a folder in which any of the texts stands, as grep would find it."""
    found = []
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name not in but:
            content = str(path.relative_to(folder)).encode() + b"\n" + path.read_bytes()
            found += [str(path.relative_to(folder)) for needle in needles if needle in content]
    return sorted(set(found))


def one_image(dataset):
    """Return an image that one sighting brought, of an author who has no other."""
    return dataset.rows(
        "SELECT i.image_id, i.sha256, i.path, s.url, s.author, s.page_url, s.title FROM images i "
        "JOIN sightings s ON s.image_id = i.image_id AND s.outcome = 'stored' "
        "WHERE i.verdict = 'keep' AND length(s.author) > 5 AND length(s.title) > 12 "
        "AND (SELECT count(*) FROM sightings t WHERE t.author = s.author) = 1 "
        "AND (SELECT count(*) FROM sightings t WHERE t.title = s.title) = 1 "
        "ORDER BY i.seq LIMIT 1"
    )[0]


def needles_of(image):
    image_id, sha256, _, url, author, page_url, title = image
    return [text.encode() for text in (image_id, sha256, url, author, page_url, title) if text]


def assert_removed(dataset, image):
    """Look through everything: catalog with its log, store, receipts, pages, reports, releases."""
    found = files_holding(dataset.folder, *needles_of(image))
    # The sha256 is its own tombstone; nothing else may be left, of it or of anything.
    assert set(found) <= {
        "catalog.sqlite", "reports/TOMBSTONES.csv",
        *(f"releases/{name}/TOMBSTONES.csv" for name in FORMATS),
    }  # fmt: skip
    sha256 = image[1].encode()
    others = [needle for needle in needles_of(image) if needle not in sha256]
    assert not files_holding(dataset.folder, *others)
    catalog = dataset.catalog.read_bytes()
    assert catalog.count(sha256) == catalog.count(b"sha256" + sha256) > 0


def assert_balanced(dataset):
    """Every run's sum is still the number of its sightings, as far as it was the first to see."""
    for receipt in dataset.receipts:
        assert receipt["found"] == sum(receipt["outcomes"].values())
    assert dataset.rows("PRAGMA integrity_check") == ["ok"]
    assert dataset.rows("PRAGMA foreign_key_check") == []


def assert_readable(folders, images):
    """Read patched releases with libraries that know nothing of us."""
    for path in (folders["coco"] / "annotations").glob("labels_*.json"):
        with redirect_stdout(StringIO()):
            coco = COCO(str(path))
        assert all(coco.loadImgs(number) for number in coco.getImgIds())
        for annotation in coco.loadAnns(coco.getAnnIds()):
            [image] = coco.loadImgs(annotation["image_id"])
            assert (folders["coco"] / image["file_name"]).is_file()
    shards = sorted(map(str, folders["webdataset"].rglob("*.tar")))
    count = [sys.executable, "-c", COUNT_SAMPLES, *shards]  # the library leaves its files open
    read = subprocess.run(count, capture_output=True, timeout=120, check=True)
    assert int(read.stdout) == images
    counted = [json.loads(path.read_text()) for path in folders["webdataset"].rglob("*.json")]
    lists = [facts["shardlist"] for facts in counted if "shardlist" in facts]
    assert sum(shard["nsamples"] for listed in lists for shard in listed) == images
    rows = sum(parquet.read_table(path).num_rows for path in folders["parquet"].rglob("*.parquet"))
    assert rows == images


def assert_sums(folder):
    lines = (folder / "SHA256SUMS").read_text().splitlines()
    named = {}
    for line in lines:
        digest, _, name = line.partition("  ")
        named[name] = digest
    there = {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()}
    assert there == {*named, "SHA256SUMS"}
    for name, digest in named.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name


@pytest.fixture
def filled(crawls, dataset):
    """Return a dataset with images of a source that names its authors."""
    run = crawls.run("flickr", dataset.folder, PLAN)
    assert run.returncode == 0, run.stderr
    return dataset


def test_nothing_is_left_of_an_image_in_any_format(crawls, filled):
    folders = export_all(crawls, filled)
    image = one_image(filled)
    assert set(files_holding(filled.folder, image[0].encode())) >= {"catalog.sqlite"}
    sightings = filled.rows("SELECT count(*) FROM sightings")
    (filled.folder / "pages").mkdir(exist_ok=True)
    (filled.folder / "pages" / "x-flickr-1.html").write_text(f'<a href="{image[3]}">')
    (filled.folder / "pages" / "x-flickr-2.html").write_text("<p>another")
    before = {name: len(list(folder.rglob("*"))) for name, folder in folders.items()}

    shown = scrapy(crawls, filled, "remove", "--url", image[3], "--dry-run")
    assert shown.returncode == 0, shown.stderr
    assert str(folders["coco"]) in shown.stdout
    refused = scrapy(crawls, filled, "remove", "--url", image[3], "--reason", "asked")
    assert (refused.returncode, "add --yes" in refused.stderr) == (2, True)
    assert (filled.folder / "images" / image[2]).is_file()

    run = scrapy(crawls, filled, "remove", "--url", image[3], "--reason", "asked", "--yes")
    assert run.returncode == 0, run.stdout + run.stderr
    assert_removed(filled, image)
    assert filled.rows("SELECT count(*) FROM sightings") == sightings
    assert [p.name for p in (filled.folder / "pages").iterdir()] == ["x-flickr-2.html"]
    assert_balanced(filled)
    assert filled.files().keys() == filled.kept().keys()
    assert_readable(folders, len(filled.kept()))
    for name, folder in folders.items():
        assert_sums(folder)
        facts = json.loads((folder / "release.json").read_text())
        assert facts["version"] == 2, name
        assert len(list(folder.rglob("*"))) <= before[name]
    rows = filled.rows("SELECT format, version, withdrawn_at != '' FROM releases")
    assert sorted(rows) == sorted(row for name in FORMATS for row in [(name, 1, 1), (name, 2, 0)])
    again = scrapy(crawls, filled, "remove", "--url", image[3], "--reason", "asked", "--yes")
    assert again.returncode == 0


def test_what_was_removed_does_not_come_back(crawls, filled, web, tmp_path):
    image = one_image(filled)
    [phash] = filled.rows("SELECT phash FROM images WHERE image_id = ?", image[0])
    body = (filled.folder / "images" / image[2]).read_bytes()
    copy = tmp_path / "own"
    copy.mkdir()
    (copy / "same.jpg").write_bytes(body)
    with __import__("PIL.Image").Image.open(copy / "same.jpg") as picture:
        picture.convert("RGB").save(copy / "smaller.jpg", quality=70)
    run = scrapy(crawls, filled, "remove", "--image", image[0], "--reason", "asked", "--yes")
    assert run.returncode == 0, run.stderr
    web.reset()
    # Another plan of the same source, a list of the address, and copies of the file.
    listed = tmp_path / "list.csv"
    listed.write_text(f"url\n{image[3]}\n")
    crawls.run("flickr", filled.folder, {**PLAN, "per_query": 29})
    crawls.run("urls", filled.folder, {"file": listed})
    crawls.run("folder", filled.folder, {"path": copy})
    asked = web.stats()["hosts"].get(urlsplit(image[3]).hostname, {"paths": {}})["paths"]
    assert urlsplit(image[3]).path not in asked
    assert not filled.rows("SELECT 1 FROM images WHERE sha256 = ?", image[1])
    assert not filled.rows(
        "SELECT 1 FROM images WHERE phash = ? AND verdict IN ('keep', 'review')", phash
    )
    ends = filled.rows("SELECT outcome FROM sightings WHERE source IN ('urls', 'folder')")
    assert set(ends) == {"removed"}


@pytest.mark.parametrize("kind", ["author", "host"])
def test_an_author_or_a_host_is_not_asked_again(kind, crawls, filled, web, tmp_path):
    image = one_image(filled)
    value = image[4] if kind == "author" else urlsplit(image[3]).hostname
    [number] = filled.rows("SELECT count(*) FROM images WHERE verdict = 'keep'")
    run = scrapy(crawls, filled, "remove", f"--{kind}", value, "--reason", "asked", "--yes")
    assert run.returncode == 0, run.stderr
    assert_removed(filled, image)
    [left] = filled.rows("SELECT count(*) FROM images WHERE verdict = 'keep'")
    assert left == (number - 1 if kind == "author" else 0)
    web.reset()
    crawls.run("flickr", filled.folder, {**PLAN, "per_query": 31})
    hosts = web.stats()["hosts"]
    if kind == "host":
        assert value not in hosts
    paths = hosts.get(urlsplit(image[3]).hostname, {"paths": {}})["paths"]
    assert urlsplit(image[3]).path not in paths
    assert not files_holding(filled.folder, image[4].encode())


KILLER = """
import os, signal, sys
from pathlib import Path
import carsets.removal.patch as patch
from carsets.catalog.catalog import Catalog
from carsets.catalog.removal import Target
from carsets.places import Places
from carsets.removal.remover import Remover
from carsets.store_deletion import delete_file
data, kind, value, last = sys.argv[1:]
if last.startswith("swap"):  # between the renames that put a release in its place
    rename, calls = Path.rename, []
    def counted(self, target):
        calls.append(target)
        done = rename(self, target)
        if len(calls) == int(last[4:]):
            os.kill(os.getpid(), signal.SIGKILL)
        return done
    Path.rename = counted
places = Places.from_settings({"DATA_DIR": data})
catalog = Catalog.open(places.catalog_url, create=False)
folder = Path(places.images_store)
remover = Remover(catalog, places, lambda path: delete_file(folder, path), "asked")
for number, step in enumerate(remover.steps([Target(kind, value)])):
    if last == str(number):
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("last", ["0", "1", "2", "3", "4", "5", "6", "7", "8", "swap1", "swap2"])
def test_killed_at_any_step_the_same_command_ends_it(last, crawls, filled):
    folders = export_all(crawls, filled, ["coco", "webdataset"])
    image = one_image(filled)
    words = [sys.executable, "-c", KILLER, str(filled.folder), "url", image[3], last]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, [Path.cwd(), *sys.path]))}
    killed = subprocess.run(words, env=environment, capture_output=True, timeout=120, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    run = scrapy(crawls, filled, "remove", "--url", image[3], "--reason", "asked", "--yes")
    assert run.returncode == 0, run.stdout + run.stderr
    assert_removed(filled, image)
    assert_balanced(filled)
    for folder in folders.values():
        assert_sums(folder)
    standing = filled.rows("SELECT format, version FROM releases WHERE withdrawn_at = ''")
    assert sorted(standing) == [("coco", 2), ("webdataset", 2)]
    assert not list((filled.folder / "releases").glob("*.patched"))
    assert not list((filled.folder / "releases").glob("*.unpatched"))


def test_a_release_that_was_changed_by_hand_is_left_alone_and_named(crawls, filled):
    [folder] = export_all(crawls, filled, ["csv"]).values()
    with (folder / "SHA256SUMS").open("a") as file:
        file.write("\n")
    image = one_image(filled)
    run = scrapy(crawls, filled, "remove", "--sha256", image[1], "--reason", "asked", "--yes")
    assert run.returncode == 4
    assert f"apply_tombstones {folder}" in run.stdout
    assert not (filled.folder / "images" / image[2]).exists()


def test_a_copy_of_a_release_is_patched_without_a_catalog(crawls, filled, tmp_path):
    folders = export_all(crawls, filled)
    copies = {}
    for name, folder in folders.items():
        copies[name] = tmp_path / name
        subprocess.run(["cp", "-r", folder, copies[name]], check=True)
    image = one_image(filled)
    scrapy(crawls, filled, "remove", "--url", image[3], "--reason", "=asked()", "--yes")
    stones = filled.folder / "reports" / "TOMBSTONES.csv"
    assert {row["kind"] for row in csv.DictReader(stones.read_text().splitlines())} == {
        "url",
        "sha256",
        "phash",
    }
    empty = type(filled)(tmp_path / "nowhere")
    for name, copy in copies.items():
        said = scrapy(
            crawls, empty, "apply_tombstones", str(copy), "--from", str(stones), "--dry-run"
        )
        assert said.returncode == 0, said.stderr
        assert files_holding(copy, image[0].encode()), "a dry run changes nothing"
        run = scrapy(crawls, empty, "apply_tombstones", str(copy), "--from", str(stones))
        assert run.returncode == 0, run.stderr
        needles = [needle for needle in needles_of(image) if needle != image[1].encode()]
        assert not files_holding(copy, *needles, but=("TOMBSTONES.csv",))
        assert_sums(copy)
        # The same as the one that its maker has patched: the request is the same.
        for path in sorted(folders[name].rglob("*")):
            if path.is_file():
                other = copy / path.relative_to(folders[name])
                assert other.read_bytes() == path.read_bytes(), other
    assert not empty.folder.exists()
