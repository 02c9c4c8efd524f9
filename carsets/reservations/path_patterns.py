"""Patterns for paths as RFC 9309 has them: a beginning, with ``*`` for anything and ``$`` to end.

Protego matches the rules that it knows, and nothing else; Content-Usage and tdmrep.json use the
same patterns. The time taken grows with the path and not with what a pattern makes of it.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


def path_of(url: str) -> str:
    """Return what patterns are held against: the path with its query, as ``matches`` wants it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "/"
    return same(f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}")


def same(text: str) -> str:
    """Write a path or a pattern in the one way in which two spellings of it are equal."""
    return _ESCAPE.sub(_decoded, quote(text, safe=_PRINTABLE, errors="replace"))


def _decoded(match: re.Match[str]) -> str:
    byte = int(match[1], 16)
    return chr(byte) if byte in _UNRESERVED else match[0].upper()


def matches(pattern: str, path: str) -> bool:
    """Say whether a pattern covers a path; both as ``same`` writes them."""
    ends = pattern.endswith("$")
    first, *others = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    if not others:
        return len(path) == len(first) if ends else True
    place = len(first)
    last = others.pop() if ends else ""
    for part in others:
        place = path.find(part, place)
        if place < 0:
            return False
        place += len(part)
    return path.endswith(last) and len(path) - len(last) >= place
