"""CSV: rows that any strict reader takes, and cells that no spreadsheet runs."""

import csv
import json

import pyarrow.csv
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carsets.exports.columns import NAMES
from carsets.exports.comma_separated import row
from carsets.exports.csv_table import CsvFormat
from carsets.exports.spreadsheet import exact
from carsets.image_lists import ImageList
from tests.exports.hostile_texts import NUL, TITLES
from tests.exports.writing import export


@pytest.fixture
def table(folder, make_facts, make_record):
    """Export records with these titles and return the path of the table."""

    def run(*titles, **facts):
        records = [make_record(n, title=title, **facts) for n, title in enumerate(titles)]
        return export(CsvFormat, folder, make_facts, records) / "images.csv"

    return run


def strict(path):
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, strict=True))


def test_the_first_line_is_the_header(table):
    path = table("a")
    assert path.read_bytes().split(b"\r\n")[0].decode() == ",".join(NAMES)


def test_a_strict_reader_finds_every_title(table):
    rows = strict(table(*TITLES, NUL))
    assert [exact(row["title"]) for row in rows] == [*TITLES, NUL]
    assert all(len(row) == len(NAMES) and None not in row for row in rows)


def test_another_program_finds_every_title(table):
    read = pyarrow.csv.read_csv(
        table(*TITLES),
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types={"title": "string"}, strings_can_be_null=False
        ),
    )
    assert [exact(title) for title in read["title"].to_pylist()] == list(TITLES)


def test_no_cell_is_a_formula(table):
    for found in strict(table(*TITLES, author="=1+1", query="@SUM(A1)", attribution="a;=1+1")):
        for name, cell in found.items():
            assert cell[:1] not in set("=+-@\t\r\n"), name
            assert ";=" not in cell


def test_lists_and_objects_are_json(table):
    [found] = strict(table("a", tags=("car", "a;b"), extra={"boxes": [{"x": 1}]}))
    assert json.loads(found["tags"]) == ["car", "a;b"]
    assert json.loads(found["extra"]) == {"boxes": [{"x": 1}]}
    assert json.loads(found["labels"])["make"] == "Ford"
    assert json.loads(found["top_labels"])[0] == {"label": "sports car", "score": 0.91}
    assert found["flags"] == ""


def test_carsets_reads_it_as_a_list(table):
    [row] = ImageList.open(table("red car")).rows()
    assert row.problem == ""
    assert row.found.title == "red car"
    assert row.found.sha256
    assert row.found.license.code == "by-2.0"
    assert row.labels["make"] == "Ford"


@given(st.lists(st.text(), min_size=2, max_size=5))
def test_any_cells_come_back(cells):
    for end in ("\n", "\r\n"):
        assert list(csv.reader([row(cells, end)], strict=True)) == [cells]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(title=st.text())
def test_any_title_comes_back(tmp_path_factory, make_facts, make_record, title):
    from carsets.release.folder import ReleaseFolder

    with ReleaseFolder(tmp_path_factory.mktemp("any") / "cars", "plan") as folder:
        path = export(CsvFormat, folder, make_facts, [make_record(title=title)])
        [found] = strict(path / "images.csv")
    assert exact(found["title"]) == title
