"""Images in folders named after their class, which most loaders read without being told more.

Loaders number the classes in the order of the folders' names, split by split. So every split has
a folder for every class: where a class has no image in a split, an empty ``.keep`` holds its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carsets.release.labels import safe_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carsets.release.folder import ReleaseFolder
    from carsets.release.record import Record

KEEP = ".keep"


class ClassFolders:
    """The folders of the classes, below one folder for each split."""

    def __init__(self, folder: ReleaseFolder) -> None:
        self.folder = folder
        self._used: set[tuple[str, str]] = set()  # as many as there are classes in all splits

    def place(self, split: str, record: Record, extension: str) -> str:
        """Return where the file of an image belongs."""
        return f"{split}/{safe_name(record.label)}/{record.image_id}.{extension}"

    def add(self, split: str, record: Record) -> None:
        """Take note of an image."""
        self._used.add((split, record.label))

    def finish(self, classes: Iterable[str]) -> dict[str, str]:
        """Hold the empty places, and return folder -> class, in the order of the folders."""
        names = {safe_name(label): label for label in (*classes, *(c for _, c in self._used))}
        for split in sorted({split for split, _ in self._used}):
            for name, label in names.items():
                keep = f"{split}/{name}/{KEEP}"
                if (split, label) not in self._used and not self.folder.has(keep):
                    with self.folder.write(keep):
                        pass
        return dict(sorted(names.items()))
