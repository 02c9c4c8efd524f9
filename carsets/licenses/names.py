"""Licenses by their SPDX id or by one of the names that people give them."""

from __future__ import annotations

import re

from carsets.licenses.elements import ELEMENTS, code_of_elements
from carsets.licenses.table import known_names, license_table, spdx_keys

_WORDS = (
    ("creative commons", "cc"),
    ("creativecommons", "cc"),
    ("non-commercial", "nc"),
    ("non commercial", "nc"),
    ("noncommercial", "nc"),
    ("no derivative works", "nd"),
    ("no-derivative-works", "nd"),
    ("no derivatives", "nd"),
    ("no-derivatives", "nd"),
    ("noderivatives", "nd"),
    ("no derivs", "nd"),
    ("noderivs", "nd"),
    ("share-alike", "sa"),
    ("share alike", "sa"),
    ("sharealike", "sa"),
    ("attribution", "by"),
)
_FILLERS = frozenset(
    {"license", "licence", "international", "unported", "generic", "public", "deed"}
)
# What typesetting makes of a hyphen.
_HYPHENS = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
_WITH_SHORT_NAME = re.compile(r"([^()]+) \((cc[^()]+)\)")


def code_of_name(text: str) -> str:
    """Return the code behind an SPDX id or a name, ``unknown`` when it is none as a whole."""
    name = " ".join(text.lower().translate(_HYPHENS).split()).strip(".,;'\"")
    if name in spdx_keys():
        return spdx_keys()[name]
    both = _WITH_SHORT_NAME.fullmatch(name)
    if both and name not in known_names():
        long, short = _code(both[1]), _code(both[2])
        return long if long == short else "unknown"
    return _code(name)


def _code(name: str) -> str:
    for word, short in _WORDS:
        name = name.replace(word, short)
    terms = license_table().get(name)
    if terms:
        return terms.key
    for whole in (name, name.removeprefix("cc ").removeprefix("cc-")):
        code = known_names().get(whole) or known_names().get(whole.replace("-", " "))
        if code:
            return code
    return _code_of_tokens(re.split(r"[\s_/-]+", name))


def _code_of_tokens(tokens: list[str]) -> str:
    """Read ``cc by nc sa 3.0 de``: elements, then a version, then a jurisdiction."""
    words = [token for token in tokens if token not in _FILLERS]
    if words and words[0] == "cc":
        words = words[1:]
    elements: list[str] = []
    while words and words[0] in ELEMENTS:
        elements.append(words.pop(0))
    version = ""
    if words and (said := re.fullmatch(r"v?(\d\.\d)", words[0])):
        version = said[1]
        words.pop(0)
    if not elements or len(words) > 1 or (words and not version):
        return "unknown"
    return code_of_elements(elements, version, "".join(words))
