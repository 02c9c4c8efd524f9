"""Catalogs that older versions made are led to today's tables, whole or not at all."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from carsets.catalog import migrations
from carsets.catalog.catalog import Catalog
from carsets.catalog.connection import CatalogError
from carsets.catalog.schema import VERSION, metadata
from tests.postgres_server import postgres_server  # noqa: F401 - a fixture

OLD = Path(__file__).with_name("old_schemas")
VERSIONS = sorted({int(path.name.partition(".")[0]) for path in OLD.iterdir()})

# Rows that refer to each other, in columns that every version has.
ROWS = """
INSERT INTO runs (run_id, source, outcomes) VALUES ('r1', 'bing', '{"stored": 1}');
INSERT INTO images (image_id, sha256, md5, pixel_hash, phash, dhash, verdict, run_id, car_score)
    VALUES ('i1', 's1', 'm1', 'p1', -9223372036854775808, 9223372036854775807, 'keep', 'r1', 0.75);
INSERT INTO sightings (source, query_id, url, url_hash, outcome, finality, image_id, first_run_id)
    VALUES ('bing', 'q1', 'https://a.test/ü.jpg', 7, 'stored', 0, 'i1', 'r1');
INSERT INTO counts (source, query_id, text, total, run_id) VALUES ('bing', 'q1', 'ford', 12, 'r1');
INSERT INTO reviews (image_id, rater, decision, undone) VALUES ('i1', 'jane', 'keep', false);
INSERT INTO tombstones (kind, value, reason) VALUES ('url', 'ff', 'asked; politely')
"""
KEPT = {
    "images": ("image_id, phash, dhash, car_score", ("i1", -(2**63), 2**63 - 1, 0.75)),
    "sightings": ("url, image_id", ("https://a.test/ü.jpg", "i1")),
    "counts": ("text, total", ("ford", 12)),
    "reviews": ("rater, decision", ("jane", "keep")),
    "tombstones": ("value, reason", ("ff", "asked; politely")),
}


def old_catalog(url, version):
    """Make a catalog as an older carsets made it, with rows in it."""
    engine = create_engine(url)
    script = (OLD / f"{version}.{engine.dialect.name}.sql").read_text(encoding="utf-8")
    with engine.begin() as connection:
        for statement in [*script.split(";\n"), *ROWS.split(";\n")]:
            if statement.strip():
                connection.exec_driver_sql(statement)
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path):
    """Return the URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'catalog.sqlite'}"
    server = request.getfixturevalue("postgres_server")
    return f"postgresql+psycopg://postgres@/{server.database()}?host={server.socket}"


def differences(url):
    """Return in what Alembic sees a database differ from the tables of today."""
    engine = create_engine(url)
    options = {"compare_type": True}
    if engine.dialect.name != "sqlite":  # of whose defaults Alembic reads '' wrongly
        options["compare_server_default"] = True
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        found = compare_metadata(context, metadata)
    engine.dispose()
    return found


def test_there_is_an_old_catalog_of_every_version():
    assert list(range(1, VERSION)) == VERSIONS
    assert sorted(migrations.UPGRADES) == VERSIONS


def test_a_new_catalog_has_today_s_tables(database):
    Catalog.open(database).close()
    assert differences(database) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_an_old_catalog_becomes_one_of_today_and_keeps_its_rows(database, version):
    old_catalog(database, version)
    assert differences(database)
    Catalog.open(database, create=False).close()
    assert differences(database) == []
    engine = create_engine(database)
    with engine.connect() as connection:
        versions = connection.execute(text("SELECT version FROM schema_version ORDER BY 1"))
        assert versions.scalars().all() == list(range(version, VERSION + 1))
        for table, (columns, row) in KEPT.items():
            found = connection.execute(text(f"SELECT {columns} FROM {table}")).all()
            assert [tuple(one) for one in found] == [row], table
    engine.dispose()
    Catalog.open(database).close()  # and once more, with nothing to do
    assert differences(database) == []


def test_tables_that_came_without_a_new_version_are_made(database):
    Catalog.open(database).close()
    engine = create_engine(database)
    with engine.begin() as connection:
        for name in ("past_detections", "batch_jobs", "spot_checks"):
            connection.exec_driver_sql(f"DROP TABLE {name}")
    engine.dispose()
    Catalog.open(database, create=False).close()
    assert differences(database) == []


KILLED = """
import os, signal, sys
from carsets.catalog import migrations
from carsets.catalog.catalog import Catalog

def step(connection, made=migrations.UPGRADES[3]):
    made(connection)
    os.kill(os.getpid(), signal.SIGKILL)

migrations.UPGRADES[3] = step
Catalog.open(sys.argv[1], create=False)
"""


def test_an_upgrade_that_is_killed_leaves_the_old_catalog(database):
    old_catalog(database, 2)
    before = differences(database)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, database],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        check=False,
    )
    assert done.returncode == -9
    assert len(differences(database)) == len(before)
    Catalog.open(database, create=False).close()
    assert differences(database) == []


def test_a_step_that_fails_leaves_the_old_catalog(database, monkeypatch):
    def fail(connection):
        connection.exec_driver_sql("CREATE TABLE half (a INTEGER)")
        connection.exec_driver_sql("no such statement")

    monkeypatch.setitem(migrations.UPGRADES, VERSION - 1, fail)
    old_catalog(database, 1)
    before = differences(database)
    with pytest.raises(CatalogError):
        Catalog.open(database, create=False)
    assert len(differences(database)) == len(before)


def test_four_processes_that_open_an_old_catalog_at_once_upgrade_it_once(tmp_path):
    path = tmp_path / "catalog.sqlite"
    old_catalog(f"sqlite:///{path}", 1)
    code = "import sys; from carsets.catalog.catalog import Catalog; Catalog.open(sys.argv[1])"
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    words = [sys.executable, "-c", code, f"sqlite:///{path}"]
    processes = [subprocess.Popen(words, env=environment) for _ in range(4)]
    assert [process.wait(120) for process in processes] == [0] * 4
    with closing(sqlite3.connect(path)) as connection:
        versions = connection.execute("SELECT version FROM schema_version ORDER BY 1").fetchall()
    assert versions == [(number,) for number in range(1, VERSION + 1)]
