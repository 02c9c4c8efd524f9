"""A release is patched as a whole or not at all, and what cannot be patched is named."""

import hashlib
import json
import os

import pytest

from carsets.catalog.tombstones import Tombstone
from carsets.problems import UserError
from carsets.removal.patch import NEW, OLD, finish, patch

GONE = hashlib.sha256(b"gone picture").hexdigest()
KEPT = hashlib.sha256(b"kept picture").hexdigest()
STONES = [Tombstone("sha256", GONE, "asked", "2026-01-02T03:04:05+00:00")]


def make(folder, files):
    for name, body in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body if isinstance(body, bytes) else body.encode())
    lines = [
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n"
        for name in sorted(files)
    ]
    (folder / "SHA256SUMS").write_text("".join(lines))
    return folder


def files_of(folder):
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()
    }


@pytest.fixture
def release(tmp_path):
    return make(
        tmp_path / "release",
        {
            f"images/{GONE[:16]}.jpg": b"gone picture, smaller",
            f"images/{KEPT[:16]}.jpg": b"kept picture",
            f"labels/{GONE[:16]}.txt": "0 0 0 1 1",
            "renamed.jpg": b"gone picture",  # known by its bytes
            "images.csv": f"image_id,path\n{GONE[:16]},renamed.jpg\n{KEPT[:16]},x\n",
            "other.csv": "path\nfolder/renamed.jpg\nkept.jpg\n",
            "README.md": "# A dataset\n",
            "release.json": json.dumps({"exported": 2}),
            "croissant.json": json.dumps(
                {
                    "distribution": [
                        {"contentUrl": "images.csv", "sha256": "old", "contentSize": "1 B"},
                        {"contentUrl": "renamed.jpg", "sha256": GONE},
                        {"@type": "cr:FileSet", "includes": "images/*.jpg"},
                    ]
                }
            ),
        },
    )


def test_files_rows_and_what_the_release_says_of_itself(release):
    linked = (release / f"images/{KEPT[:16]}.jpg").stat().st_ino
    found = patch(release, STONES)
    assert set(found.files) == {
        f"images/{GONE[:16]}.jpg",
        f"labels/{GONE[:16]}.txt",
        "renamed.jpg",
    }
    assert found.rows == {"images.csv": 1, "other.csv": 1}
    assert found.images == {GONE[:16]}
    files = files_of(release)
    assert not any(
        GONE[:16].encode() in body for name, body in files.items() if name != "TOMBSTONES.csv"
    )
    assert files["other.csv"] == b"path\nkept.jpg\n"
    facts = json.loads(files["release.json"])
    assert (facts["version"], facts["exported"], facts["removed"][0]["images"]) == (2, 1, 1)
    assert "1 images were removed on request" in files["README.md"].decode()
    [table, pictures] = json.loads(files["croissant.json"])["distribution"]
    assert table["sha256"] == hashlib.sha256(files["images.csv"]).hexdigest()
    assert table["contentSize"] == f"{len(files['images.csv'])} B"
    assert pictures["@type"] == "cr:FileSet"
    for line in files["SHA256SUMS"].decode().splitlines():
        digest, _, name = line.partition("  ")
        assert hashlib.sha256(files.pop(name)).hexdigest() == digest
    assert set(files) == {"SHA256SUMS"}
    assert hashlib.sha256(files["SHA256SUMS"]).hexdigest() == found.digest
    assert (release / f"images/{KEPT[:16]}.jpg").stat().st_ino == linked  # not copied
    # Again: nothing is left to do.
    before = files_of(release)
    assert not patch(release, STONES)
    assert files_of(release) == before


def test_a_dry_run_changes_nothing(release, tmp_path):
    before = files_of(tmp_path)
    assert patch(release, STONES, dry_run=True).rows
    assert files_of(tmp_path) == before


@pytest.mark.parametrize(
    ("name", "body", "problem"),
    [
        ("data.xyz", f"names {GONE}", "data.xyz names a removed image"),
        ("broken.json", "{", "broken.json cannot be patched: not JSON"),
        ("broken.tar", "x" * 2000, "broken.tar cannot be patched: not a tar file"),
        ("README.md", f"see {GONE[:16]}", "README.md names a removed image"),
    ],
)
def test_what_cannot_be_patched_is_named_and_nothing_changes(tmp_path, name, body, problem):
    release = make(tmp_path / "r", {"a.csv": f"image_id\n{GONE[:16]}\n", name: body})
    before = files_of(tmp_path)
    with pytest.raises(UserError, match=problem):
        patch(release, STONES)
    assert files_of(tmp_path) == before


def test_other_files_of_unknown_kinds_stay(tmp_path):
    release = make(tmp_path / "r", {"a.csv": f"image_id\n{GONE[:16]}\n", "load.sql": "SELECT 1;"})
    patch(release, STONES)
    assert files_of(release)["load.sql"] == b"SELECT 1;"


@pytest.mark.parametrize(
    ("sums", "problem"),
    [
        (None, "SHA256SUMS is missing"),
        ("no sums\n", "no checksum"),
        (f"{GONE}  ../outside.csv\n", "no checksum"),
        (f"{GONE}  /etc/passwd\n", "no checksum"),
        (f"{GONE}  gone.csv\n", "is missing: the release is not whole"),
    ],
)
def test_what_is_no_whole_release_is_refused(tmp_path, sums, problem):
    release = make(tmp_path / "r", {"a.csv": "image_id\n"})
    (release / "SHA256SUMS").unlink()
    if sums is not None:
        (release / "SHA256SUMS").write_text(sums)
    with pytest.raises(UserError, match=problem):
        patch(release, STONES)


def test_an_image_found_by_its_address_goes_from_earlier_files_too(tmp_path):
    url = "https://a.test/1.jpg"
    release = make(
        tmp_path / "r",
        {
            "a_labels.csv": f"ImageID,LabelName\n{GONE[:16]},car\n{KEPT[:16]},car\n",
            f"images/{GONE[:16]}.jpg": b"x",
            "images.csv": f"ImageID,OriginalURL\n{GONE[:16]},{url}\n{KEPT[:16]},https://b.test/\n",
        },
    )
    from carsets.catalog.tombstones import hashed

    found = patch(release, [Tombstone("url", hashed("url", url), "", "")])
    assert found.images == {GONE[:16]}
    files = files_of(release)
    assert files["a_labels.csv"] == f"ImageID,LabelName\n{KEPT[:16]},car\n".encode()
    assert f"images/{GONE[:16]}.jpg" not in files


def test_a_killed_patch_is_finished_or_forgotten(release):
    before = files_of(release)
    new, old = release.with_name(release.name + NEW), release.with_name(release.name + OLD)
    new.mkdir()  # killed while it wrote
    patch(release, [Tombstone("sha256", "ab" * 32, "", "")])
    assert not new.exists()
    release.rename(old)  # killed between the renames, the new one not whole
    finish(release)
    assert files_of(release) == before
    release.rename(old)
    make(new, {"a.csv": "x\n"})
    finish(release)
    assert set(files_of(release)) == {"a.csv", "SHA256SUMS"}
    assert not old.exists()


def test_the_mode_of_a_private_release_stays(release):
    release.chmod(0o700)
    patch(release, STONES)
    assert release.stat().st_mode & 0o777 == 0o700


def test_a_disk_that_cannot_link_copies(release, monkeypatch):
    def refuse(*_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    assert patch(release, STONES)
    assert (release / f"images/{KEPT[:16]}.jpg").read_bytes() == b"kept picture"
