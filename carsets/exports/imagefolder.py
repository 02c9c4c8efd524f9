"""ImageFolder: ``train/CLASS/ID.jpg``, with the facts of every image beside them.

Read by Hugging Face ``datasets`` (``load_dataset("imagefolder", data_dir=...)``: the facts become
columns), by Keras (``image_dataset_from_directory``) and by torchvision (``ImageFolder``).

The facts are in Parquet, which says of what type a column is. From JSON lines ``datasets`` guesses
that out of the first of them, split by split: a release whose test split alone has descriptions
cannot be loaded, and a title such as 1970-01-01 becomes a day.

Layout: https://huggingface.co/docs/datasets/image_dataset
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa  # type: ignore[import-untyped]

from carsets.exports.base import ExportFormat, ReleaseFacts
from carsets.exports.class_folders import ClassFolders
from carsets.exports.image_facts import (
    FACT_COLUMNS,
    ascii_json,
    facts_of,
    refuse_without_images,
    split_of,
)
from carsets.exports.parquet import arrow_type
from carsets.exports.row_groups import RowGroups
from carsets.release.labels import safe_name

if TYPE_CHECKING:
    from typing import Any

    from carsets.release.folder import ReleaseFolder
    from carsets.release.record import ImageFile, Record

SCHEMA = pa.schema(
    [
        pa.field("file_name", pa.string()),  # of the image, as seen from the table
        *(pa.field(column.name, arrow_type(column)) for column in FACT_COLUMNS),
        pa.field("changed", pa.bool_()),
        pa.field("original_sha256", pa.string()),
        pa.field("original_width", pa.int64()),
        pa.field("original_height", pa.int64()),
    ]
)
REPEATED = frozenset(column.name for column in FACT_COLUMNS if column.few)


class ImageFolderFormat(ExportFormat):
    """A folder for each split, in it one for each class, and ``metadata.parquet``."""

    name = "imagefolder"
    summary = "SPLIT/CLASS/ID.jpg with metadata.parquet: Hugging Face, Keras, torchvision"
    carries_images = True
    needs_label = True
    note = (
        "Folders have safe names for their classes; classes.json says which class each of them "
        "is, and metadata.parquet tells the class and all other facts of every image. A class that "
        "has no image in a split has an empty folder there, so that every loader numbers the "
        "classes alike: torchvision has to be told so with allow_empty=True. Keras passes over "
        "WEBP files."
    )

    def __init__(self, folder: ReleaseFolder, facts: ReleaseFacts) -> None:
        refuse_without_images(self.name, facts.mode)
        super().__init__(folder, facts)
        self._folders = ClassFolders(folder)
        self._tables: dict[str, RowGroups] = {}

    def image_path(self, record: Record, extension: str) -> str:
        """Return ``train/Ford/0123456789abcdef.jpg``."""
        return self._folders.place(split_of(record), record, extension)

    def add(self, record: Record, image: ImageFile | None) -> None:
        """Write the row of an image."""
        assert image is not None
        split = split_of(record)
        self._folders.add(split, record)
        table = self._tables.get(split)
        if table is None:
            name = f"{split}/metadata.parquet"
            table = self._tables[split] = RowGroups(self.folder, name, SCHEMA, REPEATED)
        values: list[Any] = [f"{safe_name(record.label)}/{record.image_id}.{image.extension}"]
        values += facts_of(record, image).values()
        table.add(values)

    def finish(self) -> None:
        """Close the tables, and say which folder is which class."""
        for table in self._tables.values():
            table.close()
        names = self._folders.finish(self.facts.classes)
        if not self.folder.has("classes.json"):
            with self.folder.text("classes.json") as file:
                lines = [
                    f"{ascii_json(name)}: {ascii_json(label)}" for name, label in names.items()
                ]
                file.write("{\n" + ",\n".join(lines) + "\n}\n")
