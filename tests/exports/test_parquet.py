"""Parquet: declared types, files as Hugging Face names them, groups that fit into memory."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carsets.exports import parquet, row_groups
from carsets.exports.columns import NAMES
from carsets.exports.parquet import SCHEMA, ParquetFormat
from carsets.exports.row_groups import RowGroups
from carsets.image_lists import ImageList
from carsets.release.folder import ReleaseFolder
from tests.exports.hostile_texts import NUL, TITLES
from tests.exports.writing import export


@pytest.fixture
def written(folder, make_facts, make_record):
    """Export records with these titles and return the folder."""

    def run(*titles, **facts):
        records = [make_record(n, title=title, **facts) for n, title in enumerate(titles)]
        return export(ParquetFormat, folder, make_facts, records)

    return run


def test_every_title_comes_back(written):
    path = written(*TITLES, NUL) / "data/train-00000-of-00001.parquet"
    table = pq.read_table(path)
    assert table.schema.names == list(NAMES)
    assert table.schema.equals(SCHEMA)
    assert [title or "" for title in table["title"].to_pylist()] == [*TITLES, NUL]


def test_what_is_not_known_is_null(written):
    path = written("", phash="", car_score=None) / "data/train-00000-of-00001.parquet"
    [row] = pq.read_table(path).to_pylist()
    assert [row[name] for name in ("title", "phash", "car_score", "split")] == [None] * 4
    assert row["flags"] == []
    assert json.loads(row["labels"])["make"] == "Ford"
    assert not SCHEMA.field("image_id").nullable
    assert SCHEMA.field("title").nullable


def test_repeated_words_are_dictionaries_and_all_is_compressed(written):
    path = written(*["car"] * 100) / "data/train-00000-of-00001.parquet"
    group = pq.ParquetFile(path).metadata.row_group(0)
    by_name = {group.column(n).path_in_schema: group.column(n) for n in range(group.num_columns)}
    assert by_name["license"].has_dictionary_page
    assert not by_name["sha256"].has_dictionary_page
    assert by_name["title"].compression == "ZSTD"


def test_each_split_has_files_of_its_own(folder, make_facts, make_record, monkeypatch):
    monkeypatch.setattr(parquet, "FILE_ROWS", 2)
    splits = ["train", "test", "train", "train", "train"]
    records = [make_record(n, split=split) for n, split in enumerate(splits)]
    facts = {"train": 4, "validation": 0, "test": 1}
    path = export(ParquetFormat, folder, make_facts, records, splits=facts)
    rows = {file.name: pq.read_metadata(file).num_rows for file in (path / "data").iterdir()}
    assert rows == {
        "train-00000-of-00002.parquet": 2,
        "train-00001-of-00002.parquet": 2,
        "validation-00000-of-00001.parquet": 0,
        "test-00000-of-00001.parquet": 1,
    }


def test_long_texts_make_small_groups(written, monkeypatch):
    monkeypatch.setattr(row_groups, "GROUP_TEXT", 100_000)
    path = written(*["x" * 10_000] * 25) / "data/train-00000-of-00001.parquet"
    metadata = pq.read_metadata(path)
    assert metadata.num_rows == 25
    assert metadata.num_row_groups > 2


def test_hugging_face_loads_it(written, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    datasets = pytest.importorskip("datasets")
    path = written(*TITLES, NUL)
    loaded = datasets.load_dataset(
        "parquet", data_dir=str(path / "data"), cache_dir=str(tmp_path / "cache")
    )
    assert list(loaded) == ["train"]
    assert [title or "" for title in loaded["train"]["title"]] == [*TITLES, NUL]
    assert loaded["train"].features["car_score"].dtype == "float64"


def test_carsets_reads_it_as_a_list(written):
    [row] = ImageList.open(written("red car") / "data/train-00000-of-00001.parquet").rows()
    assert (row.problem, row.found.title, row.labels["model"]) == ("", "red car", "Mustang")


@given(st.lists(st.text()))
def test_any_texts_come_back(tmp_path_factory, texts):
    schema = pa.schema([pa.field("text", pa.string(), nullable=False)])
    with ReleaseFolder(tmp_path_factory.mktemp("any") / "cars", "plan") as folder:
        file = RowGroups(folder, "texts.parquet", schema, {"text"})
        for text in texts:
            file.add((text,))
        file.close()
        assert pq.read_table(folder.path / "texts.parquet")["text"].to_pylist() == texts
