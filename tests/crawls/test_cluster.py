"""Three workers on one plan, in PostgreSQL: one is killed, one comes late, nothing is lost."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from carsets.fakeweb.corpus import bulk_url
from carsets.fakeweb.process import FakeWebProcess
from tests.crawls.conftest import Dataset
from tests.postgres_server import PostgresServer

pytestmark = pytest.mark.slow
PLAN = {"vehicles": "Honda Civic,Fiat 500", "colors": "red,blue", "per_query": 40}
HOW = {"LEASE_SECONDS": 8, "DOWNLOAD_SLOW_GRACE": 20, "DOWNLOAD_DELAY": 0.02}
AT_ONCE = 2
SHOWN = {"stored", "duplicate_bytes", "duplicate_pixels", "near_duplicate"}
SHARED_TABLES = ("workers", "query_leases", "url_claims", "hosts", "host_requests")
IN_HAND = 64  # images that a worker may be fetching: IMAGES_IN_FLIGHT
LET_IN = 5  # requests that were let through, and not sent yet, when a worker froze
BULK, PACE = 60, 0.1  # images, and seconds between two
BULK_HOST = urlsplit(bulk_url(0)).hostname


class SharedDataset(Dataset):
    """A dataset whose catalog is in PostgreSQL."""

    def __init__(self, folder: Path, server: PostgresServer) -> None:
        super().__init__(folder)
        self.place = f"host={server.socket} user=postgres dbname={server.database()}"
        database = self.place.rpartition("=")[2]
        self.url = f"postgresql+psycopg://postgres@/{database}?host={server.socket}"

    def rows(self, sql: str, *values: Any) -> list[Any]:
        """Return what the catalog answers; rows of one column as bare values."""
        psycopg = pytest.importorskip("psycopg")
        with psycopg.connect(self.place) as connection:
            found = connection.execute(sql.replace("?", "%s"), values).fetchall()
        return [row[0] if len(row) == 1 else row for row in found]

    def has(self, sql: str) -> bool:
        """Say whether a query finds something; a catalog that is not there yet has nothing."""
        psycopg = pytest.importorskip("psycopg")
        try:
            return bool(self.rows(sql))
        except psycopg.errors.UndefinedTable:
            return False


def wait_for(condition, commands, seconds=120):
    """Wait until something is so; fail when the crawls end before."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, [command.last_line for command in commands]
        assert not all(command.over for command in commands), commands[0].stderr[-2000:]
        time.sleep(0.02)


def ends(dataset):
    """Return URL -> the final ways in which its sightings ended, all copies taken for one way."""
    found = {}
    for url, outcome in dataset.rows("SELECT url, outcome FROM sightings WHERE finality = 3"):
        found.setdefault(url, set()).add("shown" if outcome in SHOWN else outcome)
    return found


def asked(web):
    """Return how often each address was asked for: //host/path -> number."""
    return {
        f"//{host}{path}": times
        for host, seen in web.stats()["hosts"].items()
        for path, times in seen["paths"].items()
        if path.endswith((".jpg", ".png", ".webp", ".gif"))
    }


@pytest.fixture(scope="module")
def alone(make_crawls, make_dataset):
    """Crawl the plan with one worker; return its dataset and what was asked for."""
    with FakeWebProcess() as web:
        dataset = make_dataset("alone")
        command = make_crawls(web).run("bing", dataset.folder, PLAN, **HOW)
        assert command.returncode == 0, command.stderr
        return dataset, asked(web)


