"""Parquet lists: img2dataset's, our own, and what is none."""

import subprocess
import sys
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from carsets.image_lists import ImageList, parquet
from carsets.licenses import Evidence
from carsets.problems import UserError

SHA = "ab" * 32


@pytest.fixture
def rows_of(tmp_path):
    def read(columns, name="list.parquet", **how):
        path = tmp_path / name
        pq.write_table(pa.table(columns), path, **how)
        return list(ImageList.open(path).rows())

    return read


def test_reads_what_img2dataset_leaves(rows_of):
    first, second = rows_of(
        {
            "url": ["https://a.test/1.jpg", "https://a.test/2.jpg"],
            "caption": ["a red car", None],
            "key": ["000000000", "000000001"],
            "status": ["success", "failed_to_download"],
            "error_message": [None, "HTTP Error 404"],
            "width": [256.0, float("nan")],
            "height": [256.0, float("nan")],
            "original_width": [1024.0, float("nan")],
            "original_height": [683.0, float("nan")],
            "exif": ["{}", None],
            "sha256": [SHA, None],
        }
    )
    assert first.found.image_url == "https://a.test/1.jpg"
    assert first.found.title == "a red car"
    assert first.found.sha256 == SHA
    assert (first.found.width, first.found.height) == (1024, 683)
    assert first.found.extra["status"] == "success"
    assert first.found.extra["width"] == 256.0
    assert (first.line, first.problem) == (1, "")
    assert (second.found.sha256, second.found.width, second.found.title) == ("", None, "")
    assert second.found.extra == {
        "key": "000000001", "status": "failed_to_download", "error_message": "HTTP Error 404"
    }  # fmt: skip


def test_reads_what_we_export(rows_of):
    [row] = rows_of(
        {
            "image_id": ["ab" * 8],
            "url": ["https://a.test/1.jpg"],
            "page_url": ["https://a.test/page"],
            "sha256": [SHA],
            "md5": ["cd" * 16],
            "phash": ["00ff00ff00ff00ff"],
            "license": ["by-sa-4.0"],
            "author": ["Jane"],
            "make": ["Ford"],
            "year": [1999],
            "taken": [datetime(2020, 1, 2, tzinfo=UTC)],
            "car_score": [0.9],
        }
    )
    assert (row.found.sha256, row.found.md5) == (SHA, "cd" * 16)
    assert row.found.phash == "00ff00ff00ff00ff"
    assert (row.found.license.code, row.found.license.evidence) == ("by-sa-4.0", Evidence.LIST)
    assert row.labels == {"make": "Ford", "year": "1999"}
    assert row.found.taken == "2020-01-02T00:00:00+00:00"
    assert row.found.extra == {"car_score": 0.9}


def test_pictures_and_nested_columns_are_not_read(rows_of):
    [row] = rows_of(
        {
            "url": ["https://a.test/1.jpg"],
            "jpg": [b"x" * 10_000],
            "faces": [[1, 2, 3]],
            "nested": [{"a": 1}],
            "words": pa.array(["car"]).dictionary_encode(),
        }
    )
    assert row.found.extra == {"words": "car"}


def test_bad_rows_are_named_by_their_number(rows_of):
    rows = rows_of(
        {
            "url": ["https://a.test/1.jpg", "no address", None, "https://a.test/4.jpg"],
            "phash": ["", "", "", "12"],
        },
        row_group_size=2,
    )
    assert [row.problem.partition(":")[0] for row in rows] == ["", "line 2", "line 3", "line 4"]
    assert "phash is not 16 hex digits" in rows[3].problem


def test_the_form_is_seen_from_the_first_bytes(rows_of):
    [row] = rows_of({"url": ["https://a.test/1.jpg"]}, name="list.csv")
    assert row.found.image_url == "https://a.test/1.jpg"


def test_a_table_without_addresses_or_rows_ends_in_one_line(rows_of, tmp_path):
    with pytest.raises(UserError, match="no column has the image's URL") as caught:
        rows_of({"name": ["x"]})
    assert "\n" not in str(caught.value)
    with pytest.raises(UserError, match="the list is empty"):
        rows_of({"url": pa.array([], pa.string())})
    whole = (tmp_path / "list.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(whole[:-30])
    with pytest.raises(UserError, match="damaged Parquet") as caught:
        ImageList.open(tmp_path / "cut.parquet")
    assert "\n" not in str(caught.value)


def test_a_row_group_that_would_fill_the_memory_is_refused(rows_of, monkeypatch):
    monkeypatch.setattr(parquet, "MAX_ROW_GROUP_BYTES", 1000)
    urls = [f"https://a.test/{number}.jpg" for number in range(1000)]
    assert len(rows_of({"url": urls}, row_group_size=10)) == 1000
    with pytest.raises(UserError, match="row group 0"):
        rows_of({"url": urls}, row_group_size=1000)


def test_memory_does_not_grow_with_the_list(tmp_path):
    program = (
        "import resource, sys\n"
        "from pathlib import Path\n"
        "from carsets.image_lists import ImageList\n"
        "rows = ImageList.open(Path(sys.argv[1])).rows()\n"
        "first = [next(rows) for _ in range(2000)]\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "count = 2000 + sum(1 for _ in rows)\n"
        "print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    path = tmp_path / "large.parquet"
    size = 60_000
    urls = pa.array([f"https://a.test/{n}/{'x' * 200}.jpg" for n in range(size)])
    titles = pa.array([f"title {n} {'y' * 300}" for n in range(size)])
    pq.write_table(pa.table({"url": urls, "title": titles}), path, row_group_size=5_000)
    run = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    count, grown = map(int, run.stdout.split())
    assert count == size
    assert grown < 16_000  # KiB; the list holds 34 MB
