"""Rows of removed images leave a file, and every other byte of it stays."""

import csv
import io
import json
import sqlite3
import tarfile
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carsets.catalog.tombstones import Tombstone, gather, hashed
from carsets.removal.matching import Doomed
from carsets.removal.row_files import (
    Unreadable,
    strip_csv,
    strip_json,
    strip_json_lines,
    strip_lines,
    strip_parquet,
    strip_sqlite,
    strip_tar,
)

GONE = sha256(b"gone").hexdigest()
KEPT = sha256(b"kept").hexdigest()
URL = "https://a.test/gone.jpg"


def doomed(*stones):
    stones = stones or (("sha256", GONE),)
    return Doomed(gather(Tombstone(kind, hashed(kind, name), "", "") for kind, name in stones))


def strip(function, body, tmp_path, which=None, fewer=None):
    path, target = tmp_path / "old", tmp_path / "new"
    path.write_bytes(body)
    target.unlink(missing_ok=True)
    gone = function(path, target, which or doomed(), fewer or {})
    return gone, target.read_bytes() if target.exists() else None


# Cells with all that quoting is for; without what would name the removed image.
CELLS = st.text(alphabet="ab,\"'\n\r;=é\t|x ", max_size=12)


@given(
    rows=st.lists(st.tuples(CELLS, CELLS, st.booleans()), max_size=12),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_csv_records_go_whole_and_the_others_keep_their_bytes(rows, end, tmp_path_factory):
    def text(some):
        out = io.StringIO()
        writer = csv.writer(out, lineterminator=end)
        writer.writerow(["title", "image_id", "note"])
        writer.writerows(some)
        return out.getvalue().encode()

    table = [(a, (GONE if is_gone else KEPT)[:16], b) for a, b, is_gone in rows]
    wanted = text([row for row in table if row[1] != GONE[:16]])
    gone, left = strip(strip_csv, text(table), tmp_path_factory.mktemp("csv"))
    assert gone == sum(is_gone for *_, is_gone in rows)
    assert left == wanted


@pytest.mark.parametrize(
    ("stone", "row"),
    [
        (("sha256", GONE), f"x,{GONE},,"),
        (("sha256", GONE), f"{GONE[:16]},,,"),
        (("sha256", GONE), f",images/{GONE[:16]}.jpg,,"),
        (("url", URL), f",,{URL},"),
        (("host", "a.test"), ",,https://www.a.test/other.jpg,"),
        (("author", "Jane  DOE"), ",,,jane doe"),
    ],
)
def test_a_row_is_found_by_each_kind_of_tombstone(stone, row, tmp_path):
    head = "image_id,path,url,author\n"
    keep = f"{KEPT[:16]},images/{KEPT[:16]}.jpg,https://b.test/a.test.jpg,Jane Doe Jr\n"
    gone, left = strip(strip_csv, f"{head}{row}\n{keep}".encode(), tmp_path, doomed(stone))
    assert (gone, left) == (1, f"{head}{keep}".encode())


def test_a_row_found_by_its_address_names_the_image_for_all_other_files():
    which = doomed(("url", URL))
    assert not which.names(GONE[:16])
    assert which.is_row([("ImageID", GONE[:16]), ("OriginalURL", URL)])
    assert which.names(f"labels/{GONE[:16]}.txt")
    assert which.found == {GONE[:16]}


def test_a_perceptual_hash_is_no_name(tmp_path):
    which = doomed(("url", URL))
    which.is_row([("phash", "0123456789abcdef"), ("url", URL)])
    assert not which.names("0123456789abcdef")


def test_longer_and_shorter_ids_of_one_image():
    which = doomed()
    assert which.names(GONE[:20])
    assert not which.names(GONE[:15])
    assert not which.names(GONE[:20] + ("0" if GONE[20] != "0" else "1"))
    assert not which.names(GONE + "00")


def test_lines(tmp_path):
    body = f"images/{KEPT[:16]}.jpg\nimages/{GONE[:16]}.jpg\n\\N\tx\n".encode()
    gone, left = strip(strip_lines, body, tmp_path)
    assert (gone, left) == (1, f"images/{KEPT[:16]}.jpg\n\\N\tx\n".encode())


def test_json_lines(tmp_path):
    rows = [{"id": KEPT[:16], "a": [1]}, {"meta": {"sha256": GONE}}, {"tags": [GONE[:16]]}]
    body = "".join(json.dumps(row) + "\n" for row in rows).encode()
    gone, left = strip(strip_json_lines, body, tmp_path)
    assert (gone, left) == (2, (json.dumps(rows[0]) + "\n").encode())


def test_coco_loses_the_image_and_its_annotations(tmp_path):
    coco = {
        "info": {"description": "x"},
        "licenses": [{"id": 1}],
        "images": [
            {"id": 1, "file_name": f"images/{GONE[:16]}.jpg"},
            {"id": 2, "file_name": f"images/{KEPT[:16]}.jpg"},
        ],
        "annotations": [{"id": 1, "image_id": 1}, {"id": 2, "image_id": 2}],
        "categories": [{"id": 1, "name": "car"}],
    }
    gone, left = strip(strip_json, json.dumps(coco).encode(), tmp_path)
    assert gone == 2
    found = json.loads(left)
    assert [one["id"] for one in found["images"]] == [2]
    assert [one["image_id"] for one in found["annotations"]] == [2]
    assert found["categories"] == coco["categories"]
    assert found["licenses"] == coco["licenses"]


def test_a_group_that_holds_the_image_stays_without_it(tmp_path):
    value = {"groups": [{"name": "a", "items": [{"id": GONE[:16]}, {"id": KEPT[:16]}]}]}
    _, left = strip(strip_json, json.dumps(value).encode(), tmp_path)
    assert json.loads(left) == {"groups": [{"name": "a", "items": [{"id": KEPT[:16]}]}]}


def test_keys_of_an_object(tmp_path):
    value = {"labels": {GONE[:16]: {"label": 1}, KEPT[:16]: {"label": 2}}}
    _, left = strip(strip_json, json.dumps(value).encode(), tmp_path)
    assert json.loads(left) == {"labels": {KEPT[:16]: {"label": 2}}}


def test_the_list_of_shards_counts_what_is_left(tmp_path):
    value = {"shardlist": [{"url": "t-0.tar", "nsamples": 5}, {"url": "t-1.tar", "nsamples": 4}]}
    gone, left = strip(strip_json, json.dumps(value).encode(), tmp_path, fewer={"t-1.tar": 3})
    assert gone == 0
    assert [one["nsamples"] for one in json.loads(left)["shardlist"]] == [5, 1]


def test_parquet_keeps_schema_and_metadata(tmp_path):
    pa = pytest.importorskip("pyarrow")
    pq = pytest.importorskip("pyarrow.parquet")
    schema = pa.schema(
        [("image_id", pa.string()), ("n", pa.int32()), ("tags", pa.list_(pa.string()))],
        metadata={b"huggingface": b"{}"},
    )
    ids = [KEPT[:16], GONE[:16], KEPT[:16], GONE[:16]]
    table = pa.table({"image_id": ids, "n": [0, 1, 2, 3], "tags": [["a"], [], None, ["b"]]}, schema)
    out = io.BytesIO()
    pq.write_table(table, out, row_group_size=2, compression="zstd")
    gone, left = strip(strip_parquet, out.getvalue(), tmp_path)
    found = pq.read_table(io.BytesIO(left))
    assert gone == 2
    assert found.to_pydict() == {"image_id": [KEPT[:16]] * 2, "n": [0, 2], "tags": [["a"], None]}
    before = pq.read_schema(io.BytesIO(out.getvalue()))
    assert found.schema.equals(before, check_metadata=True)
    assert GONE[:16].encode() not in left


def tar_of(members):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name, body in members:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(body), 0
            tar.addfile(info, io.BytesIO(body))
    return out.getvalue()


@given(st.lists(st.tuples(st.booleans(), st.binary(max_size=1500)), max_size=8))
def test_tar_files_keep_every_byte_of_the_others(tmp_path_factory, samples):
    def members(some):
        for at, (is_gone, body) in some:
            key = f"{(GONE if is_gone else KEPT)[:16]}" if is_gone else f"kept{at}"
            yield f"{key}.jpg", body
            yield f"{key}.json", json.dumps({"at": at}).encode()

    numbered = list(enumerate(samples))
    gone, left = strip(strip_tar, tar_of(members(numbered)), tmp_path_factory.mktemp("tar"))
    if not any(is_gone for is_gone, _ in samples):
        assert (gone, left) == (0, None)
        return
    assert gone == 1
    assert left == tar_of(members([one for one in numbered if not one[1][0]]))


def test_a_sample_is_known_by_its_facts_too(tmp_path):
    body = tar_of([("000.jpg", b"x"), ("000.json", json.dumps({"sha256": GONE}).encode())])
    gone, left = strip(strip_tar, body, tmp_path)
    assert gone == 1
    assert left == tar_of([])


def test_sqlite_keeps_no_word_in_free_pages(tmp_path):
    path = tmp_path / "made.sqlite"
    database = sqlite3.connect(path)
    database.executescript(
        "CREATE TABLE images (image_id TEXT PRIMARY KEY, title TEXT) WITHOUT ROWID;"
        "CREATE TABLE labels (image_id TEXT, name TEXT, value TEXT);"
    )
    for image_id in (GONE[:16], KEPT[:16]):
        database.execute("INSERT INTO images VALUES (?, ?)", (image_id, f"Title {image_id} " * 50))
        database.execute("INSERT INTO labels VALUES (?, 'make', 'Ford')", (image_id,))
    database.commit()
    database.close()
    gone, left = strip(strip_sqlite, path.read_bytes(), tmp_path)
    assert gone == 2
    assert GONE[:16].encode() not in left
    (tmp_path / "again").write_bytes(left)
    again = sqlite3.connect(tmp_path / "again")
    assert again.execute("SELECT image_id FROM labels").fetchall() == [(KEPT[:16],)]
    again.close()


@pytest.mark.parametrize(
    ("function", "body"),
    [
        (strip_json, b"{"),
        (strip_json_lines, b"{}\nno\n"),
        (strip_csv, b"\xff\xfe\x00"),
        (strip_tar, b"no tar" * 200),
        (strip_sqlite, b"no database" * 200),
        (strip_parquet, b"PAR1 no"),
    ],
)
def test_what_is_not_what_its_name_says_is_refused(function, body, tmp_path):
    with pytest.raises(Unreadable):
        strip(function, body, tmp_path)
