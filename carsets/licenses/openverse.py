"""Licenses of Openverse's records: a code, a version and an address."""

from __future__ import annotations

from carsets.licenses.declared import LONGEST_TEXT, NO_LICENSE, DeclaredLicense, Evidence, declare
from carsets.licenses.reading import read_license


def openverse_license(code: str, version: str, url: str = "") -> DeclaredLicense:
    """Return the license of an Openverse record.

    A record whose code and address contradict each other is ``unknown``: one of them is wrong.
    """
    raw = f"{code} {version} {url}".strip()[:LONGEST_TEXT]
    if not raw:
        return NO_LICENSE
    by_code = read_license(f"{code}-{version}" if version else code, Evidence.API)
    by_url = read_license(url, Evidence.API)
    if url and by_url.code != by_code.code:
        same = by_url.terms == by_code.terms  # the address alone names the jurisdiction
        return declare(by_url.code if same else "unknown", Evidence.API, raw)
    return declare(by_code.code, Evidence.API, raw)
