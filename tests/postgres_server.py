"""A PostgreSQL server of our own: Debian's package, a private cluster, a Unix socket alone.

``from tests.postgres_server import postgres_server`` in a conftest makes the fixture known there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

PATIENCE = 120  # seconds, for one program; machines may be shared
BESIDE_THE_PATH = Path("/usr/lib/postgresql")  # where Debian puts what is not for everybody


@dataclass(frozen=True)
class PostgresServer:
    """A server that runs; everybody who can reach its socket is its superuser."""

    socket: Path  # the folder in which the socket lies
    _numbers: Iterator[int]

    def database(self) -> str:
        """Make an empty database of UTF-8 texts and return its name."""
        name = f"test_{next(self._numbers)}"
        self.psql("postgres", "-c", f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        return name

    def psql(self, database: str, *words: str, cwd: Path | None = None) -> str:
        """Run psql and return what it says, rows without any decoration."""
        given = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
        return run([*given, "-h", str(self.socket), "-U", "postgres", "-d", database, *words], cwd)


def run(command: Sequence[str], cwd: Path | None = None) -> str:
    """Run a program and return its output. Raises AssertionError with what it complained of."""
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=PATIENCE, check=False,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, f"{command[0]}: {done.stderr or done.stdout}"
    return done.stdout


def program(name: str) -> str | None:
    """Return the path of one of PostgreSQL's programs, of the newest version."""
    beside = sorted(
        BESIDE_THE_PATH.glob(f"*/bin/{name}"), key=lambda path: float(path.parents[1].name)
    )
    return shutil.which(name) or (str(beside[-1]) if beside else None)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Return a running server, or skip where PostgreSQL is not installed."""
    initdb, pg_ctl = program("initdb"), program("pg_ctl")
    if not initdb or not pg_ctl or not shutil.which("psql"):
        pytest.skip("needs PostgreSQL (Debian: apt-get install postgresql)")
    # The server refuses to run as root; Debian's package brings a user for it.
    is_root = os.getuid() == 0
    as_user = ["runuser", "-u", "postgres", "--"] if is_root else []
    # Not pytest's folder: that one is closed to other users, and its path too long for a socket.
    home = Path(tempfile.mkdtemp(prefix="carsets-pg-", dir="/tmp"))
    try:
        if is_root:
            shutil.chown(home, "postgres", "postgres")
        data, log = home / "data", home / "log"
        run([*as_user, initdb, "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8",
             "--locale=C", "--no-sync"], home)  # fmt: skip
        options = f"-c listen_addresses='' -c unix_socket_directories={home} -c fsync=off"
        control = [*as_user, pg_ctl, "-D", str(data), "-l", str(log), "-w"]
        # What it inherits it would hold open: its output goes to the log alone.
        started = subprocess.run(
            [*control, "-o", options, "start"], cwd=home, timeout=PATIENCE, check=False,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert started.returncode == 0, log.read_text() if log.exists() else "pg_ctl failed"
        try:
            yield PostgresServer(home, count(1))
        finally:
            run([*control, "-m", "immediate", "stop"], home)
    finally:
        shutil.rmtree(home, ignore_errors=True)
