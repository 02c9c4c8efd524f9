"""The elements of a Creative Commons license (by, nc, nd, sa), put together to a code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carsets.licenses.table import license_table

if TYPE_CHECKING:
    from collections.abc import Sequence

ELEMENTS = ("by", "nc", "nd", "sa", "sampling+", "sampling")
# Jurisdictions to whose law versions before 4.0 were ported. "or" is none: "CC BY 1.0 OR MIT".
PORTS = frozenset(
    {
        *("am", "ar", "at", "au", "az", "be", "bg", "br", "ca", "ch", "cl", "cn", "co"),
        *("cr", "cz", "de", "dk", "ec", "ee", "eg", "es", "fi", "fr", "ge", "gr", "gt"),
        *("hk", "hr", "hu", "ie", "igo", "il", "in", "it", "jp", "kr", "lu", "mk", "mt"),
        *("mx", "my", "nl", "no", "nz", "pe", "ph", "pl", "pr", "pt", "ro", "rs", "scotland"),
        *("se", "sg", "si", "th", "tw", "ug", "uk", "us", "ve", "vn", "za"),
    }
)


def code_of_elements(elements: Sequence[str], version: str, port: str) -> str:
    """Put the elements into the usual order and look them up: ``by-nd-nc`` is ``by-nc-nd``.

    ``unknown`` for what Creative Commons never published.
    """
    if len(set(elements)) != len(elements) or not set(elements) <= set(ELEMENTS):
        return "unknown"
    family = "-".join(sorted(elements, key=ELEMENTS.index))
    key = f"{family}-{version}" if version else family
    if key not in license_table():
        return "unknown"
    if not port:
        return key
    return f"{key}-{port}" if port in PORTS and "1.0" <= version < "4.0" else "unknown"
