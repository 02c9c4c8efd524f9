"""The pictures that a dataset already holds, and whether a new one is a copy of one of them."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from carsets.outcomes import Outcome
from carsets.vision.near_duplicates import HammingIndex

if TYPE_CHECKING:
    from carsets.catalog.fingerprints import Fingerprints
    from carsets.vision.inspection import Inspection

# Openness (0 to 100), pixels and bytes share the 64 bits of a rank.
_MOST = (1 << 28) - 1


def rank_of(openness: int, pixels: int, size: int) -> int:
    """Return how good a copy is: open license, then resolution, then bytes (less compressed)."""
    return openness << 56 | min(pixels, _MOST) << 28 | min(size, _MOST)


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What is compared of one picture. All numbers are unsigned, of 64 bits."""

    sha: int  # the beginning of the sha256 of its bytes
    pixels: int  # hash of the decoded pixels
    phash: int  # what the picture looks like
    dhash: int  # the same by another method
    rank: int  # how good a copy it is: the highest of a group represents it

    @classmethod
    def of(cls, seen: Inspection, openness: int, size: int) -> Self:
        """Return the fingerprint of an image that was looked at; ``size`` is in bytes."""
        return cls(
            int(seen.sha256[:16], 16),
            int(seen.pixel_hash, 16),
            seen.phash,
            seen.dhash,
            rank_of(openness, seen.width * seen.height, size),
        )

    @property
    def image_id(self) -> str:
        """The id under which the catalog knows the image."""
        return f"{self.sha:016x}"


class Copies:
    """Find copies among the stored pictures, at some 70 bytes a picture.

    Pictures are named by ``seq``, their growing number in the catalog; ``last_seq`` is the newest
    one that is known here, so that the index can be brought up to date when other processes share
    the catalog.
    """

    def __init__(self, distance: int, dhash_distance: int) -> None:
        self.distance = distance
        self.dhash_distance = dhash_distance
        self.last_seq = 0
        self._index = HammingIndex(distance)
        self._seqs = array("q")
        self._numbers = array("Q")  # sha, pixels, phash, dhash, rank of each picture
        self._refused: set[int] = set()

    def __len__(self) -> int:
        return len(self._seqs)

    def add(self, seq: int, stored: Fingerprint) -> None:
        """Take in a stored picture, unless it has come already by way of the catalog."""
        if seq <= self.last_seq:
            return
        self.last_seq = seq
        self._seqs.append(seq)
        self._numbers.extend((stored.sha, stored.pixels, stored.phash, stored.dhash, stored.rank))
        self._index.add(seq, stored.phash)

    def take_in(self, batch: Fingerprints) -> None:
        """Take in what the catalog holds: kept pictures, and the bytes of the others."""
        for place in range(len(batch)):
            seq, sha = int(batch.seq[place]), int(batch.sha[place])
            if seq <= self.last_seq:
                continue
            if batch.kept[place]:
                stored = Fingerprint(
                    sha,
                    int(batch.pixels[place]),
                    int(batch.phash[place]),
                    int(batch.dhash[place]),
                    rank_of(*batch.rank(place)),
                )
                self.add(seq, stored)
            else:
                self.refuse(sha)
                self.last_seq = seq

    def remove(self, seq: int) -> None:
        """Forget a picture: a better copy has replaced it. Its bytes stay known."""
        row = bisect_left(self._seqs, seq)
        if row < len(self._seqs) and self._seqs[row] == seq:
            self._index.remove(seq)
            self._refused.add(self._numbers[5 * row])

    def refuse(self, sha: int) -> None:
        """Remember the bytes of a picture that the dataset does not want."""
        self._refused.add(sha)

    def is_refused(self, sha: int) -> bool:
        """Whether the same bytes were refused, or replaced by a better copy, before."""
        return sha in self._refused

    def find(self, wanted: Fingerprint) -> list[tuple[int, Fingerprint, Outcome]]:
        """Return the stored copies of a picture: number, fingerprint, and how it is a copy."""
        copies = []
        for seq, _ in self._index.search(wanted.phash):
            row = bisect_left(self._seqs, seq)
            sha, pixels, phash, dhash, rank = self._numbers[5 * row : 5 * row + 5]
            stored = Fingerprint(sha, pixels, phash, dhash, rank)
            kind = self.kind(wanted, stored)
            if kind:
                copies.append((seq, stored, kind))
        return copies

    def find_in(self, batch: Fingerprints, wanted: Fingerprint) -> list[int]:
        """Return the numbers of a picture's copies among pictures that are not taken in yet.

        Reads nothing but its arguments, so any thread may call it.
        """
        near = np.bitwise_count(batch.phash ^ np.uint64(wanted.phash)) <= self.distance
        near &= np.bitwise_count(batch.dhash ^ np.uint64(wanted.dhash)) <= self.dhash_distance
        near |= batch.pixels == np.uint64(wanted.pixels)
        return [int(seq) for seq in batch.seq[near & batch.kept]]

    def kind(self, one: Fingerprint, other: Fingerprint) -> Outcome | None:
        """Return in which way two pictures are copies of each other; None when they are not."""
        if one.sha == other.sha:
            return Outcome.DUPLICATE_BYTES
        if one.pixels == other.pixels:
            return Outcome.DUPLICATE_PIXELS
        if (one.phash ^ other.phash).bit_count() > self.distance:
            return None
        if (one.dhash ^ other.dhash).bit_count() > self.dhash_distance:
            return None
        return Outcome.NEAR_DUPLICATE
