"""Opening, making, refusing and sharing a catalog."""

import os
import sqlite3
import threading
from contextlib import closing
from types import SimpleNamespace

import pytest
from sqlalchemy import create_engine, inspect, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from carsets.catalog import sightings
from carsets.catalog.catalog import Catalog, CatalogError
from carsets.catalog.rows import Batch, PageRow, RunEnd
from carsets.catalog.schema import metadata, runs
from carsets.outcomes import ExitCode, Outcome, QueryOutcome
from tests.catalog.conftest import ON_SQLITE


def columns(url: str, table: str) -> set[str]:
    engine = create_engine(url)
    found = {column["name"] for column in inspect(engine).get_columns(table)}
    engine.dispose()
    return found


SIGHTINGS = "url page_url source query_id rank outcome image_id license author title"
IMAGES = (
    "image_id sha256 md5 path width height bytes format mime license car_score labels view verdict"
)
TABLES = (
    "runs queries pages sightings images counts reviews duplicate_groups tombstones schema_version"
)


def test_columns_that_other_programs_rely_on_are_there(catalog, url):
    assert columns(url, "sightings") >= set(SIGHTINGS.split(" "))
    assert columns(url, "images") >= set(IMAGES.split(" "))


def test_all_tables_of_the_design_are_made(catalog):
    assert set(inspect(catalog._engine).get_table_names()) >= set(TABLES.split(" "))


@ON_SQLITE
def test_a_catalog_is_in_write_ahead_mode_and_keeps_its_references(catalog):
    with catalog._read() as connection:
        pragma = connection.exec_driver_sql
        assert pragma("PRAGMA journal_mode").scalar() == "wal"
        assert pragma("PRAGMA foreign_keys").scalar() == 1
        assert pragma("PRAGMA synchronous").scalar() == 1  # NORMAL


def test_a_second_opening_finds_what_the_first_wrote(catalog, url, sighting):
    catalog.write(Batch(sightings=[sighting()]))
    again = Catalog.open(url, create=False)
    assert again.lookup_url("https://a.test/1.jpg") == (Outcome.STORED, None)
    again.close()


def test_a_newer_schema_is_refused_in_one_line(catalog, url):
    with catalog._write() as connection:
        connection.exec_driver_sql("INSERT INTO schema_version VALUES (99, '')")
    with pytest.raises(CatalogError) as problem:
        Catalog.open(url)
    assert "schema 99" in str(problem.value)
    assert "upgrade carsets" in str(problem.value)
    assert "\n" not in str(problem.value)
    assert problem.value.exit_code is ExitCode.STORE_FAILED


def test_another_program_s_database_is_refused(tmp_path):
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE cookies (name TEXT)")
    connection.close()
    with pytest.raises(CatalogError, match="not a carsets catalog"):
        Catalog.open(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master").fetchall()
    assert tables == [("cookies",)]


@pytest.mark.parametrize("content", [b"this is no database, but a text " * 100])
def test_a_file_that_is_no_database_is_refused(tmp_path, content):
    path = tmp_path / "catalog.sqlite"
    path.write_bytes(content)
    with pytest.raises(CatalogError, match="not a carsets catalog"):
        Catalog.open(f"sqlite:///{path}")
    assert path.read_bytes() == content


@ON_SQLITE
def test_a_damaged_catalog_is_named(catalog, url, tmp_path, sighting):
    catalog.write(Batch(sightings=[sighting(f"https://a.test/{n}") for n in range(2_000)]))
    catalog.close()
    path = tmp_path / "catalog.sqlite"
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + b"\xff" * (len(whole) - 8192))

    def use() -> None:
        with closing(Catalog.open(url)) as damaged:
            damaged.write(Batch(sightings=[sighting("https://a.test/new")]))

    with pytest.raises(CatalogError, match="damaged"):
        use()


def test_a_missing_catalog_is_not_made_for_a_reader(tmp_path):
    path = tmp_path / "none" / "catalog.sqlite"
    with pytest.raises(CatalogError, match="there is no catalog"):
        Catalog.open(f"sqlite:///{path}", create=False)
    assert not path.parent.exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CatalogError, match="cannot be made"):
        Catalog.open(f"sqlite:///{tmp_path / 'file' / 'data' / 'catalog.sqlite'}")


def test_a_place_that_cannot_be_opened_is_named(tmp_path):
    with pytest.raises(CatalogError, match="cannot be opened"):
        Catalog.open(f"sqlite:///{tmp_path}")


@pytest.fixture
def as_nobody():
    """Do the test without the rights of root, who may write everywhere."""
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65534)
    yield
    if was_root:
        os.seteuid(0)


def test_a_folder_without_permission_is_named(tmp_path, as_nobody):
    if os.geteuid() != 65534:
        tmp_path.chmod(0o500)
    with pytest.raises(CatalogError, match=r"cannot be (opened|written)"):
        Catalog.open(f"sqlite:///{tmp_path / 'catalog.sqlite'}")


