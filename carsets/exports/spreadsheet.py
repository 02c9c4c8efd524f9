"""Keeps a spreadsheet from running a title: what would be a formula becomes a text.

A cell that begins with one of ``= + - @`` is a formula to Excel, LibreOffice and others, and so is
``;=1+1`` in the middle of one where the list separator is the semicolon. An apostrophe in front
says "this is text". What has apostrophes there already gets one more, so that ``exact`` always
gives back the text as it was.
"""

from __future__ import annotations

import re

# The full-width signs count as the plain ones in East Asian settings.
_SIGNS = "=+\\-@＝＋－＠"
# After these a spreadsheet with other separators than ours may begin a new cell.
_BREAKS = ";\t\r\n"
_RISKY = re.compile(f"^(?='*[{_SIGNS}\t\r\n])|(?<=[{_BREAKS}])(?='*[{_SIGNS}])")
_DEFUSED = re.compile(f"^'(?='*[{_SIGNS}\t\r\n])|(?<=[{_BREAKS}])'(?='*[{_SIGNS}])")
_BREAK = re.compile(f"[{_BREAKS}]")
_FIRST = frozenset("'=+-@＝＋－＠\t\r\n")


def defused(text: str) -> str:
    """Return the text with an apostrophe wherever a formula could begin."""
    if text[:1] in _FIRST or _BREAK.search(text):
        return _RISKY.sub("'", text)
    return text


def exact(text: str) -> str:
    """Return the text that ``defused`` was given."""
    return _DEFUSED.sub("", text)
