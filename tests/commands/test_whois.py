"""``scrapy whois``: "am I in it?" """

import argparse
import shlex

import numpy as np
import pytest
from scrapy.exceptions import UsageError
from scrapy.settings import Settings

from carsets.catalog.catalog import Catalog
from carsets.catalog.releases import ReleaseRow, pack
from carsets.commands import remove
from carsets.commands.whois import Command
from tests.commands.stocked import picture, stock


@pytest.fixture
def data(tmp_path):
    return tmp_path / "data"


@pytest.fixture
def ids(data):
    jane = {"author": "Jane Doe", "author_url": "https://people.test/jane", "title": "Mine"}
    ids = stock(data, {"1": (picture(1), jane), "2": (picture(2), {"author": "\x1b[2JEve"})})
    catalog = Catalog.open(f"sqlite:///{data / 'catalog.sqlite'}")
    catalog.record_release(
        ReleaseRow(
            release_id="r1", format="coco", mode="cc", destination=str(data / "coco"), options={},
            image_numbers=pack(np.array([1])), image_count=1, bytes=1, digest="",
            made_at="2026-02-01T00:00:00+00:00",
        )
    )  # fmt: skip
    catalog.close()
    return ids


@pytest.fixture
def whois(data, capsys):
    def run(*asked, author=False, host=False):
        command = Command()
        command.settings = Settings({"DATA_DIR": str(data), "NEAR_DUPLICATE_DISTANCE": 6})
        command.run(list(asked), argparse.Namespace(author=author, host=host))
        out, err = capsys.readouterr()
        return command.exitcode, out, err

    return run


def forget(data, *words):
    command = remove.Command()
    command.settings = Settings({"DATA_DIR": str(data)})
    parser = argparse.ArgumentParser()
    for name in remove.NAMED:
        parser.add_argument(f"--{name}", action="append", default=[])
    parser.add_argument("--radius", type=int, default=0)
    parser.add_argument("--reason", default="asked by Jane's lawyer")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--yes", action="store_true")
    command.run([], parser.parse_args([*words, "--yes"]))
    return command.exitcode


@pytest.mark.parametrize(
    "asked",
    ["https://photos.test/1.jpg", "https://people.test/jane", "jane doe", "image id", "sha256"],
)
def test_somebody_is_found_by_each_name(asked, whois, ids, data):
    [path] = (data / "images").rglob(f"{ids['1']}*")
    asked = {"image id": ids["1"], "sha256": path.stem}.get(asked, asked)
    code, out, _ = whois(asked)
    assert code == 0
    assert f"image {ids['1']}: in the dataset" in out
    assert ids["2"] not in out
    assert f"release r1 (coco, cc, version 1) holds 1 of them: {data / 'coco'}" in out
    assert "by flickr" in out


def test_a_host_is_asked_for_by_its_option(whois, ids):
    assert "2 images in the catalog" in whois("photos.test", host=True)[1]
    assert whois("photos.test")[0] == 1  # an author of that name


def test_a_file_and_its_near_duplicate_are_found(whois, ids, tmp_path):
    same, near, other = (tmp_path / f"{name}.jpg" for name in ("same", "near", "other"))
    same.write_bytes(picture(1))
    near.write_bytes(picture(1, quality=40))
    other.write_bytes(picture(3))
    code, out, _ = whois(str(same))
    assert (code, f"image {ids['1']}: in the dataset, unknown\n" in out) == (0, True)
    code, out, _ = whois(str(near))
    assert (code, ids["1"] in out) == (0, True)
    assert whois(str(other))[0] == 1
    other.write_bytes(b"no picture")
    assert whois(str(other))[0] == 1


def test_what_it_prints_can_be_given_to_remove(whois, ids, data):
    _, out, _ = whois("https://photos.test/1.jpg")
    words = shlex.split(out.splitlines()[-1].partition("scrapy remove ")[2])
    assert words[:2] == ["--url", "https://photos.test/1.jpg"]


def test_who_was_removed_is_told_so_and_nothing_else(whois, ids, data, tmp_path):
    own = tmp_path / "own.jpg"
    own.write_bytes(picture(1))
    assert not forget(data, "--url", "https://photos.test/1.jpg")
    for asked in ("https://photos.test/1.jpg", ids["1"], str(own)):
        code, out, _ = whois(asked)
        assert (code, "asked by Jane's lawyer" in out) == (3, True), asked
        assert "Mine" not in out
    assert whois("Jane Doe")[0] == 1
    assert not forget(data, "--author", "Jane Doe")
    assert whois("jane DOE")[0] == 3


def test_strangers_cannot_move_the_cursor(whois, ids):
    code, out, _ = whois("\x1b[2JEve")
    assert code == 0
    assert "\x1b" not in out


def test_wrong_use(whois, data, ids):
    for asked in ((), ("",), ("a", "b")):
        with pytest.raises(UsageError):
            whois(*asked)
    with pytest.raises(UsageError):
        whois("a", author=True, host=True)


def test_no_catalog_is_one_line(whois, data):
    code, out, err = whois("https://photos.test/1.jpg")
    assert (code, out, err.count("\n")) == (5, "", 1)
    assert not data.exists()
