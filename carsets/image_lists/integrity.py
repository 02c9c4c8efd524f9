"""Whether what came is what a list describes: the same bytes, the same picture, or another one.

The owner of a domain in a published list can change what it serves after everybody has looked at
it. An exact hash alone tells that apart, and with it loses the many files that hosts encode anew;
so a list may carry a perceptual hash too.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from carsets.items import FoundImage
    from carsets.vision.inspection import Inspection


class Integrity(StrEnum):
    """What a look at the bytes says about a list's description of them."""

    UNCHECKED = "unchecked"  # the list says nothing that could be compared
    SAME_BYTES = "same_bytes"
    SAME_PICTURE = "same_picture"  # other bytes, but a perceptual hash within the distance
    REPLACED = "replaced"


class IntegrityPolicy(StrEnum):
    """What ``LIST_INTEGRITY`` accepts of what a list describes."""

    SAME_BYTES = "same_bytes"
    SAME_PICTURE = "same_picture"
    OFF = "off"

    def accepts(self, verdict: Integrity) -> bool:
        """Say whether an image with this verdict may be kept."""
        if self is IntegrityPolicy.OFF or verdict in {Integrity.UNCHECKED, Integrity.SAME_BYTES}:
            return True
        return self is IntegrityPolicy.SAME_PICTURE and verdict is Integrity.SAME_PICTURE


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict, and what was seen, for people."""

    verdict: Integrity
    note: str = ""


def compare(
    found: FoundImage, seen: Inspection, distance: int, *, is_original: bool = True
) -> Finding:
    """Hold an inspected image against what its list says of it.

    ``distance`` is in how many of 64 bits the perceptual hashes of one picture may differ. Of a
    smaller copy (``is_original`` false) the bytes cannot be those of the list: only the picture
    is compared.
    """
    said = {name: getattr(found, name) for name in ("sha256", "md5") if getattr(found, name)}
    other = [
        name for name, value in said.items() if not hmac.compare_digest(value, getattr(seen, name))
    ]
    if is_original and said and not other:
        return Finding(Integrity.SAME_BYTES)
    what = f"another {other[0]} than the list gives" if is_original and other else ""
    if found.phash:
        bits = (int(found.phash, 16) ^ seen.phash).bit_count()
        how = f"perceptual hashes differ in {bits} of 64 bits"
        if bits <= distance:
            return Finding(Integrity.SAME_PICTURE, f"the same picture in other bytes: {how}")
        return Finding(Integrity.REPLACED, ", and ".join(filter(None, (what, how))))
    if what:
        return Finding(Integrity.REPLACED, what)
    return Finding(Integrity.UNCHECKED)
