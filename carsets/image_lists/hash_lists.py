"""Lists of hashes that the user's organization supplies: what they name must not be kept.

A text file with one hash a line, told apart by its length: 64 hex digits are a SHA-256, 32 an
MD5, 16 a perceptual hash of the kind that the catalog has (64 bits, DCT). What comes after a blank,
a comma or ``#`` is not read. Hashes of other kinds (PhotoDNA, PDQ) need their own programs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from carsets.problems import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

FILE_DIGITS = (64, 32)  # SHA-256, MD5
PICTURE_DIGITS = 16
MOST_BITS = 16  # of 64: pictures that differ in more are others
_LINE = re.compile(r"[0-9a-fA-F]+(?=$|[\s,#])")


@dataclass(frozen=True, slots=True)
class HashLists:
    """All lists together; ``distance`` is in bits, of perceptual hashes."""

    files: Mapping[bytes, str] = field(default_factory=dict)  # hash -> name of its list
    pictures: NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))
    picture_lists: tuple[str, ...] = ()  # the list of each picture
    distance: int = 0

    @classmethod
    def load(cls, paths: Iterable[str], distance: int) -> Self:
        """Read the lists. Raises UserError for one that cannot be read, or has other lines."""
        if not 0 <= distance <= MOST_BITS:
            raise UserError(f"HASH_LIST_DISTANCE={distance}: 0 to {MOST_BITS} bits are expected")
        files: dict[bytes, str] = {}
        pictures: list[int] = []
        of: list[str] = []
        for path in paths:
            name = Path(path).name
            for digits in _hashes(path):
                if len(digits) == PICTURE_DIGITS:
                    pictures.append(int(digits, 16))
                    of.append(name)
                else:
                    files[bytes.fromhex(digits)] = name
        return cls(files, np.array(pictures, np.uint64), tuple(of), distance)

    def naming(self, sha256: str, md5: str, phash: int) -> str:
        """Return the name of a list that has this file or picture; "" when none has."""
        for digits in (sha256, md5):
            if name := self.files.get(bytes.fromhex(digits)):
                return name
        if not len(self.pictures):
            return ""
        bits = np.bitwise_count(self.pictures ^ np.uint64(phash))
        nearest = int(bits.argmin())
        return self.picture_lists[nearest] if bits[nearest] <= self.distance else ""


def _hashes(path: str) -> Iterator[str]:
    try:
        with Path(path).expanduser().open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, 1):
                text = line.strip()
                if not text or text.startswith("#"):
                    continue
                found = _LINE.match(text)
                if found is None or len(found[0]) not in (*FILE_DIGITS, PICTURE_DIGITS):
                    raise UserError(
                        f"HASH_LISTS={path}, line {number}: a SHA-256, MD5 or 64-bit perceptual "
                        "hash in hex is expected (64, 32 or 16 digits)"
                    )
                yield found[0]
    except OSError as error:
        raise UserError(f"HASH_LISTS={path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UserError(f"HASH_LISTS={path}: is no text in UTF-8") from None
