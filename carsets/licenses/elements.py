"""The elements of a Creative Commons license (by, nc, nd, sa), put together to a code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from carsets.licenses.table import license_table

if TYPE_CHECKING:
    from collections.abc import Sequence

ELEMENTS = ("by", "nc", "nd", "sa", "sampling+", "sampling")
_PORT = re.compile(r"(?:[a-z]{2}|igo|scotland)?")


def code_of_elements(elements: Sequence[str], version: str, port: str) -> str:
    """Put the elements into the usual order and look them up: ``by-nd-nc`` is ``by-nc-nd``.

    ``unknown`` for what Creative Commons never published.
    """
    if len(set(elements)) != len(elements) or not set(elements) <= set(ELEMENTS):
        return "unknown"
    family = "-".join(sorted(elements, key=ELEMENTS.index))
    key = f"{family}-{version}" if version else family
    if key not in license_table() or not _PORT.fullmatch(port):
        return "unknown"
    return f"{key}-{port}" if port else key
