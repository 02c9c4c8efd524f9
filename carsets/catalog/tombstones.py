"""What was removed on request, and must never come back.

A tombstone holds the hash of an identifier, the reason and the date: no picture, no address, no
name. Whoever has the identifier can ask whether it was removed; nobody can read it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from sqlalchemy import select

from carsets.catalog.connection import upsert
from carsets.catalog.schema import tombstones
from carsets.catalog.unsigned import url_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sqlalchemy import Connection

KINDS = ("url", "sha256", "phash", "author", "host")


class Tombstone(NamedTuple):
    """One removed identifier, as it is kept and published."""

    kind: str  # one of KINDS
    value: str  # hex: sha256 and perceptual hash as they are, of the others a 64-bit hash
    reason: str
    removed_at: str  # ISO 8601, UTC


def author_hash(name: str) -> int:
    """Return the hash of an author's name or page, whatever its case and spaces."""
    return url_hash(f"author {' '.join(name.casefold().split())}")


def host_hash(host: str) -> int:
    """Return the hash of a host name, whatever its case."""
    return url_hash(f"host {host.lower().strip().rstrip('.')}")


def hosts_above(url: str) -> Iterator[str]:
    """Yield the host of a URL, and the domains above it: whoever removes one removes all below."""
    try:
        host = (urlsplit(url).hostname or "").lower().rstrip(".")
    except ValueError:
        return
    labels = host.split(".")
    for start in range(max(len(labels) - 1, 1)):
        if host:
            yield ".".join(labels[start:])


@dataclass(frozen=True, slots=True)
class Tombstones:
    """The removed URLs, files, pictures, authors and hosts."""

    url_hashes: frozenset[int] = frozenset()
    sha256s: frozenset[str] = frozenset()
    phashes: tuple[int, ...] = ()
    author_hashes: frozenset[int] = frozenset()
    host_hashes: frozenset[int] = frozenset()

    def forbid_url(self, url: str) -> bool:
        """Whether this URL was removed."""
        return bool(self.url_hashes) and url_hash(url) in self.url_hashes

    def forbid_source(self, urls: Iterable[str], authors: Iterable[str]) -> bool:
        """Whether any of these addresses, their hosts or these authors was removed."""
        urls = [url for url in urls if url]
        if any(self.forbid_url(url) for url in urls):
            return True
        if self.host_hashes and any(
            host_hash(host) in self.host_hashes for url in urls for host in hosts_above(url)
        ):
            return True
        return bool(self.author_hashes) and any(
            author_hash(author) in self.author_hashes for author in authors if author.strip()
        )

    def forbid_picture(self, sha256: str, phash: int, radius: int) -> bool:
        """Whether these bytes, or a picture within ``radius`` bits, were removed."""
        return sha256 in self.sha256s or any(
            (phash ^ removed).bit_count() <= radius for removed in self.phashes
        )


def read_tombstones(connection: Connection) -> Tombstones:
    """Return all tombstones, ready to be asked."""
    return gather(list_tombstones(connection))


def gather(stones: Iterable[Tombstone]) -> Tombstones:
    """Return tombstones ready to be asked. Raises ValueError for a value that is no hash."""
    found: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for stone in stones:
        if stone.kind in found:  # a later version may know more kinds
            found[stone.kind].append(stone.value)
    return Tombstones(
        url_hashes=frozenset(int(value, 16) for value in found["url"]),
        sha256s=frozenset(found["sha256"]),
        phashes=tuple(int(value, 16) for value in found["phash"]),
        author_hashes=frozenset(int(value, 16) for value in found["author"]),
        host_hashes=frozenset(int(value, 16) for value in found["host"]),
    )


def list_tombstones(connection: Connection) -> list[Tombstone]:
    """Return all tombstones as they are kept, sorted."""
    columns = tombstones.c
    rows = connection.execute(
        select(columns.kind, columns.value, columns.reason, columns.removed_at).order_by(
            columns.kind, columns.value
        )
    )
    return [Tombstone(*row) for row in rows]


def bury(
    connection: Connection,
    *,
    url: str = "",
    sha256: str = "",
    phash: int | None = None,
    author: str = "",
    host: str = "",
    reason: str,
) -> None:
    """Write that something was removed."""
    bury_all(
        connection,
        {
            "url": [url] if url else [],
            "sha256": [sha256] if sha256 else [],
            "phash": [] if phash is None else [f"{phash:016x}"],
            "author": [author] if author else [],
            "host": [host] if host else [],
        },
        reason,
    )


_HASHES = {"url": url_hash, "author": author_hash, "host": host_hash}


def bury_all(connection: Connection, names: Mapping[str, Iterable[str]], reason: str) -> None:
    """Write tombstones for identifiers by their kind; one that is there keeps its date.

    ``url_hash`` is a kind of its own for addresses of which only the hash is at hand.
    """
    now = datetime.now(UTC).isoformat(timespec="seconds")
    rows = [
        {"kind": kind, "value": value, "reason": reason, "removed_at": now}
        for kind, value in sorted(
            {
                (kind.removesuffix("_hash"), hashed(kind, name))
                for kind, given in names.items()
                for name in given
            }
        )
    ]
    if rows:
        connection.execute(upsert(connection, tombstones).on_conflict_do_nothing(), rows)


def hashed(kind: str, name: str) -> str:
    """Return what a tombstone holds of an identifier; hashes stand for themselves."""
    return f"{_HASHES[kind](name):016x}" if kind in _HASHES else name.lower()
