"""The fingerprints of all images as compact arrays: 72 bytes an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import select

from carsets.catalog.schema import images
from carsets.catalog.unsigned import from_sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Self

    from numpy.typing import NDArray
    from sqlalchemy import Connection

KEPT = ("keep", "review")


@dataclass(frozen=True, slots=True)
class Fingerprints:
    """Images, oldest first, one place in every array each."""

    seq: NDArray[np.int64]  # the catalog's number of the image, growing
    sha: NDArray[np.uint64]  # the first 64 bits of the sha256
    pixels: NDArray[np.uint64]  # hash of the decoded pixels
    phash: NDArray[np.uint64]
    dhash: NDArray[np.uint64]
    kept: NDArray[np.bool_]  # False: dropped, or superseded by a better copy
    openness: NDArray[np.int64]
    area: NDArray[np.int64]  # width x height
    bytes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.seq)

    def rank(self, place: int) -> tuple[int, int, int]:
        """Return the rank of one image, as ``ImageRow.rank`` gives it."""
        return (int(self.openness[place]), int(self.area[place]), int(self.bytes[place]))

    @classmethod
    def of(cls, rows: Sequence[Any]) -> Self:
        """Return the arrays of rows that ``_COLUMNS`` selected."""

        def unsigned(values: Iterator[int]) -> NDArray[np.uint64]:
            return np.fromiter(values, dtype=np.uint64, count=len(rows))

        def signed(values: Iterator[int]) -> NDArray[np.int64]:
            return np.fromiter(values, dtype=np.int64, count=len(rows))

        return cls(
            seq=signed(row.seq for row in rows),
            sha=unsigned(int(row.sha256[:16], 16) for row in rows),
            pixels=unsigned(int(row.pixel_hash, 16) for row in rows),
            phash=unsigned(from_sql(row.phash) for row in rows),
            dhash=unsigned(from_sql(row.dhash) for row in rows),
            kept=np.fromiter((row.verdict in KEPT for row in rows), np.bool_, len(rows)),
            openness=signed(row.openness for row in rows),
            area=signed(row.width * row.height for row in rows),
            bytes=signed(row.bytes for row in rows),
        )


_COLUMNS = (
    images.c.seq,
    images.c.sha256,
    images.c.pixel_hash,
    images.c.phash,
    images.c.dhash,
    images.c.verdict,
    images.c.openness,
    images.c.width,
    images.c.height,
    images.c.bytes,
)


def fingerprints_after(connection: Connection, seq: int, chunk: int) -> Iterator[Fingerprints]:
    """Yield the fingerprints of all images newer than ``seq``, ``chunk`` at a time."""
    while True:
        rows = connection.execute(
            select(*_COLUMNS).where(images.c.seq > seq).order_by(images.c.seq).limit(chunk)
        ).all()
        if rows:
            yield Fingerprints.of(rows)
            seq = rows[-1].seq
        if len(rows) < chunk:
            return
