"""Reads a license from one text, whatever form it has."""

from __future__ import annotations

from carsets.licenses.addresses import code_of_address
from carsets.licenses.declared import LONGEST_TEXT, NO_LICENSE, DeclaredLicense, Evidence, declare
from carsets.licenses.names import code_of_name
from carsets.licenses.prose import reserves_all_rights


def read_license(text_or_url: str, evidence: Evidence = Evidence.PAGE) -> DeclaredLicense:
    """Read a license from its address, its SPDX id or one of its usual names.

    Never raises: what is not recognized as a whole is ``unknown`` and keeps the text in ``raw``.
    """
    text = " ".join(text_or_url[: LONGEST_TEXT + 1].split())
    if not text:
        return NO_LICENSE
    return declare(_code(text), evidence, text)


def _code(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        return "unknown"
    code = code_of_address(text)
    if code:
        return code
    # With a © and a name around it: reading this one too strictly does no harm.
    return "arr" if reserves_all_rights(text) else code_of_name(text)
