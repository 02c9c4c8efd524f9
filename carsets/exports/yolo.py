"""YOLO: the folders that Ultralytics' classify task trains from, and ``data.yaml`` for people.

Layout: https://docs.ultralytics.com/datasets/classify
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carsets.exports.base import ExportFormat, ReleaseFacts
from carsets.exports.class_folders import ClassFolders
from carsets.exports.columns import whole
from carsets.exports.image_facts import refuse_without_images, split_of
from carsets.problems import UserError

if TYPE_CHECKING:
    from carsets.release.folder import ReleaseFolder
    from carsets.release.record import ImageFile, Record

SPLITS = {"train": "train", "validation": "val", "test": "test"}


class YoloFormat(ExportFormat):
    """``train/CLASS/ID.jpg``, ``val`` and ``test`` alike."""

    name = "yolo"
    summary = "train, val and test with a folder for each class: Ultralytics classify"
    carries_images = True
    needs_label = True
    note = (
        "Train with data=FOLDER, not with data.yaml: the classify task reads folders. Their names "
        "are safe names for the classes; data.yaml lists the classes in the order of the folders, "
        "which is the order of their numbers. A class without images in a split has an empty "
        "folder there, so that the numbers are the same in every split."
    )

    def __init__(self, folder: ReleaseFolder, facts: ReleaseFacts) -> None:
        """Raise UserError for a release without image files, or without anything to test with."""
        refuse_without_images(self.name, facts.mode)
        if {split for split, count in facts.splits.items() if count} <= {"", "train"}:
            raise UserError("yolo cannot train without a split to test with: add --split 80/20")
        super().__init__(folder, facts)
        self._folders = ClassFolders(folder)

    def image_path(self, record: Record, extension: str) -> str:
        """Return ``val/Ford/0123456789abcdef.jpg``."""
        return self._folders.place(SPLITS[split_of(record)], record, extension)

    def add(self, record: Record, image: ImageFile | None) -> None:
        """Take note of an image, whose place says everything."""
        self._folders.add(SPLITS[split_of(record)], record)

    def finish(self) -> None:
        """Write ``data.yaml``."""
        names = self._folders.finish(self.facts.classes)
        if self.folder.has("data.yaml"):
            return
        with self.folder.text("data.yaml") as file:
            file.write("path: .\n")
            for split in filter(self.facts.splits.get, SPLITS):
                file.write(f"{SPLITS[split]}: {SPLITS[split]}\n")
            file.write(f"nc: {len(names)}\nnames:\n")
            for number, label in enumerate(names.values()):
                file.write(f"  {number}: {yaml_text(label)}\n")


def yaml_text(text: str) -> str:
    """Return a text as YAML writes any text at all: quoted, and in ASCII."""
    return '"' + "".join(map(_character, whole(text))) + '"'


def _character(character: str) -> str:
    code = ord(character)
    if character in '"\\':
        return f"\\{character}"
    if 0x20 <= code < 0x7F:
        return character
    return (
        f"\\x{code:02x}"
        if code < 0x100
        else f"\\u{code:04x}"
        if code < 0x10000
        else f"\\U{code:08x}"
    )
