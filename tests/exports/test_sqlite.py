"""SQLite: whole, typed, searchable, and exact."""

import json
import shutil
import sqlite3
import subprocess
from contextlib import closing

import pytest

from carsets.exports.sqlite import SqliteFormat
from tests.exports.hostile_texts import NUL, TITLES
from tests.exports.writing import export


@pytest.fixture
def open_export(folder, make_facts):
    """Export records and return a function that asks the database."""
    opened = []

    def run(*records):
        path = export(SqliteFormat, folder, make_facts, records) / "images.sqlite"
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        opened.append(database)
        database.row_factory = sqlite3.Row
        return database

    yield run
    for database in opened:
        database.close()


def test_the_file_is_sound_and_all_keys_hold(open_export, make_record):
    database = open_export(*(make_record(n) for n in range(2_500)))
    assert database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    assert database.execute("PRAGMA journal_mode").fetchone()[0] == "delete"
    assert database.execute("SELECT count(*) FROM images").fetchone()[0] == 2_500
    assert database.execute("SELECT count(*) FROM labels").fetchone()[0] == 7_500


def test_every_title_comes_back(open_export, make_record):
    database = open_export(*(make_record(n, title=t) for n, t in enumerate((*TITLES, NUL))))
    found = database.execute("SELECT coalesce(title, '') FROM images ORDER BY rowid").fetchall()
    assert [row[0] for row in found] == [*TITLES, NUL.replace("\0", "")]


def test_questions_that_people_ask(open_export, make_record):
    database = open_export(
        make_record(1, human_labels=frozenset({"make"}), tags=("a", "b"), extra={"deep": {"x": 1}}),
        make_record(2, labels={"make": "BMW"}, source="urls", car_score=None),
    )
    row = database.execute(
        "SELECT i.*, l.spdx, l.needs_attribution FROM images i JOIN licenses l USING (license) "
        "JOIN labels b USING (image_id) WHERE b.name = 'make' AND b.value = 'Ford' AND b.human"
    ).fetchone()
    assert (row["rank"], row["spdx"], row["needs_attribution"]) == (1, "CC-BY-2.0", 1)
    assert json.loads(row["tags"]) == ["a", "b"]
    assert type(row["width"]) is int
    assert type(row["car_score"]) is float
    deep = "SELECT json_extract(extra, '$.deep.x') FROM images WHERE rank = 1"
    assert database.execute(deep).fetchone()[0] == 1
    sources = database.execute("SELECT * FROM sources ORDER BY source").fetchall()
    assert [tuple(row) for row in sources] == [("flickr", 1), ("urls", 1)]


def test_searches_use_an_index(open_export, make_record):
    database = open_export(make_record())
    for question in ("image_id = ''", "sha256 = ''", "make = '' AND model = ''", "split = ''"):
        [step] = database.execute(f"EXPLAIN QUERY PLAN SELECT * FROM images WHERE {question}")
        assert "USING INDEX" in step["detail"]


def test_a_title_cannot_leave_its_cell(open_export, make_record):
    database = open_export(make_record(title="'); DROP TABLE images; --"))
    assert database.execute("SELECT count(*) FROM images").fetchone()[0] == 1


def test_the_command_line_program_reads_it(folder, make_facts, make_record):
    program = shutil.which("sqlite3")
    if not program:
        pytest.skip("needs sqlite3 (Debian: apt-get install sqlite3)")
    records = [make_record(n, title=title) for n, title in enumerate(TITLES)]
    path = export(SqliteFormat, folder, make_facts, records) / "images.sqlite"
    ask = "PRAGMA integrity_check; SELECT hex(coalesce(title, '')) FROM images ORDER BY rowid;"
    told = subprocess.run(
        [program, "-readonly", str(path), ask], capture_output=True, text=True, check=True,
        timeout=60,
    ).stdout.splitlines()  # fmt: skip
    assert told[0] == "ok"
    assert [bytes.fromhex(line).decode() for line in told[1:]] == list(TITLES)


def test_the_bytes_hold_no_trace_of_the_machine(folder, make_facts, make_record):
    path = export(SqliteFormat, folder, make_facts, [make_record()])
    assert str(path).encode() not in (path / "images.sqlite").read_bytes()
    with closing(sqlite3.connect(path / "images.sqlite")) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (1,)
    assert [file.name for file in path.iterdir() if file.suffix] == ["images.sqlite"]
