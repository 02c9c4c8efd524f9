"""What lies in a tar file, without unpacking it: names, and where the bytes of each member are.

Names serve to be shown and never as paths. Only headers are read, and nothing is believed that
leads outside the file: a member that would reach beyond its end is where the reading stops.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BLOCK = 512  # bytes
MAX_NAME = 4096  # characters of a member's name; a longer one is cut
MAX_HEADER = 1 << 20  # bytes of an extended header; a larger one is passed over unread
_REGULAR = frozenset(b"\0" + b"07")
_PAX_SIZE = re.compile(rb"(?:^|\n)\d+ size=(\d{1,18})\n")
_PAX_PATH = re.compile(rb"(?:^|\n)\d+ path=([^\n]*)\n")


class TarError(Exception):
    """A tar file is damaged or cut off; the message says where, for people."""


@dataclass(frozen=True, slots=True)
class TarMember:
    """One file in a tar file."""

    name: str
    offset: int  # where its bytes begin
    size: int  # bytes


def tar_members(path: Path) -> Iterator[TarMember]:
    """Yield the regular files in an uncompressed tar file, in their order.

    Folders, links, devices and sparse files are passed over. Raises TarError for what is no tar
    file or ends too early, after all that came before; and OSError.
    """
    whole = path.stat().st_size
    place = 0
    long_name, long_size = "", None
    with path.open("rb") as stream:
        while place + BLOCK <= whole:
            stream.seek(place)
            header = stream.read(BLOCK)
            if not header.strip(b"\0"):
                return
            size = _number(header[124:136])
            if size is None or not _checks(header):
                raise TarError(f"no header of a tar file at byte {place}")
            kind = header[156:157]
            if long_size is not None and kind not in b"xgLK":
                size = long_size
            begin = place + BLOCK
            if begin + size > whole:
                raise TarError(f"cut off: the member at byte {place} has no end")
            place = begin + -(-size // BLOCK) * BLOCK
            if kind in (b"x", b"L"):
                extended = stream.read(size) if size <= MAX_HEADER else b""
                if kind == b"L":
                    long_name = _text(extended)
                else:
                    path_said, size_said = _PAX_PATH.search(extended), _PAX_SIZE.search(extended)
                    long_name = _text(path_said[1]) if path_said else long_name
                    long_size = int(size_said[1]) if size_said else None
                continue
            if kind in (b"g", b"K"):
                continue
            if kind[0] in _REGULAR:
                yield TarMember(long_name or _name(header), begin, size)
            long_name, long_size = "", None
        if place < whole:
            raise TarError(f"cut off: half a header at byte {place}")


def _checks(header: bytes) -> bool:
    """Say whether the sum of a header's bytes is the one that it gives."""
    return _number(header[148:156]) == sum(header[:148]) + 8 * ord(" ") + sum(header[156:])


def _number(field: bytes) -> int | None:
    """Read a number: octal digits, or, for large ones, binary behind a mark."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b"\0 ")
    return int(digits, 8) if re.fullmatch(rb"[0-7]+", digits) else (0 if not digits else None)


def _name(header: bytes) -> str:
    prefix = header[345:500] if header[257:263] == b"ustar\0" else b""
    return "/".join(filter(None, (_text(prefix), _text(header[:100]))))


def _text(raw: bytes) -> str:
    """Return a name as text that any database takes; odd bytes are shown as \\xNN."""
    name = raw.partition(b"\0")[0].decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else "?" for letter in name)[:MAX_NAME]
