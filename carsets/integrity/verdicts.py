"""What one address gives today, beside what it gave when its image was kept: one verdict a row.

Six of the verdicts are those that a dataset of addresses is asked for: the same bytes, the same
picture, replaced, placeholder, gone, relicensed. Two more say openly what none of these does: a
host that refuses us has not lost anything, and of one that cannot be reached nothing is learnt.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from carsets.outcomes import Outcome, Retry

if TYPE_CHECKING:
    from carsets.vision.inspection import Inspection

# So many addresses of different pictures that give one and the same new file: it stands in for
# all of them. Two may be a coincidence: our near-duplicate check is not perfect.
SAME_ON_URLS = 3
BYTES_NOW = "sha256 "  # how the note on other bytes begins; 64 hex digits follow


class Verdict(StrEnum):
    """What an address gives today. The value is what the catalog keeps."""

    meaning: str

    def __new__(cls, code: str, meaning: str = "") -> Verdict:
        verdict = str.__new__(cls, code)
        verdict._value_ = code
        verdict.meaning = meaning
        return verdict

    SAME_BYTES = "same_bytes", "the very file that was kept"
    SAME_PICTURE = "same_picture", "other bytes that show the same picture"
    REPLACED = "replaced", "another picture, or other bytes that cannot be read"
    PLACEHOLDER = "placeholder", "a picture that stands in for missing ones"
    GONE = "gone", "404, 410, or a web page instead of a picture"
    BLOCKED = "blocked", "the host refuses: login, 403, 429, 451, robots.txt or an opt-out"
    UNREACHABLE = "unreachable", "the network or the server failed: nothing was learnt"
    RELICENSED = "relicensed", "still there; its source names another license today"

    @property
    def is_kept(self) -> bool:
        """Whether the picture can still be had at its address."""
        return self in {Verdict.SAME_BYTES, Verdict.SAME_PICTURE, Verdict.RELICENSED}

    @property
    def is_decay(self) -> bool:
        """Whether something was learnt, and the picture is not to be had any more."""
        return not self.is_kept and self is not Verdict.UNREACHABLE


@dataclass(frozen=True, slots=True)
class Known:
    """What the catalog knows of an image's bytes and looks. Hashes of 64 bits are unsigned."""

    sha256: str
    pixel_hash: str
    phash: int
    dhash: int


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on one address, and why, for people."""

    verdict: Verdict
    note: str = ""


_OF_OUTCOMES = {
    Outcome.HTTP_404: Verdict.GONE,
    Outcome.HTTP_410: Verdict.GONE,
    Outcome.HTML: Verdict.GONE,  # what many hosts answer, with 200, for a file that they lost
    Outcome.PLACEHOLDER: Verdict.PLACEHOLDER,
    Outcome.HTTP_401: Verdict.BLOCKED,
    Outcome.HTTP_403: Verdict.BLOCKED,
    Outcome.HTTP_429: Verdict.BLOCKED,
    Outcome.HTTP_4XX: Verdict.BLOCKED,
    Outcome.ROBOTS_DENIED: Verdict.BLOCKED,
    Outcome.OPTED_OUT: Verdict.BLOCKED,
    # Leads where we may not look, or in circles: nothing was learnt of the picture.
    Outcome.ADDRESS_FORBIDDEN: Verdict.UNREACHABLE,
    Outcome.URL_FORBIDDEN: Verdict.UNREACHABLE,
    Outcome.SCHEME_FORBIDDEN: Verdict.UNREACHABLE,
    Outcome.REDIRECT_LIMIT: Verdict.UNREACHABLE,
    # Other bytes than those that once passed the same limits.
    Outcome.TOO_LARGE: Verdict.REPLACED,
    Outcome.SVG: Verdict.REPLACED,
    Outcome.UNSUPPORTED: Verdict.REPLACED,
    Outcome.UNDECODABLE: Verdict.REPLACED,
    Outcome.DECODER_CRASH: Verdict.REPLACED,
    Outcome.TOO_SMALL: Verdict.REPLACED,
    Outcome.TOO_MANY_PIXELS: Verdict.REPLACED,
    Outcome.ASPECT: Verdict.REPLACED,
    Outcome.ANIMATED: Verdict.REPLACED,
}


def of_outcome(outcome: Outcome, note: str = "") -> Finding | None:
    """Return the verdict of a fetch that brought no picture; None when it did not take place."""
    if outcome in _OF_OUTCOMES:
        verdict = _OF_OUTCOMES[outcome]
    elif outcome.retry is Retry.LATER or outcome is Outcome.ERROR:
        verdict = Verdict.UNREACHABLE
    else:  # cancelled: asked when the command is given again
        return None
    return Finding(verdict, f"{outcome.value}: {note}" if note else outcome.value)


def of_picture(known: Known, seen: Inspection, distance: int, dhash_distance: int) -> Finding:
    """Return the verdict on a picture that came; both perceptual hashes have to agree."""
    if seen.sha256 == known.sha256:
        return Finding(Verdict.SAME_BYTES)
    now = f"{BYTES_NOW}{seen.sha256}"
    if seen.pixel_hash == known.pixel_hash:
        return Finding(Verdict.SAME_PICTURE, f"{now}: the same pixels")
    bits = (seen.phash ^ known.phash).bit_count()
    others = (seen.dhash ^ known.dhash).bit_count()
    how = f"{now}: perceptual hashes differ in {bits} and {others} of 64 bits"
    same = bits <= distance and others <= dhash_distance
    return Finding(Verdict.SAME_PICTURE if same else Verdict.REPLACED, how)


def with_license(finding: Finding, then: str, now: str) -> Finding:
    """Return the verdict when the source names the license ``now`` ("" when it was not asked).

    A license that nobody knew ``then`` has not changed.
    """
    if not now or now == then or then in {"", "unknown"} or not finding.verdict.is_kept:
        return finding
    note = f"{then} when it was kept, {now} today"
    return Finding(Verdict.RELICENSED, "; ".join(filter(None, (note, finding.note))))
