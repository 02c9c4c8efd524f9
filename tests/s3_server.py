"""An S3-compatible server of our own: moto's, in a process of its own, on loopback.

``from tests.s3_server import s3_server`` in a test file makes the fixture known there.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

PATIENCE = 120  # seconds; machines may be shared
SERVE = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class S3Server:
    """A server that runs, and a client of another maker than Scrapy."""

    endpoint: str
    client: Any

    @property
    def environment(self) -> dict[str, str]:
        """What a crawl needs to reach it: the names are those that every S3 client reads."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def bucket(self, name: str) -> str:
        """Make a bucket."""
        self.client.create_bucket(Bucket=name)
        return name

    def objects(self, bucket: str, prefix: str = "") -> dict[str, bytes]:
        """Return all objects by the name that follows the prefix."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [entry["Key"] for page in pages for entry in page.get("Contents", ())]
        return {
            key.removeprefix(prefix): self.client.get_object(Bucket=bucket, Key=key)["Body"].read()
            for key in keys
        }


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """Return a running server, or skip where moto is not installed."""
    pytest.importorskip("moto")
    session = pytest.importorskip("botocore.session")
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", SERVE],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        line = process.stdout.readline().strip()
        assert line.isdigit(), "moto's server did not start"
        endpoint = f"http://127.0.0.1:{line}"
        client = session.get_session().create_client(
            "s3", endpoint_url=endpoint, aws_access_key_id="test", aws_secret_access_key="test",
            region_name="us-east-1",
        )  # fmt: skip
        until = time.monotonic() + PATIENCE
        while True:
            try:
                client.list_buckets()
                break
            except Exception:
                assert time.monotonic() < until
                time.sleep(0.1)
        yield S3Server(endpoint, client)
        client.close()
    finally:
        process.stdin.close()
        process.wait(PATIENCE)
        process.stdout.close()