@pytest.fixture(scope="module")
def together(make_crawls, tmp_path_factory, postgres_server):
    """Crawl it with two workers; kill one while it asks a query, then let a third one join."""
    dataset = SharedDataset(tmp_path_factory.mktemp("together") / "data", postgres_server)
    with FakeWebProcess() as web:
        crawls = make_crawls(web)
        how = {**HOW, "CATALOG_URL": dataset.url, "CONCURRENT_REQUESTS_PER_DOMAIN": AT_ONCE}
        first, second = (crawls.start("bing", dataset.folder, PLAN, **how) for _ in range(2))
        both = [first, second]
        wait_for(lambda: dataset.has("SELECT 1 FROM query_leases WHERE run_id <> ''"), both)
        victim_id = dataset.rows("SELECT run_id FROM query_leases WHERE run_id <> ''")[0]
        stored = f"SELECT 1 FROM images WHERE run_id = '{victim_id}'"
        wait_for(lambda: dataset.has(stored), both)
        [victim] = [command for command in both if victim_id in command.stderr]
        victim.kill()
        late = crawls.start("bing", dataset.folder, PLAN, **how)
        rest = [command for command in (*both, late) if command is not victim]
        for command in rest:
            command.wait()
        return dataset, asked(web), web.stats(), victim, rest


def test_all_that_were_not_killed_end_well(together):
    _, _, _, victim, rest = together
    assert victim.returncode == -9
    assert [command.returncode for command in rest] == [0, 0], [c.last_line for c in rest]


def test_a_killed_worker_loses_nothing(together, alone):
    dataset, (expected, _) = together[0], alone
    assert set(dataset.kept().values()) == set(expected.kept().values())
    assert len(dataset.kept()) > 60
    assert ends(dataset) == ends(expected)
    sql = "SELECT query_id, text, next_page, found, outcome FROM queries ORDER BY query_id"
    assert dataset.rows(sql) == expected.rows(sql)
    files = dataset.files()
    assert files.keys() == dataset.kept().keys()


def test_other_workers_have_taken_the_queries_over(together):
    dataset = together[0]
    [killed] = dataset.rows("SELECT run_id FROM runs WHERE exit_code IS NULL")
    assert not dataset.rows("SELECT 1 FROM queries WHERE run_id = ?", killed)


def test_no_url_is_fetched_twice_but_those_that_the_killed_one_had_in_hand(together, alone):
    times, by_one = together[1], alone[1]
    assert times.keys() == by_one.keys()
    more = {url: n for url, n in times.items() if n > by_one[url]}
    assert len(more) <= IN_HAND
    assert all(n == by_one[url] + 1 for url, n in more.items())


def test_no_copy_is_kept_twice(together):
    dataset = together[0]
    stored = "SELECT count(*) FROM sightings WHERE outcome = 'stored'"
    assert dataset.rows(stored) == [len(dataset.kept())]
    same = "SELECT pixel_hash FROM images WHERE verdict = 'keep' GROUP BY 1 HAVING count(*) > 1"
    assert not dataset.rows(same)


def test_nothing_is_left_of_what_they_shared(together):
    for table in SHARED_TABLES:
        assert together[0].rows(f"SELECT count(*) FROM {table}") == [0], table


# --- One host, a list, a limit ------------------------------------------------------------------


@pytest.fixture
def shared(tmp_path, postgres_server):
    """Return an empty dataset in PostgreSQL."""
    return SharedDataset(tmp_path / "data", postgres_server)


@pytest.fixture
def lists(tmp_path):
    """Return three lists of images that all lie on one host."""
    paths = [tmp_path / f"list-{number}.csv" for number in range(3)]
    for first, path in enumerate(paths):
        found = [bulk_url(64 * number) for number in range(first, BULK, 3)]
        path.write_text("url\n" + "".join(f"{url}\n" for url in found))
    return paths


