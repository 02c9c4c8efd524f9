"""The license that a file itself names: in its XMP packet, its EXIF and its IPTC fields.

A copyright notice ("© Jane") is no license, and takes none away. One that reserves all rights
does, and one that sets conditions makes what stands beside it ``unknown``.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from carsets.licenses.agreement import together
from carsets.licenses.declared import DeclaredLicense, Evidence, declare
from carsets.licenses.prose import licenses_named, reserves_all_rights, sets_conditions
from carsets.licenses.reading import read_license

if TYPE_CHECKING:
    from collections.abc import Mapping

# Where a file may name its license, the most exact first. Where a license can be bought
# (plus:LicensorURL) and whom to credit (photoshop:Credit) say nothing about what is allowed.
LICENSE_FIELDS = (
    "cc:license",
    "xmpRights:WebStatement",
    "xmpRights:UsageTerms",
    "dc:rights",
    "exif:Copyright",
    "iptc:CopyrightNotice",
    "png:Copyright",
)

_LINK = re.compile(r"href=[\"']([^\"'<>\s]{1,300})[\"']", re.IGNORECASE)
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")
# In a field for prose, two letters are somebody's initials: "PD" is no public domain.
_NAMES_A_LICENSE = re.compile(
    r"https?:|//|\W?(?:cc[\s0_-]|creative ?commons|attribution-|licenseref-)|public domain"
    r"|no known copyright|u\.?s\.? government|united states government",
    re.IGNORECASE,
)


def embedded_license(embedded: Mapping[str, str]) -> DeclaredLicense:
    """Return the license that the file itself names; ``NO_LICENSE`` when it names none.

    ``embedded`` holds the statements by their keys, several of one key joined by "; ". Of
    statements that contradict each other the stricter counts. Never raises.
    """
    said = {field: embedded[field] for field in LICENSE_FIELDS if embedded.get(field)}
    return together(
        [
            reading
            for field, text in said.items()
            if (reading := read_statement(text, Evidence.FILE)).family != "unknown"
            or field == "cc:license"
            or limits(text)
        ]
    )


def limits(text: str) -> bool:
    """Say whether a statement that cannot be read takes away what another one allows."""
    if text.startswith(("http:", "https:")):
        return False
    return sets_conditions(text) or bool(_NAMES_A_LICENSE.match(text))


def read_statement(text: str, evidence: Evidence) -> DeclaredLicense:
    """Read one statement in prose or by name; where it has parts, each of them must be readable."""
    if reserves_all_rights(text):
        return declare("arr", evidence, text)
    links = [html.unescape(link) for link in _LINK.findall(text)] if "<" in text else []
    bare = " ".join(html.unescape(_TAG.sub("", text) if links else text).split())
    for parts in ([bare], bare.split("; ")):
        names = [name for part in parts for name in (licenses_named(part) or (part,))]
        readings = [_read_name(name, evidence) for name in names]
        if all(reading.family != "unknown" for reading in readings):
            linked = [_read_name(link, evidence) for link in links]
            readings += [reading for reading in linked if reading.family != "unknown"]
            return declare(together(readings).code, evidence, text)
    return declare("unknown", evidence, text)


def _read_name(text: str, evidence: Evidence) -> DeclaredLicense:
    if not _NAMES_A_LICENSE.match(text):
        return declare("unknown", evidence, text)
    return read_license(text, evidence)
