"""Says by their first bytes what kind of file some bytes are, whatever they are called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT_PREFIX = 4096  # bytes; how far into a text we look for its first element


class FileType(NamedTuple):
    """A recognized type: a decoder's format, or the outcome of what is never decoded."""

    name: str  # for people; the decoder's format name when outcome is None
    outcome: Outcome | None


# Prefix, name. The first that fits wins.
PICTURES = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
)
OTHERS = (
    (b"%PDF-", "PDF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "BigTIFF"),
    (b"MM\0+", "BigTIFF"),
    (b"8BPS", "PSD"),
    (b"\0\0\1\0", "ICO"),
    (b"\0\0\2\0", "CUR"),
    (b"icns", "ICNS"),
    (b"\0\0\0\x0cjP  \r\n", "JPEG 2000"),
    (b"\xffO\xffQ", "JPEG 2000"),
    (b"\0\0\0\x0cJXL \r\n", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\5\x16\7", "AppleDouble"),
    (b"\0\5\x16\0", "AppleSingle"),
    (b"PK\3\4", "ZIP"),
    (b"\x1f\x8b", "gzip"),
    (b"Rar!\x1a\7", "RAR"),
    (b"7z\xbc\xaf\x27\x1c", "7-Zip"),
    (b"\x1aE\xdf\xa3", "Matroska or WebM video"),
    (b"OggS", "Ogg"),
    (b"ID3", "MP3"),
    (b"%!PS", "PostScript"),
    (b"\xc5\xd0\xd3\xc6", "EPS"),
    (b"\x7fELF", "program"),
    (b"MZ", "program"),
    (b"version https://git-lfs", "Git LFS pointer"),
    (b"SIMPLE  =", "FITS"),
    (b"DDS ", "DDS"),
    (b"qoif", "QOI"),
    (b"\x76\x2f\x31\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
)
NETPBM = re.compile(rb"P[1-7][\s#]")
HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"unci"}

# The elements with which a page that is not an image begins (after WHATWG's sniffing table).
# fmt: off
HTML_ELEMENTS = frozenset((
    "html", "head", "body", "title", "script", "style", "meta", "link", "base", "iframe",
    "frameset", "noscript", "table", "tr", "td", "div", "span", "a", "p", "b", "i", "em", "strong",
    "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "font", "center", "form", "input", "select",
    "button", "img", "ul", "ol", "li", "dl", "dt", "dd", "pre", "main", "section", "article",
    "header", "nav", "footer",
))
# fmt: on
PROLOG = re.compile(rb"\s+|<!--(?s:.*?)-->|<\?(?s:.*?)(?:\?>|>)")
DOCTYPE = re.compile(rb"<!doctype\s+([\w:-]+)", re.IGNORECASE)
ELEMENT = re.compile(rb"<([a-z][\w.:-]*)", re.IGNORECASE)


def file_type(body: bytes) -> FileType:
    """Return the type of ``body`` by its magic number; reads a few kilobytes at most."""
    for prefix, name in PICTURES:
        if body.startswith(prefix):
            return FileType(name, None)
    if body.startswith(b"RIFF"):
        riff = body[8:12]
        if riff == b"WEBP":
            return FileType("WEBP", None)
        return _unsupported(f"RIFF {riff.decode('ascii', 'replace').strip()}")
    if body[4:8] == b"ftyp":
        return _iso_media(body)
    for prefix, name in OTHERS:
        if body.startswith(prefix):
            return _unsupported(name)
    if NETPBM.match(body):
        return _unsupported("Netpbm")
    if body[128:132] == b"DICM":
        return _unsupported("DICOM")
    return _text(body)


def _unsupported(name: str) -> FileType:
    return FileType(name, Outcome.UNSUPPORTED)


def _iso_media(body: bytes) -> FileType:
    """Tell AVIF from HEIF and from video: all of them begin with the same kind of box."""
    size = min(int.from_bytes(body[:4], "big"), 256)
    brands = set(_fours(body[8:12] + body[16:size]))
    major = body[8:12]
    if brands & {b"avif", b"avis"}:
        return FileType("AVIF", None)
    if brands & HEIF_BRANDS:
        return _unsupported("HEIF")
    if major == b"crx ":
        return _unsupported("Canon raw")
    return _unsupported(f"video or other media ({major.decode('ascii', 'replace').strip()})")


def _fours(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), 4):
        yield data[start : start + 4]


def _text(body: bytes) -> FileType:
    start = body[:TEXT_PREFIX]
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if start.startswith(mark):
            start = start[2:].decode(encoding, "replace").encode()
    start = start.removeprefix(b"\xef\xbb\xbf")
    if b"\0" in start:
        return _unsupported("unknown type")
    kind = _markup(start)
    if kind is not None:
        return kind
    if start.lstrip()[:1] in (b"{", b"["):
        return _unsupported("JSON")
    try:
        # The cut may go through a character: what follows the last whole one does not count.
        start[:-4].decode() if len(start) == TEXT_PREFIX else start.decode()
    except UnicodeDecodeError:
        plain = sum(byte >= 32 or byte in b"\t\n\r\f" for byte in start)
        if plain < 0.97 * len(start):
            return _unsupported("unknown type")
    return _unsupported("text")


def _markup(start: bytes) -> FileType | None:
    """Find the first element of a page or drawing, or None when the text begins otherwise."""
    position = 0
    is_xml = False
    while prolog := PROLOG.match(start, position):
        is_xml = is_xml or prolog[0].startswith(b"<?xml")
        position = prolog.end()
    first = DOCTYPE.match(start, position) or ELEMENT.match(start, position)
    if first is None:
        if start[position : position + 4] == b"<!--":
            return FileType("HTML", Outcome.HTML)  # a comment longer than what we read
        return _unsupported("XML") if is_xml else None
    name = first[1].decode("ascii", "replace").lower().rpartition(":")[2]
    if name == "svg":
        return FileType("SVG", Outcome.SVG)
    if name in HTML_ELEMENTS:
        return FileType("HTML", Outcome.HTML)
    return _unsupported("XML") if is_xml or b">" in start[position:] else None
