"""Rows of comma-separated values as RFC 4180 has them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# Python's own writer leaves a lone carriage return unquoted when lines end with a line feed, and
# readers then see a row too many.
_SPECIAL = re.compile('[",\r\n]')
_SPECIAL_BUT_COMMAS = re.compile('["\r\n]')


def quoted(text: str) -> str:
    """Return a cell in quotes."""
    return '"' + text.replace('"', '""') + '"'


def row(cells: Iterable[str], end: str = "\n") -> str:
    """Return one row with its end; only cells that need quotes have them."""
    cells = list(cells)
    line = ",".join(cells)
    # Most rows have no such cell, which one look at the whole finds out.
    if line.count(",") == len(cells) - 1 and not _SPECIAL_BUT_COMMAS.search(line):
        return line + end
    return ",".join([quoted(c) if _SPECIAL.search(c) else c for c in cells]) + end
