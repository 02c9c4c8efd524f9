"""A catalog in a folder of its own, and the least that a row needs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import md5, sha256
from pathlib import Path
from typing import Any

import pytest

from carsets.catalog.catalog import Catalog
from carsets.catalog.rows import ImageRow, RunRow, SightingRow
from carsets.outcomes import Outcome
from tests.postgres_server import PostgresServer, postgres_server  # noqa: F401 - a fixture


@dataclass(frozen=True)
class Asked:
    """As much of a query as the catalog needs."""

    query_id: str = "q1"
    text: str = "red Ford Mustang"
    labels: dict[str, str] = field(default_factory=lambda: {"make": "Ford"})


ON_SQLITE = pytest.mark.parametrize("url", ["sqlite"], indirect=True)  # what it alone does


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return where an empty catalog can be made, in each database in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'catalog.sqlite'}"
    pytest.importorskip("psycopg")
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return f"postgresql+psycopg://postgres@/{server.database()}?host={server.socket}"


@pytest.fixture
def catalog(url: str) -> Iterator[Catalog]:
    catalog = Catalog.open(url)
    for run_id in ("run1", "run2", "run3"):
        catalog.start_run(RunRow(run_id=run_id, source="bing", started_at="2026-01-01T00:00:00"))
    yield catalog
    catalog.close()


@pytest.fixture
def query() -> Asked:
    return Asked()


@pytest.fixture
def sighting() -> Callable[..., SightingRow]:
    def build(url: str = "https://a.test/1.jpg", outcome: Outcome = Outcome.STORED, **more: Any):
        facts = {"source": "bing", "query_id": "q1", "run_id": "run1"} | more
        return SightingRow(url=url, outcome=outcome, **facts)

    return build


@pytest.fixture
def image() -> Callable[..., ImageRow]:
    def build(name: str = "a", **more: Any) -> ImageRow:
        """An image of its own bytes, pixels and looks, unless told otherwise."""
        digest = sha256(name.encode()).hexdigest()
        facts = {
            "sha256": digest,
            "md5": md5(name.encode()).hexdigest(),
            "pixel_hash": digest[16:32],
            "phash": int(digest[32:48], 16),
            "dhash": int(digest[48:64], 16),
            "verdict": "keep",
            "width": 400,
            "height": 300,
            "bytes": 1000,
            "path": f"{digest[:2]}/{digest[2:4]}/{digest}.jpg",
            "run_id": "run1",
        }
        return ImageRow(**(facts | more))

    return build
