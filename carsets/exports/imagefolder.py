"""ImageFolder: ``train/CLASS/ID.jpg``, with the facts of every image beside them.

Read by Hugging Face ``datasets`` (``load_dataset("imagefolder", data_dir=...)``: the facts become
columns), by Keras (``image_dataset_from_directory``) and by torchvision (``ImageFolder``).

Layout: https://huggingface.co/docs/datasets/image_dataset
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carsets.exports.base import ExportFormat, ReleaseFacts
from carsets.exports.class_folders import ClassFolders
from carsets.exports.image_facts import ascii_json, facts_of, refuse_without_images, split_of
from carsets.exports.split_texts import SplitTexts
from carsets.release.labels import safe_name

if TYPE_CHECKING:
    from carsets.release.folder import ReleaseFolder
    from carsets.release.record import ImageFile, Record


class ImageFolderFormat(ExportFormat):
    """A folder for each split, in it one for each class, and ``metadata.jsonl``."""

    name = "imagefolder"
    summary = "SPLIT/CLASS/ID.jpg with metadata.jsonl: Hugging Face, Keras, torchvision"
    carries_images = True
    needs_label = True
    note = (
        "Folders have safe names for their classes; classes.json says which class each of them "
        "is, and metadata.jsonl tells the class and all other facts of every image. A class that "
        "has no image in a split has an empty folder there, so that every loader numbers the "
        "classes alike: torchvision has to be told so with allow_empty=True. Keras passes over "
        "WEBP files."
    )

    def __init__(self, folder: ReleaseFolder, facts: ReleaseFacts) -> None:
        refuse_without_images(self.name, facts.mode)
        super().__init__(folder, facts)
        self._folders = ClassFolders(folder)
        self._metadata = SplitTexts(folder)

    def image_path(self, record: Record, extension: str) -> str:
        """Return ``train/Ford/0123456789abcdef.jpg``."""
        return self._folders.place(split_of(record), record, extension)

    def add(self, record: Record, image: ImageFile | None) -> None:
        """Write the line of an image: its file first, relative to the line's own."""
        assert image is not None
        split = split_of(record)
        self._folders.add(split, record)
        file = f"{safe_name(record.label)}/{record.image_id}.{image.extension}"
        line = ascii_json({"file_name": file} | facts_of(record, image))
        self._metadata.add(f"{split}/metadata.jsonl", line)

    def finish(self) -> None:
        """Close the lists, and say which folder is which class."""
        self._metadata.finish()
        names = self._folders.finish(self.facts.classes)
        if not self.folder.has("classes.json"):
            with self.folder.text("classes.json") as file:
                lines = [
                    f"{ascii_json(name)}: {ascii_json(label)}" for name, label in names.items()
                ]
                file.write("{\n" + ",\n".join(lines) + "\n}\n")
