"""Reads the containers of images without decoding: size, metadata blocks, where the image ends.

Written for hostile bytes: every step moves forward, nothing is copied but metadata, and nothing
is believed that was not there.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field

from carsets.outcomes import Outcome
from carsets.vision.inspection import Refusal

MAX_METADATA = 1 << 20  # bytes of one metadata block that are looked at
MAX_BLOCKS = 64  # metadata blocks of one image that are looked at
MAX_C2PA = 16 << 20  # bytes of a C2PA store that are looked at; thumbnails lie in it


@dataclass(slots=True)
class Structure:
    """What the container says. Sizes are as stored, before the EXIF orientation."""

    width: int = 0
    height: int = 0
    bits: int = 8  # per channel
    channels: int = 0  # 0: not known
    end: int | None = None  # where the image's own bytes end; None: not known
    frames: int = 1
    exif: bytes = b""  # TIFF structure
    xmp: list[bytes] = field(default_factory=list)
    iptc: bytes = b""  # IIM records
    texts: dict[str, str] = field(default_factory=dict)  # PNG's own text fields
    c2pa: list[bytes] = field(default_factory=list)  # stores of JUMBF boxes

    def trailing(self, body: bytes) -> bool:
        """Whether anything but padding follows the image."""
        return self.end is not None and bool(body[self.end :].strip(b"\0\r\n\t "))


def read_png(body: bytes) -> Structure:
    """Read the chunks of a PNG file."""
    if len(body) < 33:
        raise Refusal(Outcome.TRUNCATED, "PNG ends inside its header")
    if body[12:16] != b"IHDR":
        raise Refusal(Outcome.UNDECODABLE, "PNG without a header")
    width, height, bits = struct.unpack_from(">IIB", body, 16)
    found = Structure(width=width, height=height, bits=bits)
    position = 8
    while position + 12 <= len(body):
        size, kind = struct.unpack_from(">I4s", body, position)
        start, position = position + 8, position + 12 + size
        if kind == b"IEND":
            found.end = min(position, len(body))
            return found
        if kind in (b"eXIf", b"iTXt", b"tEXt") and size <= MAX_METADATA:
            _png_metadata(found, kind, body[start : start + size])
        elif kind == b"caBX" and len(found.c2pa) < MAX_BLOCKS:
            found.c2pa.append(body[start : start + min(size, MAX_C2PA)])
    return found


def _png_metadata(found: Structure, kind: bytes, data: bytes) -> None:
    if kind == b"eXIf":
        found.exif = found.exif or data.removeprefix(b"Exif\0\0")
        return
    keyword, _, rest = data.partition(b"\0")
    if kind == b"tEXt":
        if keyword in (b"Author", b"Copyright") and len(found.texts) < MAX_BLOCKS:
            found.texts[keyword.decode()] = rest.decode("latin-1")
    elif keyword == b"XML:com.adobe.xmp" and len(found.xmp) < MAX_BLOCKS and len(rest) > 2:
        text = rest[2:].split(b"\0", 2)[-1]
        found.xmp.append(_inflate(text) if rest[0] else text)


def _inflate(data: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(data, MAX_METADATA)
    except zlib.error:
        return b"<"  # there was something, and it is not readable: embedded_rights says so


def read_webp(body: bytes) -> Structure:
    """Read the chunks of a WebP file."""
    if len(body) < 30:
        raise Refusal(Outcome.TRUNCATED, "WebP ends inside its header")
    found = Structure(end=8 + int.from_bytes(body[4:8], "little"))
    position = 12
    while position + 8 <= len(body):
        kind, size = struct.unpack_from("<4sI", body, position)
        start, position = position + 8, position + 8 + size + size % 2
        if not found.width:
            found.width, found.height = _webp_size(kind, body[start : start + 10])
        if kind == b"EXIF" and size <= MAX_METADATA:
            found.exif = found.exif or body[start : start + size].removeprefix(b"Exif\0\0")
        elif kind == b"XMP " and size <= MAX_METADATA and len(found.xmp) < MAX_BLOCKS:
            found.xmp.append(body[start : start + size])
        elif kind == b"C2PA" and len(found.c2pa) < MAX_BLOCKS:
            found.c2pa.append(body[start : start + min(size, MAX_C2PA)])
    if not found.width:
        raise Refusal(Outcome.UNDECODABLE, "WebP without a header")
    return found


def _webp_size(kind: bytes, data: bytes) -> tuple[int, int]:
    if len(data) < 10:
        return 0, 0
    if kind == b"VP8X":
        width = 1 + int.from_bytes(data[4:7], "little")
        return width, 1 + int.from_bytes(data[7:10], "little")
    if kind == b"VP8L":
        packed = int.from_bytes(data[1:5], "little")
        return 1 + (packed & 0x3FFF), 1 + (packed >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 6)
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


def read_gif(body: bytes) -> Structure:
    """Read the size of a GIF file's first picture, and where its last block ends."""
    if len(body) < 13:
        raise Refusal(Outcome.TRUNCATED, "GIF ends inside its header")
    width, height, packed = struct.unpack_from("<HHB", body, 6)
    found = Structure(width=width, height=height)
    position = 13 + _color_table(packed)
    first = True
    while position < len(body):
        kind = body[position]
        if kind == 0x3B:
            found.end = position + 1
            break
        if kind == 0x21:
            position += 2
        elif kind == 0x2C and position + 10 <= len(body):
            if first:  # a frame beyond the screen makes the decoder's picture larger
                left, top, width, height = struct.unpack_from("<HHHH", body, position + 1)
                found.width = max(found.width, left + width)
                found.height = max(found.height, top + height)
                first = False
            position += 11 + _color_table(body[position + 9])
        else:
            break
        while position < len(body) and (size := body[position]):
            position += 1 + size
        position += 1
    return found


def _color_table(packed: int) -> int:
    return 3 << (packed & 7) + 1 if packed & 0x80 else 0


def read_bmp(body: bytes) -> Structure:
    """Read the header of a BMP file."""
    if len(body) < 26:
        raise Refusal(Outcome.TRUNCATED, "BMP ends inside its header")
    if int.from_bytes(body[14:18], "little") == 12:
        width, height = struct.unpack_from("<HH", body, 18)
    else:
        width, height = struct.unpack_from("<ii", body, 18)
    return Structure(width=abs(width), height=abs(height))


def read_avif(body: bytes) -> Structure:
    """Read the largest size that an AVIF file declares."""
    found = Structure()
    position = body.find(b"ispe")
    for _ in range(MAX_BLOCKS):
        if position < 0 or position + 16 > len(body):
            break
        width, height = struct.unpack_from(">II", body, position + 8)
        if width * height > found.width * found.height:
            found.width, found.height = width, height
        position = body.find(b"ispe", position + 4, 1 << 16)
    if not found.width:
        raise Refusal(Outcome.UNDECODABLE, "AVIF without a size")
    return found
