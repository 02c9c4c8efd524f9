"""A random one percent of the blurred copies, for people to look at: ``BLUR-CHECK.csv``.

A detector overlooks faces and plates. Who hands the release out looks at these copies first; how
many of them still show one is the share to expect of the others.
"""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from carsets.exports.comma_separated import row
from carsets.exports.text_file import TextFile
from carsets.release.draw import Draw

if TYPE_CHECKING:
    from carsets.release.folder import ReleaseFolder
    from carsets.release.record import ImageFile, Record

NAME = "BLUR-CHECK.csv"
COLUMNS = ("image_id", "file", "sha256", "hidden")
ONE_IN = 100  # copies; of fewer, one


class BlurChecks:
    """Counts the copies, and keeps the lines of those that were drawn: one in a hundred."""

    def __init__(self, folder: ReleaseFolder, salt: str, total: int) -> None:
        self._file = TextFile(folder, NAME, row(COLUMNS))
        self._draw = Draw(f"{salt}/blur")
        self._room = -(-total // ONE_IN)
        self._drawn: list[tuple[int, str]] = []  # a heap: minus the number drawn, and the line
        self.hidden = 0  # boxes
        self.touched = 0  # copies with any
        self.listed = 0

    def add(self, record: Record, image: ImageFile, path: str) -> None:
        """Take the next copy."""
        self.hidden += image.hidden
        self.touched += image.hidden > 0
        line = row((record.image_id, path, image.sha256, str(image.hidden)))
        entry = (-self._draw.number(int(record.image_id, 16)), line)
        if len(self._drawn) < self._room:
            heapq.heappush(self._drawn, entry)
        else:
            heapq.heappushpop(self._drawn, entry)

    def finish(self) -> None:
        """Write the lines, in the order of the ids."""
        self.listed = len(self._drawn)
        for _, line in sorted(self._drawn, key=lambda entry: entry[1]):
            self._file.write(line)
        self._file.close()
