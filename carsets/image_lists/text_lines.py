"""The lines of a list, compressed or not, in whichever encoding spreadsheets left it."""

from __future__ import annotations

import codecs
import gzip
import io
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST_LINE = 1_048_576  # characters; longer ones are cut, so that no file can fill the memory
GZIP_MAGIC = b"\x1f\x8b"
BYTE_ORDER_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
WINDOWS_1252 = "carsets.windows-1252"


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    """Read bytes that are not UTF-8 as what spreadsheets write; nothing is lost."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    damaged = error.object[error.start : error.end]
    try:
        return damaged.decode("cp1252"), error.end
    except UnicodeDecodeError:
        return damaged.decode("latin-1"), error.end


codecs.register_error(WINDOWS_1252, _as_windows_1252)


def open_text(path: Path) -> io.TextIOWrapper:
    """Open a list as text; line ends are left as they are."""
    stream = open_bytes(path)
    mark = stream.read(2)
    stream.seek(0)
    encoding = BYTE_ORDER_MARKS.get(mark, "utf-8-sig")
    return io.TextIOWrapper(stream, encoding, errors=WINDOWS_1252, newline="")


def read_lines(path: Path) -> Iterator[str]:
    """Yield the lines, each with its end; of one that is too long, what fits."""
    with open_text(path) as text:
        while line := text.readline(LONGEST_LINE):
            yield line
            while len(line) == LONGEST_LINE and line[-1] not in "\r\n":  # its rest is lost
                line = text.readline(LONGEST_LINE)


def open_bytes(path: Path) -> BinaryIO:
    """Open a list, compressed with gzip or not."""
    with path.open("rb") as stream:
        compressed = stream.read(2) == GZIP_MAGIC
    return gzip.open(path) if compressed else path.open("rb")  # type: ignore[return-value]
