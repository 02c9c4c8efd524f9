"""Reads what an image's own metadata says about rights: XMP, EXIF, IPTC-IIM and C2PA.

Nothing here decides anything: the raw words go to ``licenses`` and ``reservations``. A packet
that cannot be parsed is searched as plain bytes, so that a damaged opt-out is still seen.
"""

from __future__ import annotations

import re
import struct
from itertools import islice
from typing import TYPE_CHECKING
from xml.parsers import expat

from carsets.vision.jumbf import training_mining

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carsets.vision.image_structure import Structure

MAX_PACKET = 1 << 20  # bytes of one XMP packet that are read
MAX_VALUE = 2000  # characters kept of one statement
MAX_RECORDS = 2000  # IPTC records looked at

NAMESPACES = {
    "http://ns.useplus.org/ldf/xmp/1.0/": "plus",
    "http://ns.adobe.com/xap/1.0/rights/": "xmpRights",
    "http://creativecommons.org/ns#": "cc",
    "http://web.resource.org/cc/": "cc",
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://ns.adobe.com/photoshop/1.0/": "photoshop",
    "http://iptc.org/std/Iptc4xmpExt/2008-02-29/": "Iptc4xmpExt",
    "http://www.w3.org/ns/tdmrep#": "tdm",
    "http://www.w3.org/ns/tdmrep/": "tdm",
}
STATEMENTS = frozenset(
    {
        "plus:DataMining",
        "plus:OtherConstraints",
        "plus:LicensorURL",
        "tdm:reservation",
        "tdm:policy",
        "xmpRights:WebStatement",
        "xmpRights:UsageTerms",
        "xmpRights:Marked",
        "cc:license",
        "cc:attributionName",
        "cc:attributionURL",
        "dc:rights",
        "dc:creator",
        "photoshop:Credit",
        "Iptc4xmpExt:DigitalSourceType",
    }
)
RDF_RESOURCE = "http://www.w3.org/1999/02/22-rdf-syntax-ns# resource"
IPTC = {80: "iptc:By-line", 110: "iptc:Credit", 116: "iptc:CopyrightNotice"}
EXIF = {0x013B: "exif:Artist", 0x8298: "exif:Copyright"}
ORIENTATION = 0x0112

# The opt-out in a packet that is not well-formed XML: its name, and its value if it is near.
BROKEN_OPT_OUT = re.compile(rb"DataMining(?:(?s:.{0,200}?)(DMI-[A-Z-]{3,60}))?")
MAX_BROKEN = 10  # places in such a packet that are looked at


def embedded_rights(structure: Structure) -> dict[str, str]:
    """Return every statement found, by stable keys such as ``plus:DataMining``."""
    found: dict[str, str] = {}
    for packet in structure.xmp:
        _add_xmp(found, packet)
    if structure.iptc:
        _add_iptc(found, structure.iptc)
    for tag, value in _exif_entries(structure.exif):
        if tag in EXIF and isinstance(value, str):
            _add(found, EXIF[tag], value)
    for keyword, text in structure.texts.items():
        _add(found, f"png:{keyword}", text)
    for store in structure.c2pa:
        for name, uses in training_mining(store):
            _add(found, name, uses)
    return found


def exif_orientation(exif: bytes) -> int:
    """Return the EXIF orientation, 1 (upright) to 8."""
    for tag, value in _exif_entries(exif):
        if tag == ORIENTATION and isinstance(value, int) and 1 <= value <= 8:
            return value
    return 1


def _add(found: dict[str, str], key: str, value: str) -> None:
    """Keep a statement; several of one kind are joined, none is said twice."""
    value = " ".join(value.replace("\0", " ").split())
    before = found.get(key, "")
    if value and value not in before.split("; "):
        found[key] = (f"{before}; {value}" if before else value)[:MAX_VALUE]


# --- XMP --------------------------------------------------------------------------------------


