"""Licenses of Wikimedia Commons: the address, code and names that its templates give a file."""

from __future__ import annotations

import re

from carsets.licenses.declared import DeclaredLicense, Evidence, declare
from carsets.licenses.reading import read_license

# "CC BY-SA 3.0,2.5,2.0,1.0": each of them is offered.
_VERSIONS = re.compile(r"(\D*)(\d\.\d)(?:[,-]\d\.\d)+")


def commons_license(*texts: str, non_free: bool = False) -> DeclaredLicense:
    """Read the license from its address, its code and its names, as far as a file has them.

    The address is missing for public domain, the code may list several versions, and either may
    be a name of Commons' own: what can be read has to agree, or the license is ``unknown``. Only
    names of Creative Commons and of the public domain count: the template ``Attribution`` is no
    CC BY.
    """
    raw = " | ".join(dict.fromkeys(filter(None, texts)))
    unknown = declare("unknown", Evidence.API, raw)
    if non_free:
        return unknown
    readings = [_read(text) for text in texts if _is_known_kind(text)]
    known = [reading for reading in readings if reading.code != "unknown"]
    if not known or len({reading.family for reading in known}) > 1:
        return unknown
    versions = {reading.version for reading in known if reading.version}
    if len(versions) > 1:
        return unknown
    # The one that says most: a version, and the jurisdiction behind it.
    best = max(known, key=lambda reading: (bool(reading.version), len(reading.code)))
    return declare(best.code, Evidence.API, raw)


def _read(text: str) -> DeclaredLicense:
    several = _VERSIONS.fullmatch(text)  # the newest stands first
    return read_license(several[1] + several[2] if several else text, Evidence.API)


def _is_known_kind(text: str) -> bool:
    return text.lower().startswith(("http:", "https:", "//", "cc", "creative commons", "pd")) or (
        text.lower().startswith(("public domain", "no restrictions", "no known copyright"))
    )
