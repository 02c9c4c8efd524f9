"""A text file of a release that grows with every record."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from carsets.release.folder import ReleaseFolder


class TextFile:
    """Takes one text after another. Where an earlier pass has written the file it writes nothing.

    A file that is never closed counts as unfinished, and the next pass writes it anew.
    """

    def __init__(self, folder: ReleaseFolder, name: str, head: str = "") -> None:
        self._open = ExitStack()
        self._file: TextIO | None = None
        if not folder.has(name):
            self._file = self._open.enter_context(folder.text(name))
            self._file.write(head)

    def write(self, text: str) -> None:
        """Add a text, which brings its own line end."""
        if self._file is not None:
            self._file.write(text)

    def close(self) -> None:
        """Finish the file."""
        self._file = None
        self._open.close()
