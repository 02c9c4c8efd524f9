"""A transaction that PostgreSQL ends for the sake of another one is done again, within bounds."""

import inspect
import threading
import time

import psycopg
import pytest

from carsets.catalog import repetition, runs
from carsets.catalog.catalog import Catalog
from carsets.catalog.connection import WRITERS_LOCK, CatalogError, ConflictError, lock_writers
from carsets.catalog.host_pace import Knock, News
from carsets.catalog.repetition import TRIES, repeated
from carsets.catalog.rows import RunRow

PATIENCE = 60  # seconds
WAITS = "SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND wait_event = %s"


class Shared:
    """A catalog in PostgreSQL, a worker in it that asks for two hosts, and somebody else's hand."""

    def __init__(self, server, **settings):
        name = server.database()
        for setting, value in settings.items():
            server.psql("postgres", "-c", f"ALTER DATABASE {name} SET {setting} = '{value}'")
        self.url = f"postgresql+psycopg://postgres@/{name}?host={server.socket}"
        self.catalog = Catalog.open(self.url)
        self.catalog.start_run(RunRow(run_id="run1", source="bing", started_at="2026-01-01"))
        self.catalog.join_workers("run1", "bing", "", 3600.0)
        self.place = f"host={server.socket} user=postgres dbname={name}"
        self.answers = []
        self._asked = 0
        self.ask()

    def connect(self, **how):
        return psycopg.connect(self.place, **how)

    def ask(self):
        """Ask for both hosts, and say that the request is over."""
        self._asked += 1
        knocks = [Knock(f"{self._asked}{host}", host, 0.0, 9) for host in ("a.test", "b.test")]
        self.answers.append(self.catalog.pace_hosts("run1", News(knocks, ended=["0"])))

    def ask_behind(self, other):
        """Begin to ask in a thread, and return it when it waits for what ``other`` holds."""
        thread = threading.Thread(target=self._ask_and_tell, daemon=True)
        thread.start()
        until = time.monotonic() + PATIENCE
        with self.connect(autocommit=True) as watcher:
            while not watcher.execute(WAITS, ["transactionid"]).fetchone():
                assert time.monotonic() < until, self.answers
                time.sleep(0.005)
        return thread

    def _ask_and_tell(self):
        try:
            self.ask()
        except CatalogError as error:
            self.answers.append(error)

    def lock(self, other, host):
        other.execute("UPDATE hosts SET next_at = 0 WHERE host = %s", [host])


@pytest.fixture
def repetitions(monkeypatch):
    """Return the list of the longest pauses before another try; none is made."""
    pauses = []
    monkeypatch.setattr(
        repetition.random, "uniform", lambda _, longest: pauses.append(longest) or 0.0
    )
    return pauses


def through(shared):
    """Return what became of the last question: how long the two requests have to wait."""
    last = shared.answers[-1]
    return sorted(last.values()) if isinstance(last, dict) else last


def test_a_real_deadlock_is_survived(postgres_server, repetitions):
    shared = Shared(postgres_server, deadlock_timeout="200ms")
    until = time.monotonic() + PATIENCE
    while not repetitions:  # on a busy machine the other one may be the one that is ended
        assert time.monotonic() < until
        with shared.connect() as other:
            shared.lock(other, "b.test")
            thread = shared.ask_behind(other)  # holds a.test, waits for b.test
            try:
                shared.lock(other, "a.test")
            except psycopg.errors.DeadlockDetected:
                other.rollback()
        thread.join(PATIENCE)
        assert through(shared) == [0.0, 0.0]
    shared.catalog.close()


def test_transactions_that_must_be_as_if_alone_are_done_again(postgres_server, repetitions):
    shared = Shared(postgres_server, default_transaction_isolation="serializable")
    with shared.connect() as other:
        shared.lock(other, "a.test")
        thread = shared.ask_behind(other)
    thread.join(PATIENCE)
    assert through(shared) == [0.0, 0.0]
    assert repetitions
    shared.catalog.close()


def test_a_worker_frozen_in_a_transaction_lets_the_others_go_on(postgres_server, monkeypatch):
    shared = Shared(postgres_server)
    frozen, thaw = threading.Event(), threading.Event()

    def freeze(connection, run, do=runs.start_run):
        lock_writers(connection)
        do(connection, run)
        if not frozen.is_set():
            frozen.set()
            thaw.wait(PATIENCE)

    shared.catalog.join_workers("run2", "bing", "", 0.3)
    monkeypatch.setattr(runs, "start_run", freeze)
    row = RunRow(run_id="run3", source="bing", started_at="2026-01-01")
    worker = threading.Thread(target=shared.catalog.start_run, args=[row])
    worker.start()
    assert frozen.wait(PATIENCE)
    time.sleep(0.3)
    other = Catalog.open(shared.url)
    assert other.join_workers("run4", "bing", "", 60.0) == 1, "run1"
    thaw.set()
    worker.join(PATIENCE)
    with shared.connect() as session:
        assert session.execute("SELECT 1 FROM runs WHERE run_id = 'run3'").fetchone()
    for catalog in (shared.catalog, other):
        catalog.close()


def test_who_waits_for_a_lock_hears_of_it_and_tries_again(postgres_server, repetitions):
    shared = Shared(postgres_server)
    with shared.connect() as other:
        other.execute("SELECT pg_advisory_xact_lock(%s)", [WRITERS_LOCK])
        with pytest.raises(ConflictError, match="lock timeout"):
            shared.catalog.join_workers("run2", "bing", "", 0.05)
    assert len(repetitions) == TRIES - 1
    assert shared.catalog.join_workers("run2", "bing", "", 60.0) == 1
    shared.catalog.close()


def test_the_tries_are_bounded_and_the_last_fault_is_told(repetitions):
    calls = []

    @repeated
    def never():
        calls.append(1)
        raise ConflictError("in each other's way")

    with pytest.raises(ConflictError, match="in each other's way"):
        never()
    assert len(calls) == TRIES
    assert len(repetitions) == TRIES - 1
    assert sum(repetitions) < 2


def test_any_other_fault_is_told_at_once(repetitions):
    calls = []

    @repeated
    def broken():
        calls.append(1)
        raise CatalogError("gone")

    with pytest.raises(CatalogError, match="gone"):
        broken()
    assert len(calls) == 1


def test_every_call_that_writes_is_done_again_if_it_can_be():
    for name, method in inspect.getmembers(Catalog, inspect.isfunction):
        source = inspect.getsource(method)
        if name.startswith("_") or not ("self._write()" in source or "_coordinate()" in source):
            continue
        given = str(inspect.signature(method))
        read_once = "Iterable[" in given or name == "join_counts"  # of many transactions
        assert hasattr(method, "__wrapped__") is not read_once, f"{name}: needs @repeated"
