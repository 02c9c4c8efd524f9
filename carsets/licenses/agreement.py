"""Several statements about one image: the better evidence counts, of equal evidence the stricter.

All that was said stays in ``raw``. Stricter means: in no respect freer. Of two licenses that are
each freer in something (BY-NC and BY-ND) none may be chosen, so they make ``unknown``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carsets.licenses.declared import NO_LICENSE, DeclaredLicense, declare
from carsets.licenses.table import license_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from carsets.licenses.table import LicenseTerms

_FREEDOM = {"no": 0, "ask": 1, "yes": 2}


def weightiest(*declared: DeclaredLicense) -> DeclaredLicense:
    """Return what the best evidence says; several of that level are read together."""
    best = max((one.evidence for one in declared), default=NO_LICENSE.evidence)
    return together([one for one in declared if one.evidence == best])


def together(declared: Sequence[DeclaredLicense]) -> DeclaredLicense:
    """Return the one license that holds when all of these, of one level of evidence, are said."""
    said = [one for one in dict.fromkeys(declared) if one != NO_LICENSE]
    if len(said) < 2:
        return said[0] if said else NO_LICENSE
    raw = " | ".join(dict.fromkeys(one.raw for one in said if one.raw))
    return declare(_strictest(said), said[0].evidence, raw)


def _strictest(declared: Sequence[DeclaredLicense]) -> str:
    # All rights reserved and unknown allow the same; the one that somebody said is told.
    for one in sorted(declared, key=lambda one: (one.openness, one.family != "arr")):
        if all(_is_within(one.terms, other.terms) for other in declared):
            return _one_code([other for other in declared if other.family == one.family])
    return "unknown"


def _one_code(family: Sequence[DeclaredLicense]) -> str:
    """Return the code that says most; where versions contradict each other, none is guessed."""
    best = max(family, key=lambda one: (bool(one.version), len(one.code)))
    if all(one.version in {"", best.version} and one.port in {"", best.port} for one in family):
        return best.code if best.family != "unknown" else "unknown"
    return best.family if best.family in license_table() else "unknown"


def _is_within(strict: LicenseTerms, free: LicenseTerms) -> bool:
    """Say whether whoever obeys the first license obeys the second one too."""
    allowed = ((strict.dist, free.dist), (strict.mod, free.mod), (strict.com, free.com))
    if any(_FREEDOM[ours] > _FREEDOM[theirs] for ours, theirs in allowed):
        return False
    credited = strict.att or not free.att or strict.dist == "no"
    shared = strict.sa or not free.sa or strict.mod == "no"
    return credited and shared
