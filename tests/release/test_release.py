"""A release as a whole: what it holds, how it fails, and how it goes on."""

import csv
import errno
import json
import shutil
import stat
import subprocess
from collections import namedtuple
from io import BytesIO

import pytest
from PIL import Image

from carsets.outcomes import ExitCode
from carsets.problems import UserError
from carsets.release.folder import ReleaseFolder

HOSTILE = (
    "=1+1",
    "+cmd",
    "@SUM(1)",
    "-2",
    "\t=1",
    "\r=1",
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "bell\x07 \x1b[31m\x01 \u202e",
    '"quotes", and\r\nlines',
    "x" * 10_000,
)
ODD_LABELS = ("Citroën", "ŠKODA/Fabia", "..", "CON", "con", "=1+1", "a b", "x" * 400)


def tree(folder):
    """Return the bytes of every file by its name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def told(folder):
    return json.loads((folder / "release.json").read_text())


def checked(folder):
    """See that another program finds every file as SHA256SUMS has it, and no other file."""
    subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=folder, check=True
    )
    listed = {line[66:] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    assert listed == set(tree(folder)) - {"SHA256SUMS"}


# --- The three conclusions of the paper on the law of web datasets ----------------------------


def test_store_unless_prohibited(dataset):
    """What no signal prohibits may be kept for research: all licenses, none that is reserved."""
    for code in ("arr", "unknown", "by-nc-nd-4.0"):
        dataset.add(license=code, reservation="free")
    dataset.add(license="by-4.0", reservation="reserved")
    report = dataset.release("imagefolder", mode="internal", purpose="research")
    assert report.exported == 4
    assert stat.S_IMODE(report.path.stat().st_mode) == 0o700
    assert "DO NOT PUBLISH" in (report.path / "INTERNAL.txt").read_text()
    assert told(report.path)["retain_until"] == "2027-01-02"
    # Business has no such exception, and a list of addresses is no exception either.
    assert dataset.release("urls", "list").left_out == {"reserved": 1}


@pytest.mark.parametrize("mode", ["cc", "cc-commercial"])
@pytest.mark.parametrize("code", ["arr", "unknown"])
def test_no_redistribution_of_arr(dataset, mode, code):
    """Pixels of which nobody allows copies are never handed out, and the export says so."""
    allowed = dataset.add(license="by-4.0")
    forbidden = dataset.add(license=code)
    with pytest.raises(UserError, match=rf"does not allow 1 of 2 images: .*\({code} 1\)") as caught:
        dataset.release("imagefolder", mode=mode)
    assert "--only-allowed" in str(caught.value)
    assert sorted(path.name for path in dataset.folder.iterdir()) == ["data"]
    report = dataset.release("imagefolder", mode=mode, only_allowed=True)
    assert report.left_out == {"license": 1}
    assert told(report.path)["left_out_by_license"][0]["license"] == code
    files = tree(report.path)
    assert dataset.file(allowed).read_bytes() in files.values()
    assert dataset.file(forbidden).read_bytes() not in files.values()
    checked(report.path)


def test_redistribute_cc(dataset):
    """CC images are handed out byte for byte, and each says whose it is."""
    codes = ("by-2.0", "by-sa-4.0", "by-nc-2.0", "by-nd-2.0", "cc0-1.0")
    images = [dataset.add(license=code) for code in codes]
    report = dataset.release("imagefolder")
    assert report.exported == len(codes)
    files = tree(report.path)
    assert all(dataset.file(image).read_bytes() in files.values() for image in images)
    rows = list(csv.DictReader(files["ATTRIBUTION.csv"].decode().splitlines()))
    assert [row["author"] for row in rows] == [f"Eve {n}" for n in range(1, 6)]
    assert all(row["title"] and row["source"] and row["license"] for row in rows)
    assert all((report.path / row["file"]).is_file() for row in rows)
    with pytest.raises(UserError, match=r"forbids commercial use \(NC\) \(by-nc-2.0 1\)"):
        dataset.release("imagefolder", "business", mode="cc-commercial")


# --- What a release holds ---------------------------------------------------------------------

TOP = (
    *("LICENSE-annotations", "README.md", "SHA256SUMS", "TOMBSTONES.csv", "release.json"),
    "splits.csv",
)


def test_the_files_at_the_top(dataset):
    for _ in range(20):
        dataset.add()
    dataset.catalog.bury(url="https://gone.test/", reason="=asked by mail")
    report = dataset.release("csv", split="80/20")
    files = tree(report.path)
    assert set(TOP) <= set(files)
    assert b"CC BY 4.0" in files["LICENSE-annotations"]
    assert b"'=asked by mail" in files["TOMBSTONES.csv"]
    assert b"gone.test" not in b"".join(files.values())
    splits = dict(csv.reader(files["splits.csv"].decode().splitlines()[1:]))
    assert len(splits) == 20
    assert set(splits.values()) == {"train", "test"}
    facts = told(report.path)
    assert facts["considered"] == facts["exported"] + sum(facts["left_out"].values()) == 20
    assert facts["splits"] == {name: [*splits.values()].count(name) for name in facts["splits"]}
    assert facts["options"]["split"] == "80/20"
    assert str(dataset.folder) not in b"".join(files.values()).decode()
    checked(report.path)


def test_the_catalog_remembers_it(dataset):
    for _ in range(3):
        dataset.add()
    report = dataset.release("urls", where="title <> 'Car 2'")
    [row] = dataset.catalog.releases()
    assert (row.release_id, row.digest, row.version) == (report.release_id, report.digest, 1)
    assert row.numbers.tolist() == [1, 3]
    assert (row.image_count, row.destination) == (2, str(report.path))
    size = sum(len(data) for data in tree(report.path).values())
    assert row.bytes == report.bytes == size
    assert row.options["where"] == "title <> 'Car 2'"


@pytest.mark.parametrize("name", ["csv", "imagefolder", "webdataset"])
def test_two_exports_of_one_catalog_are_the_same(dataset, name):
    for number, title in enumerate(HOSTILE):
        make = ODD_LABELS[number % len(ODD_LABELS)]
        dataset.add(seen={"title": title}, labels={"make": make})
    (dataset.folder / "a").mkdir()
    (dataset.folder / "b").mkdir()
    one = dataset.release(name, "a/cars", split="80/20", only_allowed=True)
    other = dataset.release(name, "b/cars", split="80/20", only_allowed=True)
    assert tree(one.path) == tree(other.path)
    assert one.digest == other.digest
    checked(one.path)


def test_hostile_texts_reach_no_path_and_no_terminal(dataset):
    for number, make in enumerate(ODD_LABELS):
        dataset.add(seen={"title": HOSTILE[number]}, labels={"make": make})
    report = dataset.release("imagefolder")
    images = list(report.path.rglob("*.jpg"))
    assert len(images) == len(ODD_LABELS)
    assert all(path.resolve().is_relative_to(report.path) for path in images)
    folders = {path.parent.name for path in images}
    assert len({name.lower() for name in folders}) == len(ODD_LABELS)
    assert not folders & {"..", "CON", "con"}
    assert b"<img src=x" not in (report.path / "ATTRIBUTION.html").read_bytes()
    checked(report.path)


def test_resized_copies_leave_nd_images_out_or_as_they_are(dataset):
    nd, by = dataset.add(license="by-nd-2.0"), dataset.add(license="by-2.0")
    report = dataset.release("imagefolder", "out", size="32x32")
    assert report.left_out == {"nd": 1}
    report = dataset.release("imagefolder", "as_it_is", size="32x32", nd="unchanged")
    files = {path.stem: path for path in report.path.rglob("*.jpg")}
    assert files[nd[:16]].read_bytes() == dataset.file(nd).read_bytes()
    with Image.open(files[by[:16]]) as copy:
        assert copy.size == (32, 32)
    rows = list(csv.DictReader((report.path / "ATTRIBUTION.csv").read_text().splitlines()))
    assert [bool(row["changes"]) for row in rows] == [False, True]
    with pytest.raises(UserError, match=r"by-nd-2.0 1.*--nd unchanged"):
        dataset.release("imagefolder", "fail", size="32x32", nd="fail", only_allowed=True)
    assert dataset.release("imagefolder", "whole").exported == 2


def test_evidence_of_lists_is_believed_when_asked(dataset):
    dataset.add(license_evidence=2)
    dataset.add(license_evidence=1)
    with pytest.raises(UserError, match="--accept-evidence list,file believes"):
        dataset.release("imagefolder")
    report = dataset.release("imagefolder", accept_evidence="list", only_allowed=True)
    assert (report.exported, report.left_out) == (1, {"license": 1})


def test_an_image_that_nobody_can_credit_is_refused(dataset):
    dataset.add(seen={"author": "", "author_url": ""})
    dataset.add(license="cc0-1.0", seen={"author": ""})
    with pytest.raises(UserError, match=r"have to be credited, and nobody knows how \(by-2.0 1\)"):
        dataset.release("imagefolder")
    assert dataset.release("imagefolder", only_allowed=True).left_out == {"attribution": 1}
    assert dataset.release("urls", "list").exported == 2


# --- How it fails -----------------------------------------------------------------------------


def test_nothing_to_export_leaves_nothing(dataset):
    with pytest.raises(UserError, match="no images yet") as caught:
        dataset.release()
    assert caught.value.exit_code is ExitCode.NOTHING_KEPT
    dataset.add(verdict="review")
    with pytest.raises(UserError, match="no image is left of 1: 1 waits for people") as caught:
        dataset.release()
    assert caught.value.exit_code is ExitCode.NOTHING_KEPT
    assert sorted(path.name for path in dataset.folder.iterdir()) == ["data"]


def test_a_destination_that_exists_is_refused(dataset):
    dataset.add()
    before = tree(dataset.release().path)
    with pytest.raises(UserError, match="exists: name another destination"):
        dataset.release()
    assert tree(dataset.folder / "cars") == before


@pytest.mark.parametrize("name", ["imagefolder", "webdataset"])
def test_files_that_are_missing_or_changed_fail_the_export(dataset, name):
    images = [dataset.add() for _ in range(8)]
    dataset.file(images[2]).unlink()
    body = dataset.file(images[5]).read_bytes()
    dataset.file(images[5]).write_bytes(body[:-1] + b"\0")
    with pytest.raises(UserError) as caught:
        dataset.release(name)
    message = str(caught.value)
    assert "2 of 8 images cannot be exported" in message
    assert "1 missing in the store" in message
    assert "1 changed since they were stored" in message
    assert images[2][:16] in message
    assert images[5][:16] in message
    assert not (dataset.folder / "cars").exists()
    assert (dataset.folder / "cars.partial").is_dir()
    # The advice works.
    dataset.file(images[5]).write_bytes(body)
    ids = f"image_id NOT IN ('{images[2][:16]}')"
    report = dataset.release(name, where=ids)
    assert report.exported == 7
    checked(report.path)


@pytest.mark.parametrize("path", ["../secret.jpg", "/etc/passwd", "a/../../secret.jpg", "link.jpg"])
def test_a_path_never_leads_out_of_the_store(dataset, path):
    secret = dataset.folder / "data" / "secret.jpg"
    secret.write_bytes(b"secret")
    (dataset.store / "link.jpg").symlink_to(secret)
    dataset.add()
    image = dataset.add()
    with dataset.catalog._write() as connection:
        connection.exec_driver_sql("UPDATE images SET path=? WHERE sha256=?", (path, image))
    with pytest.raises(UserError, match="1 of 2 images cannot be exported: 1 cannot be read"):
        dataset.release("imagefolder")


def test_a_store_in_the_cloud_or_none_at_all(dataset):
    dataset.add()
    with pytest.raises(UserError, match="copy it to a folder"):
        dataset.release("imagefolder", around=dataset.surroundings(images_store="gs://bucket/"))
    with pytest.raises(UserError, match="there is no image store"):
        dataset.release("imagefolder", around=dataset.surroundings(images_store="/nowhere"))
    assert dataset.release("urls", around=dataset.surroundings(images_store="s3://b")).exported == 1


Usage = namedtuple("Usage", "total used free")


def test_below_the_floor_the_partial_is_kept(dataset, monkeypatch):
    for _ in range(10):
        dataset.add()
    around = dataset.surroundings(disk_free_min=1 << 20)
    with monkeypatch.context() as patch:
        patch.setattr("carsets.release.folder.CHECK_DISK_EVERY", 1)
        frees = iter([2 << 20] * 5 + [1 << 19] * 100)
        patch.setattr(shutil, "disk_usage", lambda path: Usage(1 << 30, 0, next(frees)))
        with pytest.raises(UserError, match=r"DISK_FREE_MIN is 1.* it is kept") as caught:
            dataset.release("imagefolder", around=around)
    assert caught.value.exit_code is ExitCode.STORE_FAILED
    assert "\n" not in str(caught.value)
    assert (dataset.folder / "cars.partial").is_dir()
    report = dataset.release("imagefolder", around=around)
    assert report.resumed
    checked(report.path)


@pytest.mark.parametrize("name", ["csv", "imagefolder", "webdataset", "parquet", "sqlite"])
def test_a_disk_that_is_full_at_nine_tenths(dataset, name, monkeypatch):
    for _ in range(20):
        dataset.add()
    put, written = ReleaseFolder._finish, []

    def finish(self, name, entry):
        written.append(name)
        if len(written) == limit:
            raise OSError(errno.ENOSPC, "No space left on device")
        put(self, name, entry)

    whole = tree(dataset.release(name, "whole/cars").path)
    limit = max(1, len(whole) * 9 // 10)
    monkeypatch.setattr(ReleaseFolder, "_finish", finish)
    with pytest.raises(UserError, match=r"the disk is full .*the same command goes on") as caught:
        dataset.release(name)
    assert caught.value.exit_code is ExitCode.STORE_FAILED
    monkeypatch.undo()
    assert tree(dataset.release(name).path) == whole


def test_other_options_start_anew_and_say_so(dataset, monkeypatch):
    images = [dataset.add() for _ in range(4)]
    dataset.file(images[3]).rename(dataset.folder / "aside")
    with pytest.raises(UserError):
        dataset.release("imagefolder")
    (dataset.folder / "aside").rename(dataset.file(images[3]))
    report = dataset.release("imagefolder", size="20x20")
    assert report.started_anew
    assert not report.resumed
    with Image.open(next(report.path.rglob("*.jpg"))) as image:
        assert image.size == (20, 20)
    checked(report.path)


def test_a_format_that_cannot_be_without_images_leaves_nothing_behind(dataset):
    dataset.add()
    with pytest.raises(UserError, match="--mode urls has none"):
        dataset.release("imagefolder", mode="urls")
    assert sorted(path.name for path in dataset.folder.iterdir()) == ["data"]


def test_internal_releases_need_a_date(dataset):
    dataset.add(fetched_at="")
    with pytest.raises(UserError, match="--retain-until 2027-12-31"):
        dataset.release("imagefolder", mode="internal")
    report = dataset.release("imagefolder", mode="internal", retain_until="2030-01-01")
    assert told(report.path)["retain_until"] == "2030-01-01"
    [row] = dataset.catalog.releases()
    assert row.options["retain_until"] == "2030-01-01"


def test_an_image_that_cannot_be_copied_is_a_fault(dataset):
    dataset.add()
    dataset.add(body=b"\xff\xd8\xff not a picture")
    with pytest.raises(UserError, match="1 of 2 images cannot be exported: 1 cannot be copied"):
        dataset.release("imagefolder", size="20x20")
    assert dataset.release("imagefolder").exported == 2


def test_copies_are_what_they_say(dataset):
    buffer = BytesIO()
    Image.new("RGB", (80, 40), "red").save(buffer, "JPEG")
    dataset.add(body=buffer.getvalue(), width=80, height=40)
    report = dataset.release("webdataset", size="20x20", fit="keep")
    assert told(report.path)["size"] == "20x20 keep"
    checked(report.path)
