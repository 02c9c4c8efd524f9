"""What a license lets a dataset do with an image: yes, no, or for people to decide, and why.

Pure and cheap: the table of ``carsets.licenses`` decides, and every answer is kept. Nothing here
is legal advice. What cannot be read is never free, and neither is what only a search engine's
filter said.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from carsets.licenses import DeclaredLicense, Evidence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carsets.licenses import LicenseTerms


class Mode(StrEnum):
    """How a release is handed out."""

    URLS = "urls"  # addresses, hashes and labels: no pixels
    CC = "cc"  # pixels under licenses that allow it
    CC_COMMERCIAL = "cc-commercial"  # the same, for anybody's business too
    INTERNAL = "internal"  # everything kept, never to be published


class Purpose(StrEnum):
    """What for the user makes a dataset."""

    RESEARCH = "research"
    COMMERCIAL = "commercial"


class Answer(StrEnum):
    """Whether it may be done."""

    YES = "yes"
    NO = "no"
    REVIEW = "review"  # people have to decide


class Why(StrEnum):
    """The reason of an answer, as it is counted."""

    # yes
    NO_PIXELS = "no-pixels"
    INTERNAL_ONLY = "internal-only"
    ALLOWED = "allowed"
    SHARE_ALIKE = "share-alike"
    PUBLIC_DOMAIN = "public-domain"
    US_ONLY = "us-only"
    # review
    NOT_A_LICENSE = "not-a-license"
    PARTS_ONLY = "parts-only"
    WEAK_EVIDENCE = "weak-evidence"
    # no
    UNKNOWN_LICENSE = "unknown-license"
    NO_EVIDENCE = "no-evidence"
    RIGHTS_RESERVED = "rights-reserved"
    NO_COPIES = "no-copies"
    NO_CHANGES = "no-changes"
    NO_COMMERCIAL_USE = "no-commercial-use"


TEXTS = {
    Why.NO_PIXELS: "the list holds facts and addresses, no image",
    Why.INTERNAL_ONLY: "for internal research; do not publish",
    Why.ALLOWED: "the license allows it",
    Why.SHARE_ALIKE: "allowed; the changed copy keeps the license of its original",
    Why.PUBLIC_DOMAIN: "said to be free of copyright; moral rights remain in places",
    Why.US_ONLY: "free in the United States; elsewhere the government may hold rights",
    Why.NOT_A_LICENSE: "no known copyright is a statement and not a license",
    Why.PARTS_ONLY: "the license allows this for parts of the image, not for all of it",
    Why.WEAK_EVIDENCE: "who says so is not accepted (--accept-evidence)",
    Why.UNKNOWN_LICENSE: "nobody said under which license it is",
    Why.NO_EVIDENCE: "only the filter of a search engine says so",
    Why.RIGHTS_RESERVED: "all rights are reserved",
    Why.NO_COPIES: "the license forbids copies of the whole image",
    Why.NO_CHANGES: "the license forbids changed copies (ND)",
    Why.NO_COMMERCIAL_USE: "the license forbids commercial use (NC)",
}


@dataclass(frozen=True, slots=True)
class Permission:
    """An answer and its reason."""

    answer: Answer
    why: Why

    @property
    def text(self) -> str:
        """The reason in words, for people."""
        return TEXTS[self.why]


# Who is believed unless the user says more: the source's interface, and the page of the image.
ACCEPTED = frozenset({Evidence.API, Evidence.PAGE})


def may(
    license: DeclaredLicense,
    purpose: Purpose,
    mode: Mode,
    modified: bool,
    accept: frozenset[Evidence] = ACCEPTED,
) -> Permission:
    """Say whether an image may be in a release, ``modified`` if its pixels are changed for it.

    ``internal`` is for research: with a commercial purpose it holds only what may be used so.
    Whether the owner reserved the image or had it removed is not asked here.
    """
    return _judge(license.code, license.evidence, purpose, mode, modified, accept)


@lru_cache(maxsize=4096)
def _judge(
    code: str,
    evidence: Evidence,
    purpose: Purpose,
    mode: Mode,
    modified: bool,
    accept: frozenset[Evidence],
) -> Permission:
    mode, purpose = Mode(mode), Purpose(purpose)  # a plain text that is neither is a ValueError
    if mode is Mode.URLS:
        return Permission(Answer.YES, Why.NO_PIXELS)
    if mode is Mode.INTERNAL and purpose is Purpose.RESEARCH:
        return Permission(Answer.YES, Why.INTERNAL_ONLY)
    terms = DeclaredLicense(code, evidence, "", "").terms
    if refusal := _hopeless(terms, evidence):
        return Permission(Answer.NO, refusal)
    asked = dict(_asked(terms, purpose, mode, modified))
    for refusal, said in asked.items():
        if said == "no":
            return Permission(Answer.NO, refusal)
    if "ask" in asked.values():
        statement = terms.family == "nkc"
        return Permission(Answer.REVIEW, Why.NOT_A_LICENSE if statement else Why.PARTS_ONLY)
    if evidence not in accept:
        return Permission(Answer.REVIEW, Why.WEAK_EVIDENCE)
    return Permission(Answer.YES, _note(terms, mode, modified))


def _hopeless(terms: LicenseTerms, evidence: Evidence) -> Why | None:
    """Return why nothing at all is allowed; None when something may be."""
    if terms.family == "unknown":
        return Why.UNKNOWN_LICENSE
    if terms.family == "arr":
        return Why.RIGHTS_RESERVED
    return Why.NO_EVIDENCE if evidence <= Evidence.ENGINE_FILTER else None


def _asked(
    terms: LicenseTerms, purpose: Purpose, mode: Mode, modified: bool
) -> Iterator[tuple[Why, str]]:
    """Yield what has to be allowed, as the reason if it is not, and what the table says."""
    if mode is not Mode.INTERNAL:
        yield Why.NO_COPIES, terms.dist
        if modified:
            yield Why.NO_CHANGES, terms.mod
    if purpose is Purpose.COMMERCIAL or mode is Mode.CC_COMMERCIAL:
        yield Why.NO_COMMERCIAL_USE, terms.com


def _note(terms: LicenseTerms, mode: Mode, modified: bool) -> Why:
    """Return what a release should know of an image that it may hold."""
    if mode is Mode.INTERNAL:
        return Why.INTERNAL_ONLY
    if terms.family == "us-gov":
        return Why.US_ONLY
    if terms.family == "pdm":
        return Why.PUBLIC_DOMAIN
    return Why.SHARE_ALIKE if terms.sa and modified else Why.ALLOWED


def augment_allowed(license: DeclaredLicense) -> bool:
    """Say whether changed copies may be made and passed on: never of ND, never of unknown."""
    usable = license.evidence > Evidence.ENGINE_FILTER
    return usable and license.terms.mod == "yes"


def license_of_changed(license: DeclaredLicense) -> str:
    """Return the code of the license that a changed copy has to carry, "" when none is ordered.

    Share-alike orders that of the original, with its version and jurisdiction: later versions
    would do as well, but need no choosing.
    """
    return license.code if license.terms.sa and augment_allowed(license) else ""