class _RefusedError(Exception):
    """A document type: XMP has none, and entities are declared there."""


class _Packet:
    """Collects the statements of one packet while expat reads it."""

    def __init__(self, found: dict[str, str]) -> None:
        self.found = found
        self.open: list[tuple[str, list[str]]] = []  # statements we are inside of
        self.depth = 0
        self.starts: list[int] = []  # depth at which each of them opened

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        for attribute, value in attributes.items():
            if (key := _key(attribute)) is not None:
                _add(self.found, key, value)
        if (key := _key(name)) is not None:
            self.open.append((key, []))
            self.starts.append(self.depth)
            _add(self.found, key, attributes.get(RDF_RESOURCE, ""))

    def text(self, data: str) -> None:
        if self.open:
            self.open[-1][1].append(data)

    def end(self, _name: str) -> None:
        if self.starts and self.starts[-1] == self.depth:
            key, parts = self.open.pop()
            self.starts.pop()
            _add(self.found, key, "".join(parts))
        elif self.open:
            self.flush()
        self.depth -= 1

    def flush(self) -> None:
        """Keep what one list entry said: the entries of a list are separate statements."""
        key, parts = self.open[-1]
        _add(self.found, key, "".join(parts))
        parts.clear()


def _key(name: str) -> str | None:
    namespace, _, local = name.rpartition(" ")
    key = f"{NAMESPACES.get(namespace)}:{local}"
    return key if key in STATEMENTS else None


def _refuse(*_: object) -> None:
    raise _RefusedError


def _add_xmp(found: dict[str, str], packet: bytes) -> None:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    reader = _Packet(found)
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    try:
        parser.Parse(packet[:MAX_PACKET].strip(b"\0 \t\r\n"), True)
    except (expat.ExpatError, _RefusedError, ValueError, LookupError) as error:
        found["xmp:unreadable"] = str(error) or "has a document type"
        if "plus:DataMining" not in found:
            for match in islice(BROKEN_OPT_OUT.finditer(packet[:MAX_PACKET]), MAX_BROKEN):
                _add(found, "plus:DataMining", (match[1] or b"unreadable").decode())


# --- IPTC-IIM ---------------------------------------------------------------------------------


def _add_iptc(found: dict[str, str], data: bytes) -> None:
    encoding = "utf-8" if b"\x1c\x01\x5a\x00\x03\x1b%G" in data[:64] else "latin-1"
    position = 0
    for _ in range(MAX_RECORDS):
        if position + 5 > len(data) or data[position] != 0x1C:
            return
        record, dataset, size = struct.unpack_from(">BBH", data, position + 1)
        position += 5
        if size & 0x8000:  # a longer length follows: none of ours has one
            return
        if record == 2 and dataset in IPTC:
            text = data[position : position + size].decode(encoding, "replace")
            _add(found, IPTC[dataset], text)
        position += size


# --- EXIF -------------------------------------------------------------------------------------


def _exif_entries(exif: bytes) -> Iterator[tuple[int, int | str]]:
    """Yield the short numbers and the texts of the first directory of a TIFF structure."""
    order = {b"II": "<", b"MM": ">"}.get(exif[:2])
    if order is None or len(exif) < 8:
        return
    start = struct.unpack_from(f"{order}I", exif, 4)[0]
    if start + 2 > len(exif):
        return
    count = struct.unpack_from(f"{order}H", exif, start)[0]
    for place in range(start + 2, min(start + 2 + 12 * count, len(exif) - 11), 12):
        tag, kind, size = struct.unpack_from(f"{order}HHI", exif, place)
        if kind == 3 and size == 1:
            yield tag, struct.unpack_from(f"{order}H", exif, place + 8)[0]
        elif kind == 2 and size <= MAX_VALUE:
            offset = struct.unpack_from(f"{order}I", exif, place + 8)[0] if size > 4 else place + 8
            yield tag, exif[offset : offset + size].decode("utf-8", "replace")
