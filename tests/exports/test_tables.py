"""What all table formats promise: the same bytes twice, and going on where a pass was killed."""

import pytest

from carsets.exports.csv_table import CsvFormat
from carsets.exports.json_lines import JsonLinesFormat
from carsets.exports.openimages import OpenImagesFormat
from carsets.exports.parquet import ParquetFormat
from carsets.exports.postgres import PostgresFormat
from carsets.exports.sqlite import SqliteFormat
from carsets.exports.urls import UrlsFormat
from tests.exports.hostile_texts import HALF, NUL, TITLES
from tests.exports.writing import bytes_of, export

KINDS = (
    OpenImagesFormat, UrlsFormat, CsvFormat, JsonLinesFormat, ParquetFormat, SqliteFormat,
    PostgresFormat,
)  # fmt: skip

every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


@pytest.fixture
def records(make_record):
    """Return records with every text that has ever broken a table."""
    splits = ("train", "validation", "test")
    return [
        make_record(
            number,
            title=title,
            author=title,
            description=title,
            attribution=title,
            tags=(title, "car"),
            labels={"make": title or "Ford", "body": "wagon"},
            label=title,
            extra={title: [title, {"deep": title}], "nan": float("inf")},
            source=("flickr", "openimages", "urls")[number % 3],
            split=splits[number % 3],
        )
        for number, title in enumerate((*TITLES, NUL, HALF))
    ]


@every_kind
def test_the_same_records_give_the_same_bytes(kind, records, open_folder, make_facts):
    first = bytes_of(export(kind, open_folder("one"), make_facts, records))
    again = bytes_of(export(kind, open_folder("two"), make_facts, records))
    assert first
    assert first == again


@every_kind
def test_a_killed_pass_is_gone_on_with(kind, records, open_folder, make_facts, tmp_path):
    whole = bytes_of(export(kind, open_folder("whole"), make_facts, records))
    cut = open_folder("cut")
    begun = kind(cut, make_facts(splits={"train": 99, "validation": 99, "test": 99}))
    for record in records[:5]:
        begun.add(record, None)
    del begun
    cut.close()
    # Some of its files had been finished.
    finished = open_folder("cut")
    kept = sorted(whole)[:2]
    for name in kept:
        finished.put(name, whole[name])
    finished.close()
    assert bytes_of(export(kind, open_folder("cut"), make_facts, records)) == whole


@every_kind
def test_a_release_without_records_is_whole(kind, folder, make_facts):
    assert bytes_of(export(kind, folder, make_facts, [], splits={"": 0}))


@every_kind
def test_nothing_tells_where_on_this_machine_an_image_lay(kind, folder, make_facts, make_record):
    record = make_record(url="file:///home/eve/cars/1.jpg", page_url="file:///home/eve")
    for content in bytes_of(export(kind, folder, make_facts, [record])).values():
        assert b"/home/eve" not in content
