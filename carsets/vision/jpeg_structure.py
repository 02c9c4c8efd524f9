"""Reads the segments of a JPEG file without decoding it."""

from __future__ import annotations

import re

from carsets.outcomes import Outcome
from carsets.vision.image_structure import MAX_BLOCKS, MAX_C2PA, MAX_METADATA, Structure
from carsets.vision.inspection import Refusal

# Start of frame: C0 to CF, but for C4 (tables), C8 (reserved) and CC (arithmetic conditioning).
FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
BARE = frozenset({0x01, *range(0xD0, 0xD9)})  # markers without a length
APP1, APP2, APP11, APP13, SOS, EOI = 0xE1, 0xE2, 0xEB, 0xED, 0xDA, 0xD9
# Inside compressed data every FF is followed by 0, or by a restart marker.
NEXT_MARKER = re.compile(rb"\xff+[^\x00\x01\xd0-\xd7\xff]")
MAX_SCANS = 1000  # passes of a progressive JPEG; encoders make about ten

EXIF = b"Exif\0\0"
XMP = b"http://ns.adobe.com/xap/1.0/\0"
XMP_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"  # then 32 digits, size, offset, text
XMP_OFFSET = len(XMP_EXTENSION) + 36
PHOTOSHOP = b"Photoshop 3.0\0"
IPTC_RESOURCE = b"8BIM\x04\x04"
MULTI_PICTURE = b"MPF\0"
JUMBF = b"JP"  # then the box's number (2 bytes), the part's number (4), the box's head, its bytes


def read_jpeg(body: bytes) -> Structure:
    """Read the segments up to the compressed data, then find where the image ends."""
    found = Structure()
    extension: list[bytes] = []
    parts: dict[bytes, list[bytes]] = {}
    several = False
    position = 2
    while True:
        marker, start, position = _segment(body, position)
        if marker in FRAME and position - start >= 6:
            found.bits, found.channels = body[start], body[start + 5]
            found.height = int.from_bytes(body[start + 1 : start + 3], "big")
            found.width = int.from_bytes(body[start + 3 : start + 5], "big")
        elif marker == APP1:
            _application_1(found, extension, body[start:position])
        elif marker == APP2:
            several = several or body.startswith(MULTI_PICTURE, start)
        elif marker == APP11 and body.startswith(JUMBF, start):
            parts.setdefault(body[start + 2 : start + 4], []).append(body[start + 4 : position])
        elif marker == APP13 and len(found.iptc) < MAX_METADATA:
            found.iptc += _iptc_records(body[start:position])
        elif marker == SOS:
            break
    if extension:
        extension.sort(key=lambda data: data[XMP_OFFSET : XMP_OFFSET + 4])
        found.xmp.append(b"".join(data[XMP_OFFSET + 4 :] for data in extension))
    found.c2pa = [_joined(box) for box in list(parts.values())[:MAX_BLOCKS]]
    if not (found.width and found.height):
        raise Refusal(Outcome.UNDECODABLE, "JPEG without a size")
    found.end = _end_of_image(body, position)
    if several:
        _further_pictures(found, body)
    return found


def _segment(body: bytes, position: int) -> tuple[int, int, int]:
    """Return the next segment's marker, where its data starts, and where it ends."""
    while True:
        position = body.find(b"\xff", position)
        if position < 0 or position + 4 > len(body):
            raise Refusal(Outcome.TRUNCATED, "JPEG ends before its image data")
        marker = body[position + 1]
        if marker == EOI:
            raise Refusal(Outcome.UNDECODABLE, "JPEG without image data")
        if marker in (0, 0xFF) or marker in BARE:
            position += 1
            continue
        size = int.from_bytes(body[position + 2 : position + 4], "big")
        if size < 2:
            raise Refusal(Outcome.UNDECODABLE, "JPEG with an impossible segment")
        return marker, position + 4, position + 2 + size


def _application_1(found: Structure, extension: list[bytes], data: bytes) -> None:
    if data.startswith(EXIF):
        found.exif = found.exif or data[len(EXIF) :]
    elif data.startswith(XMP) and len(found.xmp) < MAX_BLOCKS:
        found.xmp.append(data[len(XMP) :])
    elif data.startswith(XMP_EXTENSION) and len(extension) < MAX_BLOCKS:
        extension.append(data)


def _joined(parts: list[bytes]) -> bytes:
    """Join the parts of a JUMBF box; the box's head stands in each, and is wanted once."""
    parts.sort(key=lambda part: part[:4])
    head = 16 if parts[0][4:8] == b"\0\0\0\1" else 8
    return b"".join((parts[0][4 : 4 + head], *(part[4 + head :] for part in parts)))[:MAX_C2PA]


def _iptc_records(data: bytes) -> bytes:
    """Return the IPTC resource among Photoshop's image resources."""
    start = data.find(IPTC_RESOURCE) if data.startswith(PHOTOSHOP) else -1
    if start < 0 or start + 7 > len(data):
        return b""
    name = data[start + 6]
    start += 6 + name + (1 if name % 2 else 2)  # the name and its length byte are padded to even
    size = int.from_bytes(data[start : start + 4], "big")
    return data[start + 4 : start + 4 + size]


def _end_of_image(body: bytes, position: int) -> int | None:
    """Return the place behind the end marker, or None when the image has none."""
    first = body.find(b"\xff\xd9", position)
    if first < 0 or first == len(body) - 2:
        return None if first < 0 else len(body)  # nearly every JPEG: nothing needs to be walked
    for _ in range(MAX_SCANS):
        marker = NEXT_MARKER.search(body, position)
        if marker is None:
            return None
        position = marker.end()
        if body[position - 1] == EOI:
            return position
        position += int.from_bytes(body[position : position + 2], "big")
    return None


def _further_pictures(found: Structure, body: bytes) -> None:
    """Walk over the pictures that a multi-picture JPEG carries behind its first."""
    while found.end is not None and found.frames < MAX_BLOCKS:
        start = body.find(b"\xff\xd8\xff", found.end)
        if start < 0 or body[found.end : start].strip(b"\0"):
            return
        try:
            position = start + 2
            marker = 0
            while marker != SOS:
                marker, _, position = _segment(body, position)
        except Refusal:
            return  # a broken further picture: what follows the first is trailing data
        end = _end_of_image(body, position)
        if end is None:
            return
        found.end = end
        found.frames += 1
