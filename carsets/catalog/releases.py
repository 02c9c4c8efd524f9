"""The releases that were made: which images each one holds, and where it lies.

The images of a release are its ``images.seq`` as differences, compressed: about a byte an image.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import select, update

from carsets.catalog.connection import upsert
from carsets.catalog.schema import releases

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray
    from sqlalchemy import Connection

    Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRow:
    """One release as it stands today."""

    release_id: str
    format: str
    mode: str
    destination: str  # absolute path
    options: Mapping[str, Any]  # enough to make it again
    image_numbers: bytes = field(repr=False)  # see ``pack``
    image_count: int
    bytes: int
    digest: str  # sha256 of its SHA256SUMS
    made_at: str  # ISO 8601, UTC
    version: int = 1  # then one more for each patch
    withdrawn_at: str = ""  # "" while it stands

    @property
    def numbers(self) -> Numbers:
        """``images.seq`` of its images, growing."""
        return unpack(self.image_numbers)


def pack(numbers: Numbers) -> bytes:
    """Return sorted numbers in few bytes. Raises ValueError when they do not grow."""
    steps = np.diff(numbers, prepend=0)
    if len(steps) and (steps.min() < 1 or steps.max() >= 1 << 32):
        raise ValueError("image numbers have to grow, by less than 2 ** 32")
    return zlib.compress(steps.astype("<u4").tobytes())


def unpack(packed: bytes) -> Numbers:
    """Return the numbers again."""
    return np.cumsum(np.frombuffer(zlib.decompress(packed), "<u4"), dtype=np.int64)


def record(connection: Connection, row: ReleaseRow) -> None:
    """Write a release; one of the same id is replaced."""
    values = {column.name: getattr(row, column.name) for column in releases.columns}
    values["options"] = dict(row.options)
    insert = upsert(connection, releases).values(values)
    changed = {name: insert.excluded[name] for name in values if name != "release_id"}
    connection.execute(insert.on_conflict_do_update(index_elements=["release_id"], set_=changed))


def all_releases(connection: Connection) -> Iterator[ReleaseRow]:
    """Yield all releases, the oldest first, withdrawn ones too."""
    rows = connection.execute(select(releases).order_by(releases.c.made_at, releases.c.release_id))
    for row in rows:
        facts = dict(row._mapping)
        yield ReleaseRow(**facts | {"options": facts["options"] or {}})


def holding(connection: Connection, numbers: Numbers) -> Iterator[tuple[ReleaseRow, Numbers]]:
    """Yield the releases that stand and hold some of these images, with those that they hold."""
    for row in all_releases(connection):
        if not row.withdrawn_at:
            held = np.intersect1d(row.numbers, numbers)
            if len(held):
                yield row, held


def withdraw(connection: Connection, release_id: str, when: str) -> None:
    """Write that a release was taken back."""
    connection.execute(
        update(releases).where(releases.c.release_id == release_id).values(withdrawn_at=when)
    )
