"""The built-in web in a process of its own, and a plain client for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from carsets.fakeweb.process import FakeWebProcess
from carsets.fakeweb.server import REAL_HOST


@dataclass(frozen=True)
class Answer:
    """One answer of a host of the built-in web."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@pytest.fixture(scope="session")
def _process() -> Iterator[FakeWebProcess]:
    with FakeWebProcess() as process:
        yield process


@pytest.fixture
def web(_process: FakeWebProcess) -> FakeWebProcess:
    """Return the built-in web with its counters and modes at zero."""
    _process.reset()
    return _process


@pytest.fixture
def ask(web: FakeWebProcess) -> Callable[..., Answer]:
    """Return a function that asks for a URL as the download handler would."""

    def ask(url: str, timeout: float = 20, headers: dict[str, str] | None = None) -> Answer:
        parts = urlsplit(url)
        connection = HTTPConnection("127.0.0.1", web.port, timeout=timeout)
        try:
            path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
            connection.request("GET", path, headers={REAL_HOST: parts.netloc} | (headers or {}))
            answer = connection.getresponse()
            fields = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, fields, answer.read())
        finally:
            connection.close()

    return ask
