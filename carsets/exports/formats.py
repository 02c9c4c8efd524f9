"""The formats by their names on the command line."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from carsets.problems import UserError

if TYPE_CHECKING:
    from carsets.exports.base import ExportFormat

# name: where its class is. A format is imported when it is asked for, and its library with it.
FORMATS = {
    "openimages": "carsets.exports.openimages:OpenImagesFormat",
    "urls": "carsets.exports.urls:UrlsFormat",
    "csv": "carsets.exports.csv_table:CsvFormat",
    "jsonl": "carsets.exports.json_lines:JsonLinesFormat",
    "parquet": "carsets.exports.parquet:ParquetFormat",
    "sqlite": "carsets.exports.sqlite:SqliteFormat",
    "postgres": "carsets.exports.postgres:PostgresFormat",
    "imagefolder": "carsets.exports.imagefolder:ImageFolderFormat",
    "webdataset": "carsets.exports.webdataset:WebDatasetFormat",
    "coco": "carsets.exports.coco:CocoFormat",
    "yolo": "carsets.exports.yolo:YoloFormat",
    "labelstudio": "carsets.exports.labelstudio:LabelStudioFormat",
    "fiftyone": "carsets.exports.fiftyone:FiftyOneFormat",
    "croissant": "carsets.exports.croissant:CroissantFormat",
    "dgcars": "carsets.exports.dgcars:DgCarsFormat",
}


def export_format(name: str) -> type[ExportFormat]:
    """Return the class of a format. Raises UserError for an unknown name."""
    if name not in FORMATS:
        raise UserError(f"unknown format {name!r}; use one of: {', '.join(FORMATS)}")
    module, _, class_name = FORMATS[name].partition(":")
    found: type[ExportFormat] = getattr(import_module(module), class_name)
    return found