def test_three_workers_keep_to_the_pace_of_one(crawls, web, shared, lists):
    how = {"CATALOG_URL": shared.url, "DOWNLOAD_DELAY": PACE, "DOWNLOAD_DELAY_JITTER": 0,
           "CONCURRENT_REQUESTS_PER_DOMAIN": 1, "LEASE_SECONDS": 20}  # fmt: skip
    commands = [crawls.start("urls", shared.folder, {"file": path}, **how) for path in lists]
    wait_for(lambda: shared.has("SELECT 1 FROM workers OFFSET 2"), commands)
    web.mode(BULK_HOST, "429", times=1, retry_after="2")
    for command in commands:
        assert command.wait().returncode == 0, command.stderr
    seen = web.stats()["hosts"][BULK_HOST]
    assert seen["most_at_once"] == 1
    # Three workers, each at its own pace, would need a third of this.
    assert seen["seconds"] >= 2 + 0.9 * PACE * (seen["requests"] - 2)
    images = {path: times for path, times in seen["paths"].items() if path.endswith(".jpg")}
    assert len(images) == BULK
    assert sum(images.values()) == BULK + 1  # the one that was answered with 429
    brought = shared.rows("SELECT count(*) FROM images GROUP BY run_id")
    assert len(brought) == 3
    assert sum(brought) == BULK
    assert shared.rows("SELECT count(*) FROM sightings WHERE outcome = 'stored'") == [BULK]


def test_a_limit_is_one_limit_for_all_workers(crawls, web, shared):
    given = {**PLAN, "limit": 50}
    # A worker that a busy machine keeps from renewing its lease would be taken for dead.
    how = {**HOW, "CATALOG_URL": shared.url, "LEASE_SECONDS": 60}
    commands = [crawls.start("bing", shared.folder, given, **how) for _ in range(3)]
    for command in commands:
        command.wait()
    assert len(shared.kept()) == 50
    codes = {command.returncode: command.last_line for command in commands}
    assert set(codes) <= {0, 3}, codes  # 3: came too late for one
    hosts = web.stats()["hosts"]
    assert max(seen["most_at_once"] for seen in hosts.values()) <= AT_ONCE


def test_workers_of_one_machine_can_share_a_catalog_in_sqlite(crawls, web, dataset):
    given = {"vehicles": "Honda Civic,Fiat 500", "colors": "red", "per_query": 12}
    how = {**HOW, "CLUSTER_ENABLED": True, "LEASE_SECONDS": 60}
    commands = [crawls.start("bing", dataset.folder, given, **how) for _ in range(2)]
    assert {command.wait().returncode for command in commands} <= {0, 3}
    dataset.assert_whole()
    assert dataset.rows("SELECT count(*) FROM queries WHERE outcome = 'results'") == [2]
    assert max(asked(web).values()) == 1
    assert len(dataset.kept()) > 8
    for table in SHARED_TABLES:
        assert dataset.rows(f"SELECT count(*) FROM {table}") == [0], table


# --- A worker that was frozen -------------------------------------------------------------------


def test_a_worker_frozen_for_longer_than_its_lease_ends_and_keeps_nothing_twice(
    crawls, web, shared
):
    given = {"query": "red Honda Civic", "per_query": 40}
    how = {**HOW, "CATALOG_URL": shared.url, "LEASE_SECONDS": 3, "DOWNLOAD_DELAY": 0.1}
    frozen = crawls.start("bing", shared.folder, given, **how)
    wait_for(lambda: shared.has("SELECT 1 FROM images"), [frozen])
    frozen.kill(signal.SIGSTOP)
    claimed = shared.rows("SELECT count(*) FROM url_claims")[0]
    other = crawls.start("bing", shared.folder, given, **how).wait()
    assert other.returncode == 0, other.stderr
    before = sum(asked(web).values())
    frozen.kill(signal.SIGCONT)
    frozen.wait()
    assert frozen.returncode == 4
    assert "lease_lost" in frozen.last_line
    assert sum(asked(web).values()) <= before + LET_IN
    assert max(asked(web).values()) <= 2
    assert 0 < sum(n == 2 for n in asked(web).values()) <= min(claimed, IN_HAND)
    same = "SELECT sha256 FROM images WHERE verdict = 'keep' GROUP BY 1 HAVING count(*) > 1"
    assert not shared.rows(same)
    assert shared.files().keys() == shared.kept().keys()
    for table in SHARED_TABLES:
        assert shared.rows(f"SELECT count(*) FROM {table}") == [0], table
