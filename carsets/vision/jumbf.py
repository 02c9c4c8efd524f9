"""Reads C2PA's manifest store as far as it speaks of training and data mining.

The store is a tree of JUMBF boxes (ISO 19566-5); an assertion is a box with a label and a content
box of CBOR or JSON. No signature is checked: an owner's "no" counts whoever has signed it. What
cannot be read, and might hold such an assertion, is ``UNREADABLE``.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import cbor2

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 8  # of boxes inside boxes; a store with ingredients has about five
MAX_BOXES = 5000
MAX_ASSERTION = 64 * 1024  # bytes; a written one has some hundred
MAX_USES = 50
UNREADABLE = "unreadable"

_LABEL = re.compile(rb"(c2pa|cawg)\.training-mining(?:[._][0-9a-z_.]{1,16})?\Z")
_MENTION = re.compile(rb"(c2pa|cawg)\.training-mining")
_LABELLED = 0x02  # a toggle of the description box


def training_mining(store: bytes) -> Iterator[tuple[str, str]]:
    """Yield (``c2pa.training-mining``, ``use=allowed, ...``) for each assertion in a store."""
    read: set[str] = set()
    for label, content in _assertions(store):
        name = f"{label}.training-mining"
        read.add(name)
        yield name, _uses(*content)
    for name in sorted({match[0].decode() for match in _MENTION.finditer(store)} - read):
        yield name, UNREADABLE


def _assertions(store: bytes) -> Iterator[tuple[str, tuple[bytes, bytes]]]:
    """Yield each assertion's family and its content: kind and data."""
    open_: list[tuple[int, int, int, str]] = [(0, len(store), 0, "")]
    seen = 0
    while open_:
        start, end, depth, family = open_.pop()
        for kind, begins, ends in _boxes(store, start, end):
            seen += 1
            if seen > MAX_BOXES:
                return
            if kind == b"jumb" and depth < MAX_DEPTH:
                match = _LABEL.match(_label(store[begins : min(ends, begins + 300)]))
                open_.append((begins, ends, depth + 1, match[1].decode() if match else ""))
            elif kind == b"brob":  # a compressed manifest: it may hold anything
                yield "c2pa", (kind, b"")
            elif family and kind in (b"cbor", b"json"):
                yield family, (kind, store[begins:ends])


def _boxes(store: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the boxes of a stretch: kind, where the content begins, where it ends."""
    while start + 8 <= end:
        size, kind = int.from_bytes(store[start : start + 4], "big"), store[start + 4 : start + 8]
        begins = start + 8
        if size == 1 and start + 16 <= end:
            size, begins = int.from_bytes(store[start + 8 : start + 16], "big"), start + 16
        stop = start + size if size else end
        if stop < begins or stop > end:
            return
        yield kind, begins, stop
        start = stop


def _label(superbox: bytes) -> bytes:
    """Return the label in the description box that a superbox begins with; b"" for none."""
    if superbox[4:8] != b"jumd" or len(superbox) < 25 or not superbox[24] & _LABELLED:
        return b""
    return superbox[25:].partition(b"\0")[0]


def _uses(kind: bytes, data: bytes) -> str:
    if len(data) > MAX_ASSERTION:
        return UNREADABLE
    try:
        facts = cbor2.loads(data) if kind == b"cbor" else json.loads(data)
    except Exception:  # of a file from strangers, read by two libraries
        return UNREADABLE
    entries = facts.get("entries") if isinstance(facts, dict) else None
    if not isinstance(entries, dict) or not 1 <= len(entries) <= MAX_USES:
        return UNREADABLE
    return ", ".join(f"{_word(use)}={_word(_said(entry))}" for use, entry in entries.items())


def _said(entry: Any) -> Any:
    return entry.get("use") if isinstance(entry, dict) else entry


def _word(value: Any) -> str:
    """Return a short word as it is; anything else as what cannot be understood."""
    return value if isinstance(value, str) and re.fullmatch(r"[\w.:-]{1,60}", value) else "?"
