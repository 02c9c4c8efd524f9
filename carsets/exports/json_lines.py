"""One JSON object a line with all that is known; lists and objects stay what they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from carsets.exports.base import ExportFormat, ReleaseFacts
from carsets.exports.columns import NAMES, json_text, values_of
from carsets.exports.text_file import TextFile

if TYPE_CHECKING:
    from carsets.release.folder import ReleaseFolder
    from carsets.release.record import ImageFile, Record

# What JSON allows in a text and terminals, or readers that split lines the Unicode way, do not
# bear: control characters, separators, and what turns the direction of writing around.
_AWKWARD = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def one_line(text: str) -> str:
    """Return JSON in which only characters stand that end no line and move no cursor."""
    if text.isprintable():
        return text
    return _AWKWARD.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class JsonLinesFormat(ExportFormat):
    """images.jsonl: an object an image, always with the same keys, null where nothing is known."""

    name = "jsonl"
    summary = "one JSON object a line with all facts"
    carries_images = False

    def __init__(self, folder: ReleaseFolder, facts: ReleaseFacts) -> None:
        super().__init__(folder, facts)
        self._file = TextFile(folder, "images.jsonl")

    def add(self, record: Record, image: ImageFile | None) -> None:
        """Write one line."""
        line = json_text(dict(zip(NAMES, values_of(record), strict=True)))
        self._file.write(one_line(line) + "\n")

    def finish(self) -> None:
        """Close the file."""
        self._file.close()
