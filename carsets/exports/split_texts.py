"""The text files of the splits of a release, written side by side while records come in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carsets.exports.text_file import TextFile

if TYPE_CHECKING:
    from carsets.release.folder import ReleaseFolder


class SplitTexts:
    """Files that have a beginning, parts with something between them, and an end.

    Each begins with its first part, and may be ended before the others.
    """

    def __init__(
        self, folder: ReleaseFolder, begin: str = "", between: str = "\n", end: str = "\n"
    ) -> None:
        self.folder = folder
        self.begin, self.between, self.end = begin, between, end
        self._files: dict[str, TextFile] = {}

    def add(self, name: str, part: str) -> None:
        """Add a part to a file."""
        file = self._files.get(name)
        if file is None:
            file = self._files[name] = TextFile(self.folder, name, self.begin)
        else:
            file.write(self.between)
        file.write(part)

    def close(self, name: str) -> None:
        """End one file."""
        file = self._files.pop(name)
        file.write(self.end)
        file.close()

    def finish(self) -> None:
        """End all files."""
        for name in list(self._files):
            self.close(name)
