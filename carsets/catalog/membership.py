"""Whether the dataset has, or had, something of somebody: an address, a file, a picture, a name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import select

from carsets.catalog import releases, removal
from carsets.catalog.schema import images, sightings
from carsets.catalog.tombstones import Tombstone, gather, hashed, hosts_above, list_tombstones
from carsets.catalog.unsigned import from_sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from carsets.catalog.releases import ReleaseRow
    from carsets.catalog.removal import Target

MOST = 1_000  # images that are told one by one


@dataclass(slots=True)
class Membership:
    """What the dataset knows of what was asked for."""

    images: list[dict[str, Any]] = field(default_factory=list)
    sightings: list[dict[str, Any]] = field(default_factory=list)
    releases: list[tuple[ReleaseRow, int]] = field(default_factory=list)  # and how many of these
    tombstones: list[Tombstone] = field(default_factory=list)
    images_in_all: int = 0
    bits: dict[str, int] = field(default_factory=dict)  # by image id: how far a picture is off

    def __bool__(self) -> bool:
        return bool(self.images or self.sightings or self.tombstones)


def membership(connection: Connection, targets: Sequence[Target]) -> Membership:
    """Return what is known of any of the targets; they are names of one and the same thing."""
    found = Membership()
    numbers = np.empty(0, np.int64)
    seen = np.empty(0, np.int64)
    for target in targets:
        meant = removal.find(connection, target)
        numbers = np.union1d(numbers, meant.images)
        seen = np.union1d(seen, meant.sightings)
    found.images_in_all = len(numbers)
    found.images = list(_rows(connection, images, images.c.seq, numbers))
    rows = _rows(connection, sightings, sightings.c.sighting_id, seen)
    found.sightings = [row for row in rows if row["url"]]  # emptied ones tell of nobody
    found.releases = [
        (row, len(held)) for row, held in releases.holding(connection, numbers) if len(held)
    ]
    found.tombstones = _stones(list_tombstones(connection), targets)
    for target in targets:
        if target.kind == "phash":
            for image in found.images:
                bits = (from_sql(image["phash"]) ^ int(target.value, 16)).bit_count()
                found.bits[image["image_id"]] = bits
    return found


def _rows(connection: Connection, table: Any, key: Any, numbers: Any) -> Iterator[dict[str, Any]]:
    wanted = numbers[:MOST].tolist()
    for start in range(0, len(wanted), removal.VARIABLES):
        some = wanted[start : start + removal.VARIABLES]
        for row in connection.execute(select(table).where(key.in_(some)).order_by(key)):
            yield dict(row._mapping)


def _stones(stones: Sequence[Tombstone], targets: Sequence[Target]) -> list[Tombstone]:
    """Return the tombstones that keep what was asked for from being collected."""
    wanted: set[tuple[str, str]] = set()
    near: list[tuple[int, int]] = []
    for target in targets:
        if target.kind in {"url", "author", "host", "sha256"}:
            wanted.add((target.kind, hashed(target.kind, target.value)))
        if target.kind == "url":
            wanted |= {("host", hashed("host", host)) for host in hosts_above(target.value)}
        if target.kind == "image":
            wanted |= {
                ("sha256", value) for kind, value, *_ in stones
                if kind == "sha256" and value.startswith(target.value)
            }  # fmt: skip
        if target.kind == "phash":
            near.append((int(target.value, 16), target.radius))
    return [
        stone
        for stone in stones
        if (stone.kind, stone.value) in wanted
        or any(gather([stone]).forbid_picture("", phash, radius) for phash, radius in near)
    ]
