"""What was removed on request, and must never come back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from carsets.catalog.connection import upsert
from carsets.catalog.schema import tombstones
from carsets.catalog.unsigned import url_hash

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class Tombstones:
    """The removed URLs, files and pictures."""

    url_hashes: frozenset[int] = frozenset()
    sha256s: frozenset[str] = frozenset()
    phashes: tuple[int, ...] = ()

    def forbid_url(self, url: str) -> bool:
        """Whether this URL was removed."""
        return bool(self.url_hashes) and url_hash(url) in self.url_hashes

    def forbid_picture(self, sha256: str, phash: int, radius: int) -> bool:
        """Whether these bytes, or a picture within ``radius`` bits, were removed."""
        return sha256 in self.sha256s or any(
            (phash ^ removed).bit_count() <= radius for removed in self.phashes
        )


def read_tombstones(connection: Connection) -> Tombstones:
    """Return all tombstones."""
    found: dict[str, list[str]] = {"url": [], "sha256": [], "phash": []}
    for kind, value in connection.execute(select(tombstones.c.kind, tombstones.c.value)):
        found.setdefault(kind, []).append(value)
    return Tombstones(
        frozenset(int(value, 16) for value in found["url"]),
        frozenset(found["sha256"]),
        tuple(int(value, 16) for value in found["phash"]),
    )


def bury(
    connection: Connection, *, url: str = "", sha256: str = "", phash: int | None, reason: str
) -> None:
    """Write that a URL, a file or a picture was removed."""
    names = {
        "url": f"{url_hash(url):016x}" if url else "",
        "sha256": sha256,
        "phash": "" if phash is None else f"{phash:016x}",
    }
    now = datetime.now(UTC).isoformat(timespec="seconds")
    rows = [
        {"kind": kind, "value": value, "reason": reason, "removed_at": now}
        for kind, value in names.items()
        if value
    ]
    if rows:
        connection.execute(upsert(connection, tombstones).on_conflict_do_nothing(), rows)
