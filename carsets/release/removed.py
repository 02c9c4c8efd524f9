"""What was removed on request has no place in any release, whatever else is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from carsets.catalog.release_rows import hash_of_picture
from carsets.catalog.unsigned import url_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from carsets.catalog.release_rows import LightRow


@dataclass(frozen=True, slots=True)
class Removed:
    """The tombstones of a catalog: hashes alone."""

    near_bits: int = 0  # a picture whose hash differs from a removed one in no more bits is it
    urls: frozenset[str] = frozenset()
    sha256s: frozenset[str] = frozenset()
    phashes: Sequence[int] = field(default=())

    @classmethod
    def read(cls, rows: Iterable[tuple[str, str, str, str]], near_bits: int) -> Self:
        """Return what the rows of the catalog say."""
        found: dict[str, set[str]] = {}
        for kind, value, *_ in rows:
            found.setdefault(kind, set()).add(value)
        return cls(
            near_bits,
            frozenset(found.get("url", ())),
            frozenset(found.get("sha256", ())),
            sorted(int(value, 16) for value in found.get("phash", ())),
        )

    def names(self, row: LightRow) -> bool:
        """Whether an image was removed: by its bytes, its address or its looks."""
        if row.sha256 in self.sha256s:
            return True
        if self.urls and row.url and f"{url_hash(row.url):016x}" in self.urls:
            return True
        if not self.phashes:
            return False
        picture = hash_of_picture(row)
        return any((picture ^ gone).bit_count() <= self.near_bits for gone in self.phashes)
