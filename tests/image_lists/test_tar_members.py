"""Tar files are read where they lie, whatever stands in them."""

import contextlib
import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carsets.image_lists.tar_members import MAX_NAME, TarError, tar_members

FORMATS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)


def write(path, members, how=tarfile.GNU_FORMAT):
    with tarfile.open(path, "w", format=how) as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
            else:
                info.type = content.encode()
                info.linkname = "/etc/passwd"
                tar.addfile(info)
    return path


def read(path):
    whole = path.read_bytes()
    return {m.name: whole[m.offset : m.offset + m.size] for m in tar_members(path)}


@pytest.mark.parametrize("how", FORMATS)
def test_members_are_found_with_their_bytes(tmp_path, how):
    long = "/".join(["folder"] * 13 + ["n02701002_1.JPEG"])
    members = [("a.jpg", b"one"), ("sub/b.jpg", b"2" * 1000), ("empty", b""), (long, b"x" * 512)]
    path = write(tmp_path / "n.tar", members, how)
    assert read(path) == dict(members)


def test_links_folders_and_devices_are_passed_over(tmp_path):
    members = [
        ("folder", tarfile.DIRTYPE.decode()),
        ("link", tarfile.SYMTYPE.decode()),
        ("hard", tarfile.LNKTYPE.decode()),
        ("device", tarfile.CHRTYPE.decode()),
        ("a.jpg", b"one"),
    ]
    assert read(write(tmp_path / "n.tar", members)) == {"a.jpg": b"one"}


def test_names_may_say_what_they_like(tmp_path):
    odd = "../../etc/pass\nwd\x1b[2J"
    path = write(tmp_path / "n.tar", [(odd, b"1"), ("/abs", b"2"), ("é", b"3"), ("n" * 9000, b"4")])
    assert list(read(path)) == ["../../etc/pass?wd?[2J", "/abs", "é", "n" * MAX_NAME]
    bad = write(tmp_path / "bad.tar", [("a\udcff", b"1")])
    assert list(read(bad)) == ["a\\xff"]


def test_a_size_in_an_extended_header_counts(tmp_path):
    path = tmp_path / "n.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo("a.jpg")
        info.size, info.pax_headers = 700, {"size": "700"}
        tar.addfile(info, io.BytesIO(b"x" * 700))
        tar.addfile(tarfile.TarInfo("b.jpg"))
    assert {m.name: m.size for m in tar_members(path)} == {"a.jpg": 700, "b.jpg": 0}


def test_one_that_is_cut_off_gives_what_came_before(tmp_path):
    path = write(tmp_path / "n.tar", [("a", b"1" * 600), ("b", b"2" * 600)])
    whole = path.read_bytes()
    path.write_bytes(whole[: 512 + 1024 + 512 + 100])
    members = tar_members(path)
    assert next(members).name == "a"
    with pytest.raises(TarError, match="cut off"):
        next(members)


def test_what_is_no_tar_file_is_told(tmp_path):
    path = tmp_path / "n.tar"
    path.write_bytes(b"\xff\xd8\xff" + b"x" * 5000)
    with pytest.raises(TarError, match="no header"):
        list(tar_members(path))
    path.write_bytes(b"")
    assert list(tar_members(path)) == []


@given(st.binary(max_size=40), st.integers(0, 1023), st.booleans())
def test_no_damage_leads_outside_the_file(tmp_path_factory, damage, place, again):
    path = write(tmp_path_factory.mktemp("tar") / "n.tar", [("a", b"1" * 600), ("b", b"2")])
    content = bytearray(path.read_bytes())
    content[place : place + len(damage)] = damage
    if again:  # a sum that fits, so that the damage is believed
        header = content[:512]
        total = sum(header[:148]) + 8 * 32 + sum(header[156:])
        content[148:156] = b"%06o\0 " % total
    path.write_bytes(content)
    with contextlib.suppress(TarError):
        for member in tar_members(path):
            assert 0 <= member.offset <= member.offset + member.size <= len(content)
