"""Crawls of the catalogs: Commons, Open Images, and lists that say what their images were."""

import base64
import csv
import hashlib
import json
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from carsets.fakeweb.commons_api import number_of_file
from carsets.fakeweb.corpus import bulk_url
from carsets.fakeweb.facts import facts
from carsets.fakeweb.open_images_files import photographs, write_files
from carsets.fakeweb.pictures import bulk_picture, flickr_size, picture
from carsets.vision.inspection import Limits, inspect


def told(dataset, *columns):
    """Return the sightings: columns by URL."""
    rows = dataset.rows(f"SELECT url, {', '.join(columns)}, outcome FROM sightings")
    return {url: values for url, *values in rows}


def test_commons_is_searched_with_licenses_and_lagging_servers(crawls, dataset):
    run = crawls.run("commons", dataset.folder, {"query": "lagging red ford", "per_query": 60})
    assert run.returncode == 0, run.stderr[-3000:]
    dataset.assert_whole()
    sightings = told(dataset, "license", "extra")
    assert len(sightings) == 60
    ends = {"http_404": "http_404", "xmp": "opted_out", "too_small": "too_small",
            "truncated": "truncated"}  # fmt: skip
    for url, (license, extra, outcome) in sightings.items():
        image = facts(number_of_file(unquote(urlsplit(url).path)))
        assert license == image.license.replace("pdm-1.0", "pdm")  # its mark has no address there
        assert outcome == ends.get(image.fate, outcome)
        assert len(json.loads(extra)["sha1"]) == 40
        if image.fate == "ok" and image.copy_of is None and image.scene.kind == "vehicle":
            assert outcome in {"stored", "near_duplicate", "duplicate_bytes", "duplicate_pixels"}
    api = crawls.web.stats()["hosts"]["commons.wikimedia.org"]
    assert api["requests"] == 2 * 2 * 2  # two batches of two pieces each, all lagging once
    assert "test@example.org" in next(iter(api["agents"]))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Return a folder with a small set of Open Images files."""
    folder = tmp_path_factory.mktemp("oi")
    write_files(folder, photographs(24))
    return folder


def listed(folder):
    path = folder / "train-images-boxable-with-rotation.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        return {row["ImageID"]: row for row in csv.DictReader(stream)}


@pytest.mark.parametrize("whence", ["original", "s3"])
def test_open_images_are_fetched_from_where_the_user_says(crawls, dataset, files, whence):
    run = crawls.run("openimages", dataset.folder, {"folder": files, "from": whence})
    assert run.returncode == 0, run.stderr[-3000:]
    dataset.assert_whole()
    rows = dataset.rows(
        "SELECT source_id, url, license, extra, labels, outcome, image_id FROM sightings"
    )
    published = listed(files)
    vehicles = [n for n in photographs(24) if facts(n).scene.kind == "vehicle"]
    assert len(rows) == len(vehicles) > 15
    stored = 0
    for source_id, url, license, extra, labels, outcome, image_id in rows:
        row = published[source_id]
        assert license == "by-2.0"
        extra = json.loads(extra)
        assert extra["boxes"]
        assert extra["OriginalMD5"] == row["OriginalMD5"]
        assert json.loads(labels)["body"]
        assert (url == row["OriginalURL"]) == (whence == "original")
        assert outcome != "replaced"
        if outcome == "stored" and whence == "original":
            stored += 1
            [digest] = dataset.rows("SELECT md5 FROM images WHERE image_id = ?", image_id)
            assert base64.b64decode(row["OriginalMD5"]).hex() == digest
    hosts = crawls.web.stats()["hosts"]
    assert ("open-images-dataset.s3.amazonaws.com" in hosts) == (whence == "s3")
    assert stored > 10 or whence == "s3"


def test_an_original_that_was_replaced_is_dropped_and_its_copy_is_not_held_to_the_md5(
    crawls, dataset, files, tmp_path
):
    swapped = tmp_path / "swapped"
    swapped.mkdir()
    for path in files.iterdir():
        text = path.read_text(encoding="utf-8")
        for row in listed(files).values():
            other = base64.b64encode(hashlib.md5(row["ImageID"].encode()).digest()).decode()
            text = text.replace(row["OriginalMD5"], other)
        (swapped / path.name).write_text(text, encoding="utf-8")
    crawls.run("openimages", dataset.folder, {"folder": swapped})
    [receipt] = dataset.receipts
    assert receipt["kept"] == 0
    assert receipt["outcomes"]["replaced"] > 10
    run = crawls.run("openimages", dataset.folder, {"folder": swapped, "from": "s3"})
    assert run.returncode == 0
    assert dataset.receipts[-1]["outcomes"]["stored"] > 10


@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl"])
def test_a_list_that_knows_its_pictures_accepts_new_encodings_and_no_others(
    crawls, dataset, tmp_path, form
):
    rows = []
    for number in range(3):
        served = inspect(bulk_picture(number), Limits())
        other = inspect(bulk_picture(number + 100), Limits())
        sha256, phash = served.sha256, f"{served.phash:016x}"
        if number == 1:  # the list was made from another encoding of the same picture
            sha256 = hashlib.sha256(b"as it was then").hexdigest()
        if number == 2:  # it was made from another picture
            sha256, phash = other.sha256, f"{other.phash:016x}"
        rows.append({"url": bulk_url(number), "sha256": sha256, "phash": phash, "make": "Ford"})
    path = tmp_path / f"list.{form}"
    if form == "parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif form == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        lines = [",".join(rows[0]), *(",".join(row.values()) for row in rows)]
        path.write_text("\n".join(lines) + "\n")
    run = crawls.run("urls", dataset.folder, {"file": path})
    assert run.returncode == 0, run.stderr[-3000:]
    ends = told(dataset, "note")
    assert [ends[bulk_url(number)][1] for number in range(3)] == ["stored", "stored", "replaced"]
    notes = [ends[bulk_url(number)][0] for number in range(3)]
    assert notes[0] == ""
    assert notes[1].startswith("the same picture in other bytes")
    assert "another sha256" in notes[2]
    dataset.assert_whole()


def test_the_built_in_copies_have_other_bytes_than_the_originals():
    number = next(n for n in photographs(24) if facts(n).scene.kind == "vehicle")
    assert flickr_size(number, "z") != picture(number)
