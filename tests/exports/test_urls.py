"""The list of addresses: read back by carsets, with hashes that tell what was replaced."""

from types import SimpleNamespace

import pyarrow.parquet as pq
import pytest

from carsets.exports.urls import UrlsFormat, one_line
from carsets.image_lists import ImageList
from carsets.image_lists.integrity import Integrity, compare
from carsets.licenses import Evidence
from tests.exports.hostile_texts import TITLES
from tests.exports.writing import export

PHASH = "00ff00ff00ff00ff"


@pytest.fixture
def written(folder, make_facts):
    """Export records and return the folder."""
    return lambda *records: export(UrlsFormat, folder, make_facts, records)


def test_carsets_reads_back_what_it_wrote(written, make_record):
    record = make_record(title="Red car", phash=PHASH, labels={"make": "Citroën", "year": "1999"})
    [row] = ImageList.open(written(record) / "urls.parquet").rows()
    found = row.found
    assert row.problem == ""
    assert (found.image_url, found.page_url) == (record.url, record.page_url)
    assert (found.sha256, found.md5, found.phash) == (record.sha256, record.md5, PHASH)
    assert (found.license.code, found.license.evidence) == ("by-2.0", Evidence.LIST)
    assert (found.title, found.author) == ("Red car", "Eve")
    assert row.labels == {"make": "Citroën", "year": "1999"}


def test_what_comes_is_held_against_the_hashes(written, make_record):
    record = make_record(phash=PHASH)
    [row] = ImageList.open(written(record) / "urls.parquet").rows()
    same = SimpleNamespace(sha256=record.sha256, md5=record.md5, phash=int(PHASH, 16))
    assert compare(row.found, same, 6).verdict is Integrity.SAME_BYTES
    encoded_anew = SimpleNamespace(sha256="0" * 64, md5="0" * 32, phash=int(PHASH, 16) ^ 1)
    assert compare(row.found, encoded_anew, 6).verdict is Integrity.SAME_PICTURE
    another = SimpleNamespace(sha256="0" * 64, md5="0" * 32, phash=0)
    assert compare(row.found, another, 6).verdict is Integrity.REPLACED


def test_the_license_reads_back_whatever_it_is(written, make_record):
    from carsets.licenses import NO_LICENSE, read_license

    codes = ["by-2.0", "by-sa-3.0-es", "cc0-1.0", "pdm-1.0", "arr", "us-gov", "unknown"]
    records = [make_record(n, license=read_license(code)) for n, code in enumerate(codes)]
    path = written(*records, make_record(99, license=NO_LICENSE))
    rows = ImageList.open(path / "urls.parquet").rows()
    assert [row.found.license.code for row in rows] == [*codes, "unknown"]


def test_every_title_comes_back(written, make_record):
    records = [make_record(n, title=title) for n, title in enumerate(TITLES)]
    table = pq.read_table(written(*records) / "urls.parquet")
    assert [caption or "" for caption in table["caption"].to_pylist()] == list(TITLES)


def test_img2dataset_finds_its_columns_and_none_of_its_own(written, make_record):
    names = set(pq.read_schema(written(make_record()) / "urls.parquet").names)
    assert {"url", "caption", "sha256"} <= names
    # What it writes itself, next to columns that are to be kept.
    its_own = {"key", "status", "error_message", "width", "height", "original_width",
               "original_height", "exif"}  # fmt: skip
    assert not names & its_own


def test_images_without_an_address_are_not_in_the_list(written, make_record):
    path = written(make_record(1, url="file:///cars/1.jpg"), make_record(2), make_record(3, url=""))
    assert pq.read_metadata(path / "urls.parquet").num_rows == 1
    assert (path / "urls.txt").read_text() == "https://live.flickr.test/2_o.jpg\n"


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("https://a.test/1.jpg?a=b,c#d", "https://a.test/1.jpg?a=b,c#d"),
        ("https://a.test/é.jpg", "https://a.test/é.jpg"),
        ("https://a.test/a b\nhttps://evil.test/", "https://a.test/a%20b%0Ahttps://evil.test/"),
        ("https://a.test/\x85\u2028", "https://a.test/%C2%85%E2%80%A8"),
    ],
)
def test_one_address_is_one_line(url, line):
    assert one_line(url) == line


def test_the_plain_list_is_read_too(written, make_record):
    urls = [f"https://a.test/{n},x;y.jpg?q='\"" for n in range(3)]
    path = written(*(make_record(n, url=url) for n, url in enumerate(urls)))
    rows = ImageList.open(path / "urls.txt").rows()
    assert [row.found.image_url for row in rows] == urls
