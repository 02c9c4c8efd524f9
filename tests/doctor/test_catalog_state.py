"""The catalog: there, ours, of today's schema, and not of tomorrow."""

import sqlite3
import time
from contextlib import closing

import pytest

from carsets.catalog.catalog import Catalog
from carsets.catalog.rows import RunRow
from carsets.catalog.schema import VERSION
from carsets.doctor.catalog_state import look_at_catalog
from carsets.doctor.finding import Health, look
from tests.postgres_server import postgres_server  # noqa: F401 - a fixture


@pytest.fixture
def path(tmp_path):
    return tmp_path / "catalog.sqlite"


@pytest.fixture
def made(path):
    catalog = Catalog.open(f"sqlite:///{path}")
    catalog.start_run(RunRow(run_id="r1", source="bing", started_at="2026-01-01T00:00:00+00:00"))
    catalog.close()
    return path


def looked(url, clock=time.time):
    return list(look("catalog", lambda: look_at_catalog(str(url), clock)))


def change(path, sql):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql)


def test_none_is_well_and_is_not_made(path):
    [finding] = looked(f"sqlite:///{path}")
    assert (finding.health, path.exists()) == (Health.OK, False)


def test_one_of_today_is_well(made):
    [finding] = looked(f"sqlite:///{made}")
    assert finding.health is Health.OK
    assert f"schema {VERSION}, 0 images" in finding.said


def test_an_older_one_is_told_and_left_as_it_is(made):
    before = f"UPDATE schema_version SET version = {VERSION - 1}"
    change(made, before)
    [finding] = looked(f"sqlite:///{made}")
    assert finding.health is Health.WARN
    with closing(sqlite3.connect(made)) as connection:
        assert connection.execute("SELECT version FROM schema_version").fetchall() == [
            (VERSION - 1,)
        ]


@pytest.mark.parametrize(
    ("change_made", "said"),
    [
        (f"UPDATE schema_version SET version = {VERSION + 1}", "this carsets knows"),
        ("DELETE FROM schema_version", "not a carsets catalog"),
        ("DROP TABLE schema_version", "not a carsets catalog"),
    ],
)
def test_one_of_somebody_else_is_a_failure(made, change_made, said):
    change(made, change_made)
    [finding] = looked(f"sqlite:///{made}")
    assert finding.health is Health.FAIL
    assert said in finding.said


@pytest.mark.parametrize("url", ["no url", "nosuchdb://here/x", "sqlite:////nowhere/at/all.sqlite"])
def test_a_url_that_leads_nowhere_stops_no_other_check(url):
    [finding] = looked(url)
    assert finding.health is (Health.OK if url.startswith("sqlite") else Health.FAIL)
    assert "\n" not in finding.said + finding.fix


def test_a_file_that_is_no_database_is_a_failure(path):
    path.write_bytes(b"this is not a database, and longer than a header has to be" * 50)
    [finding] = looked(f"sqlite:///{path}")
    assert finding.health is Health.FAIL


def test_a_run_of_tomorrow_shows_that_a_clock_was_wrong(made):
    finding = looked(f"sqlite:///{made}", clock=lambda: 1_700_000_000.0)[-1]
    assert finding.health is Health.WARN
    assert "yet to come" in finding.said


def test_postgresql_s_clock_is_asked_too(postgres_server):  # noqa: F811
    name = postgres_server.database()
    url = f"postgresql+psycopg://postgres@/{name}?host={postgres_server.socket}"
    findings = looked(url, clock=lambda: time.time() + 3600)
    assert [finding.health for finding in findings] == [Health.WARN, Health.OK]
    assert "is empty" in findings[1].said
    assert looked(url)[0].health is Health.OK


def test_a_server_that_does_not_run_is_one_line(tmp_path):
    [finding] = looked(f"postgresql+psycopg://me:geheim99@/x?host={tmp_path}")
    assert finding.health is Health.FAIL
    assert "geheim99" not in str(finding)
