"""The pictures that a dataset already holds, and whether a new one is a copy of one of them."""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

from carsets.outcomes import Outcome
from carsets.vision.near_duplicates import HammingIndex

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is compared of one picture."""

    image_id: str  # hex digits of the sha256
    pixel_hash: int  # 64 bit, over the decoded pixels
    phash: int  # 64 bit, what the picture looks like
    dhash: int  # 64 bit, the same by another method
    rank: int  # how good a copy it is: the highest of a group represents it

    def copy_kind(self, other: Fingerprint, radius: int, dhash_radius: int) -> Outcome | None:
        """Return in which way two pictures are copies of each other; None when they are not."""
        if self.image_id == other.image_id:
            return Outcome.DUPLICATE_BYTES
        if self.pixel_hash == other.pixel_hash:
            return Outcome.DUPLICATE_PIXELS
        near = (self.phash ^ other.phash).bit_count() <= radius
        if near and (self.dhash ^ other.dhash).bit_count() <= dhash_radius:
            return Outcome.NEAR_DUPLICATE
        return None


def rank_of(openness: int, pixels: int, size: int) -> int:
    """Return how good a copy is: open license, then resolution, then bytes (less compressed).

    Packed into 63 bits, so that a million ranks fit in 8 MB: 3 bits of openness, 30 of pixels,
    30 of bytes.
    """
    most = (1 << 30) - 1
    return openness << 60 | min(pixels, most) << 30 | min(size, most)


class Copies:
    """Find copies among the stored pictures, about 60 bytes a picture.

    ``last_seq`` is the newest row of the catalog that the index knows, so that it can be brought
    up to date when another process shares the catalog.
    """

    def __init__(self, radius: int, dhash_radius: int) -> None:
        self.radius = radius
        self.dhash_radius = dhash_radius
        self.last_seq = 0
        self._index = HammingIndex(radius)
        self._ids: list[str] = []
        self._rows: dict[str, int] = {}
        self._numbers = array("Q")  # pixel_hash, phash, dhash, rank of each row

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, seq: int, fingerprint: Fingerprint) -> None:
        """Take in a stored picture; one that is here already is left as it is."""
        self.last_seq = max(self.last_seq, seq)
        if fingerprint.image_id in self._rows:
            return
        row = len(self._ids)
        self._rows[fingerprint.image_id] = row
        self._ids.append(fingerprint.image_id)
        self._numbers.extend(
            (fingerprint.pixel_hash, fingerprint.phash, fingerprint.dhash, fingerprint.rank)
        )
        self._index.add(row, fingerprint.phash)

    def remove(self, image_id: str) -> None:
        """Forget a picture that a better copy has replaced."""
        row = self._rows.pop(image_id, None)
        if row is not None:
            self._index.remove(row)

    def find(self, wanted: Fingerprint) -> list[tuple[Fingerprint, Outcome]]:
        """Return the stored copies of a picture, each with the way in which it is one."""
        return list(self._find(wanted))

    def _find(self, wanted: Fingerprint) -> Iterator[tuple[Fingerprint, Outcome]]:
        for row, _ in self._index.search(wanted.phash):
            stored = self._fingerprint(row)
            kind = wanted.copy_kind(stored, self.radius, self.dhash_radius)
            if kind:
                yield stored, kind

    def _fingerprint(self, row: int) -> Fingerprint:
        return Fingerprint(self._ids[row], *self._numbers[4 * row : 4 * row + 4])
