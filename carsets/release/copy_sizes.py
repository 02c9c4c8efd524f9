"""How large the copies of a release are: remembered, so that no later pass has to make them again.

Sixteen bytes a record, in the order of the records: width and height in pixels, size in bytes, and
how many faces and plates were hidden.
"""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LINE = struct.Struct("<IIII")


class CopySizes:
    """A file of sizes by the number of the record."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def put(self, number: int, width: int, height: int, size: int, hidden: int = 0) -> None:
        """Remember the copy of one record. Call it before the copy is written."""
        os.pwrite(self._file, _LINE.pack(width, height, size, hidden), number * _LINE.size)

    def get(self, number: int) -> tuple[int, int, int, int] | None:
        """Return what was put of a copy that an earlier pass has made."""
        line = os.pread(self._file, _LINE.size, number * _LINE.size)
        if len(line) < _LINE.size or not any(line):
            return None
        width, height, size, hidden = _LINE.unpack(line)
        return width, height, size, hidden
