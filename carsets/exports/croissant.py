"""Croissant: images.parquet with all facts, the image files, and croissant.json to read them with.

Every release has a croissant.json (``carsets.release.croissant``); here it also says how a file
and its facts belong together, so that one record set gives both.

Format: https://docs.mlcommons.org/croissant/docs/croissant-spec.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa  # type: ignore[import-untyped]

from carsets.exports.base import ExportFormat, ReleaseFacts
from carsets.exports.columns import COLUMNS, Kind, json_text
from carsets.exports.image_facts import image_place, refuse_without_images
from carsets.exports.row_groups import RowGroups

if TYPE_CHECKING:
    from typing import Any

    from carsets.release.folder import ReleaseFolder
    from carsets.release.record import ImageFile, Record

TABLE = "images.parquet"
_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.REAL: pa.float64(),
    Kind.TEXTS: pa.list_(pa.string()),
    Kind.SCORES: pa.string(),  # as JSON: readers of Croissant know no nested lists of these
    Kind.JSON: pa.string(),
}
_LEFT_OUT = frozenset({"path"})  # inside the store of those who made the release
_COLUMNS = tuple(column for column in COLUMNS if column.name not in _LEFT_OUT)
SCHEMA = pa.schema(
    [
        ("file", pa.string()),  # its place in the release
        ("file_name", pa.string()),  # the last part of it, by which readers find it
        ("changed", pa.bool_()),
        ("file_width", pa.int64()),
        ("file_height", pa.int64()),
        ("file_sha256", pa.string()),
        *((column.name, _TYPES[column.kind]) for column in _COLUMNS),
    ]
)
_REPEATED = frozenset(column.name for column in _COLUMNS if column.few)


class CroissantFormat(ExportFormat):
    """images.parquet and images/ab/ID.jpg."""

    name = "croissant"
    summary = "images.parquet and images/, read with mlcroissant"
    carries_images = True
    note = (
        "The record set images of croissant.json gives each image with its facts: "
        "mlcroissant.Dataset('croissant.json').records('images'). Its width, height, bytes and "
        "sha256 are those of the original; file_width, file_height and file_sha256 are those of "
        "the file."
    )

    def __init__(self, folder: ReleaseFolder, facts: ReleaseFacts) -> None:
        refuse_without_images(self.name, facts.mode)
        super().__init__(folder, facts)
        self._table = RowGroups(folder, TABLE, SCHEMA, _REPEATED)

    def image_path(self, record: Record, extension: str) -> str:
        """Return ``images/01/0123456789abcdef.jpg``."""
        return image_place(record, extension)

    def add(self, record: Record, image: ImageFile | None) -> None:
        """Write the row of an image."""
        assert image is not None
        place = image_place(record, image.extension)
        own = [
            place,
            place.rpartition("/")[2],
            image.changed,
            image.width,
            image.height,
            image.sha256,
        ]
        self._table.add([*own, *(_value(column.kind, column.read(record)) for column in _COLUMNS)])

    def finish(self) -> None:
        """Finish the table."""
        self._table.close()


def _value(kind: Kind, value: Any) -> Any:
    return json_text(value) if kind in (Kind.SCORES, Kind.JSON) else value
