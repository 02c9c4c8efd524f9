"""A release's folder: beside its place, journaled, and renamed when it is whole."""

import errno
import shutil
import stat
import subprocess
import tarfile
from collections import namedtuple
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carsets.problems import UserError
from carsets.release.folder import FolderEntry, ReleaseFolder, check_name

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def dest(tmp_path):
    return tmp_path / "cars"


def write_two(folder):
    with folder.write("data/a.bin") as file:
        file.write(b"aaa")
    with folder.text("b.csv") as file:
        file.write("Citroën\r\n")


def break_off(file):
    file.write(b"half")
    raise RuntimeError


def test_a_finished_folder_has_its_name_and_sums_that_another_program_checks(dest):
    with ReleaseFolder(dest, "plan") as folder:
        write_two(folder)
        folder.put("images/x y.jpg", b"jpeg")
        entry = folder.sealed()
        folder.publish()
    assert not dest.with_name("cars.partial").exists()
    files = sorted(p.relative_to(dest).as_posix() for p in dest.rglob("*") if p.is_file())
    assert files == ["SHA256SUMS", "b.csv", "data/a.bin", "images/x y.jpg"]
    assert (dest / "b.csv").read_bytes() == "Citroën\r\n".encode()
    sums = (dest / "SHA256SUMS").read_bytes()
    assert entry == FolderEntry(len(sums), sha256(sums).hexdigest())
    assert [line[66:] for line in sums.decode().splitlines()] == files[1:]
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=dest, check=True)


def test_the_sums_are_sorted_over_more_lines_than_are_sorted_at_once(dest, monkeypatch):
    monkeypatch.setattr("carsets.release.journal.SORT_AT_ONCE", 7)
    monkeypatch.setattr("carsets.release.journal.SETTLE_EVERY", 5)
    names = [f"{sha256(b'%d' % n).hexdigest()[:8]}/{n}.jpg" for n in range(100)]
    with ReleaseFolder(dest, "plan") as folder:
        for name in names:
            folder.put(name, name.encode())
        assert all(folder.entry(name).size == len(name) for name in names)
        folder.sealed()
        lines = (folder.path / "SHA256SUMS").read_text().splitlines()
    assert [line[66:] for line in lines] == sorted(names)


def test_the_same_plan_goes_on_and_what_was_not_finished_is_gone(dest):
    with ReleaseFolder(dest, "plan") as folder:
        write_two(folder)
        with pytest.raises(RuntimeError), folder.write("data/half.bin") as file:
            break_off(file)
        assert not folder.has("data/half.bin")
    # As a killed process leaves it: half a line, and a file that it began.
    with (folder.path / ".carsets-journal").open("ab") as journal:
        journal.write(b'{"name": "c.bin", "si')
    (folder.path / "c.bin").write_bytes(b"c")
    with ReleaseFolder(dest, "plan") as again:
        assert again.resumed
        assert not again.started_anew
        assert again.has("data/a.bin")
        assert again.entry("b.csv").sha256 == sha256("Citroën\r\n".encode()).hexdigest()
        assert not again.has("c.bin")
        assert not (again.path / "c.bin").exists()
        assert not (again.path / "data/half.bin").exists()
        assert (again.files, again.bytes) == (2, 13)
        again.put("c.bin", b"c")
        again.sealed()
        again.publish()
    subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=dest, check=True)


def test_a_file_that_vanished_or_lost_bytes_is_written_again(dest):
    with ReleaseFolder(dest, "plan") as folder:
        write_two(folder)
    (folder.path / "data/a.bin").write_bytes(b"a")
    (folder.path / "b.csv").unlink()
    with ReleaseFolder(dest, "plan") as again:
        assert not again.has("data/a.bin")
        assert not again.has("b.csv")
        write_two(again)


def test_another_plan_starts_anew(dest):
    with ReleaseFolder(dest, "plan") as folder:
        write_two(folder)
    with ReleaseFolder(dest, "another") as again:
        assert again.started_anew
        assert not again.resumed
        assert not again.has("b.csv")
        assert [path.name for path in again.path.iterdir()] == [".carsets-journal"]


def test_what_is_not_ours_is_never_touched(dest):
    partial = dest.with_name("cars.partial")
    partial.mkdir()
    (partial / "thesis.tex").write_text("years of work")
    with pytest.raises(UserError, match="in the way"):
        ReleaseFolder(dest, "plan")
    assert (partial / "thesis.tex").read_text() == "years of work"