@pytest.mark.parametrize("url", ["", "no url", "nosuchdatabase://here/x"])
def test_a_url_that_is_none_is_refused_in_one_line(url):
    with pytest.raises(CatalogError, match="CATALOG_URL"):
        Catalog.open(url)


def test_a_failing_batch_leaves_nothing_half_written(catalog, sighting, query):
    page = PageRow(
        source="bing", query=query, page=1, outcome=QueryOutcome.RESULTS, found=1, run_id="no run"
    )
    with pytest.raises(CatalogError, match=r"(?i)foreign key"):
        catalog.write(Batch(sightings=[sighting()], pages=[page]))
    assert catalog.lookup_url("https://a.test/1.jpg") is None
    assert catalog.query_progress("bing") == {}


@ON_SQLITE
def test_a_full_disk_is_named_and_loses_only_the_batch(catalog, sighting):
    catalog.write(Batch(sightings=[sighting("https://a.test/kept")]))
    with catalog._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 2}")
        connection.rollback()
    rows = [sighting(f"https://a.test/{n}", title="x" * 500) for n in range(500)]
    with pytest.raises(CatalogError, match="disk is full"):
        catalog.write(Batch(sightings=rows))
    assert catalog.lookup_url("https://a.test/kept") == (Outcome.STORED, None)
    assert catalog.lookup_url("https://a.test/0") is None


@ON_SQLITE
def test_a_transaction_that_reads_before_it_writes_would_lose_at_once(catalog, tmp_path):
    """The trap: BEGIN alone takes no lock, and no timeout helps the one who comes second."""
    path = tmp_path / "catalog.sqlite"
    with (
        closing(sqlite3.connect(path, isolation_level=None, timeout=60)) as slow,
        closing(sqlite3.connect(path, isolation_level=None)) as fast,
    ):
        slow.execute("BEGIN")
        slow.execute("SELECT count(*) FROM tombstones").fetchone()
        fast.execute("INSERT INTO tombstones (kind, value) VALUES ('url', '1')")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            slow.execute("INSERT INTO tombstones (kind, value) VALUES ('url', '2')")


@ON_SQLITE
def test_our_transactions_wait_for_each_other_instead(catalog, url, image):
    other = Catalog.open(url)
    reading, written = threading.Event(), threading.Event()

    def match(batch):
        reading.set()  # admit has read, and will write
        assert not written.wait(0.3)  # the other one waits for us
        return []

    def write_between() -> None:
        reading.wait()
        other.bury(url="https://a.test/1")
        written.set()

    catalog.admit(image("old"))
    between = threading.Thread(target=write_between)
    between.start()
    assert catalog.admit(image("new"), match=match).kind == "stored"
    between.join()
    assert written.is_set()
    other.close()


def test_many_threads_may_write_at_once(catalog, sighting):
    def write(thread: int) -> None:
        for n in range(20):
            catalog.write(Batch(sightings=[sighting(f"https://a.test/{thread}/{n}")]))

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(catalog.known_url_hashes()) == 160


def test_a_run_is_entered_and_ended(catalog):
    end = RunEnd(
        finished_at="2026-01-01T00:01:00",
        found=3,
        kept=1,
        bytes=10,
        outcomes={"stored": 1, "timeout": 2},
        exit_code=0,
        exit_reason="fine",
    )
    catalog.finish_run("run1", end)
    with catalog._read() as connection:
        row = connection.execute(select(runs).where(runs.c.run_id == "run1")).one()
    assert (row.found, row.kept, row.exit_code, row.exit_reason) == (3, 1, 0, "fine")
    assert row.outcomes == {"stored": 1, "timeout": 2}


def test_tombstones_forbid_urls_bytes_and_pictures(catalog):
    catalog.bury(url="https://a.test/me.jpg", reason="asked by its owner")
    catalog.bury(sha256="ab" * 32, phash=0xFF00, reason="asked by its owner")
    forbidden = catalog.tombstones()
    assert forbidden.forbid_url("https://a.test/me.jpg")
    assert not forbidden.forbid_url("https://a.test/you.jpg")
    assert forbidden.forbid_picture("ab" * 32, 0, 4)
    assert forbidden.forbid_picture("cd" * 32, 0xFF01, 4)
    assert not forbidden.forbid_picture("cd" * 32, 0x00FF, 4)


def test_tables_and_upserts_compile_for_postgresql():
    dialect = postgresql.dialect()
    tables = [str(CreateTable(table).compile(dialect=dialect)) for table in metadata.sorted_tables]
    assert "sighting_id BIGSERIAL" in "".join(tables)
    upsert = sightings._statement(SimpleNamespace(dialect=dialect), force=False)
    sql = str(upsert.compile(dialect=dialect))
    assert "ON CONFLICT (url_hash, query_id, source) DO UPDATE SET" in sql
