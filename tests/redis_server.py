"""A Redis server of our own: Debian's package, a Unix socket alone, nothing on disk.

``from tests.redis_server import redis_server`` in a conftest makes the fixture known there.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PATIENCE = 60  # seconds; machines may be shared


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """Return the URL of a running server, or skip where Redis is not installed."""
    redis = pytest.importorskip("redis")
    program = shutil.which("redis-server")
    if not program:
        pytest.skip("needs Redis (Debian: apt-get install redis-server)")
    home = Path(tempfile.mkdtemp(prefix="carsets-redis-", dir="/tmp"))
    socket = home / "socket"
    process = subprocess.Popen(
        [program, "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(home)],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        url = f"unix://{socket}"
        until = time.monotonic() + PATIENCE
        client = redis.Redis.from_url(url)
        while True:
            try:
                client.ping()
                break
            except redis.exceptions.ConnectionError:
                assert time.monotonic() < until, "redis-server did not start"
                time.sleep(0.05)
        client.close()
        yield url
    finally:
        process.terminate()
        process.wait(PATIENCE)
        shutil.rmtree(home, ignore_errors=True)