@pytest.mark.parametrize("kind", ["file", "folder", "dangling link"])
def test_a_destination_that_exists_is_refused(dest, kind):
    if kind == "file":
        dest.write_text("")
    elif kind == "folder":
        dest.mkdir()
    else:
        dest.symlink_to("nowhere")
    with pytest.raises(UserError, match="exists: name another destination"):
        ReleaseFolder(dest, "plan")
    assert not dest.with_name("cars.partial").exists()


def test_two_exports_never_share_a_folder(dest):
    with ReleaseFolder(dest, "plan"), pytest.raises(UserError, match="another export"):
        ReleaseFolder(dest, "plan")
    ReleaseFolder(dest, "plan").close()


def test_dying_between_the_last_two_steps_leaves_a_finished_release(dest, monkeypatch):
    with ReleaseFolder(dest, "plan") as folder:
        write_two(folder)
        folder.sealed()
        folder.path.rename(dest)
    with pytest.raises(UserError, match="exists"):
        ReleaseFolder(dest, "plan")
    assert sorted(path.name for path in dest.iterdir()) == ["SHA256SUMS", "b.csv", "data"]


def test_a_private_release_is_for_its_owner_alone(dest):
    with ReleaseFolder(dest, "plan", private=True) as folder:
        write_two(folder)
        folder.sealed()
        folder.publish()
    assert stat.S_IMODE(dest.stat().st_mode) == 0o700


def test_libraries_may_write_a_path(dest):
    with ReleaseFolder(dest, "plan") as folder:
        with folder.place("tables/a.tar") as path, tarfile.open(path, "w"):
            pass
        assert folder.entry("tables/a.tar").size == 10_240
        with (
            pytest.raises(RuntimeError),
            folder.place("tables/b.tar") as path,
            path.open("wb") as f,
        ):
            break_off(f)
        assert not folder.has("tables/b.tar")
        folder.sealed()
        folder.publish()
    assert sorted(p.name for p in dest.rglob("*")) == ["SHA256SUMS", "a.tar", "tables"]


def test_a_tar_tells_where_it_is(dest):
    with ReleaseFolder(dest, "plan") as folder:
        with folder.write("a.tar") as file, tarfile.open(fileobj=file, mode="w") as tar:
            tar.addfile(tarfile.TarInfo("x"))
            tar.addfile(tarfile.TarInfo("y"))
        with tarfile.open(folder.path / "a.tar") as tar:
            assert tar.getnames() == ["x", "y"]


def test_a_large_file_is_hashed_in_pieces_and_in_order(dest):
    pieces = [bytes([number]) * (300_000 + number) for number in range(100)]
    with ReleaseFolder(dest, "plan") as folder:
        with folder.write("large.bin") as file:
            for piece in pieces:
                file.write(piece)
        whole = b"".join(pieces)
        assert folder.entry("large.bin") == FolderEntry(len(whole), sha256(whole).hexdigest())
        assert (folder.path / "large.bin").read_bytes() == whole


def test_no_file_is_written_twice(dest):
    with ReleaseFolder(dest, "plan") as folder:
        folder.put("a", b"1")
        with pytest.raises(FileExistsError):
            folder.put("a", b"2")
        with pytest.raises(KeyError):
            folder.entry("b")


BAD = (
    *("", ".", "..", "/etc/passwd", "a/../b", "../a", "a//b", "a/", "a\\b", "a\nb", "a\0b"),
    *("x" * 256, ".carsets-journal", ".carsets-arriving/x", "SHA256SUMS"),
)


@pytest.mark.parametrize("name", BAD)
def test_no_name_leads_out_of_the_folder(dest, name):
    with ReleaseFolder(dest, "plan") as folder:
        for use in (folder.write, folder.text, folder.place):
            with pytest.raises(ValueError), use(name):
                raise AssertionError("it was opened")


@given(st.text())
def test_whatever_the_name_is_it_stays_inside(tmp_path_factory, name):
    try:
        check_name(name)
    except ValueError:
        return
    root = tmp_path_factory.getbasetemp()
    assert (root / name).resolve().is_relative_to(root.resolve())
    assert len((root / name).relative_to(root).parts) == len(name.split("/"))


def test_below_the_floor_writing_fails_as_on_a_full_disk(dest, monkeypatch):
    with ReleaseFolder(dest, "plan", disk_free_min=1000) as folder:
        monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(2000, 1001, 999))
        with pytest.raises(OSError) as caught:
            folder.put("a", b"1")
    assert caught.value.errno == errno.ENOSPC
