"""What formats that carry images tell of each of them, beside its class: one set of facts.

The facts are those of the tables (``columns``), without what only a catalog needs. Width, height,
bytes and sha256 are those of the file that is handed out; where it is a changed copy, its
original's stand beside them. They are written as ASCII, since some readers of these formats open
their files in whatever encoding the machine has.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from carsets.exports.columns import COLUMNS, Kind
from carsets.problems import UserError

if TYPE_CHECKING:
    from carsets.release.record import ImageFile, Record

UNSPLIT = "train"  # what loaders take a dataset without splits for
_FLAT = {Kind.TEXT, Kind.INTEGER, Kind.REAL, Kind.TEXTS}
_LEFT_OUT = {"path", "flags", "verdict", "served_url"}
FACT_COLUMNS = tuple(c for c in COLUMNS if c.kind in _FLAT and c.name not in _LEFT_OUT)
_EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "GIF": "gif", "WEBP": "webp", "BMP": "bmp"}

ascii_json = json.JSONEncoder(allow_nan=False, separators=(",", ":")).encode


def facts_of(record: Record, image: ImageFile | None) -> dict[str, Any]:
    """Return the facts of an image by name: texts, numbers and lists of texts, or None.

    They are those of ``FACT_COLUMNS``, then those of its original.
    """
    facts = {column.name: column.read(record) for column in FACT_COLUMNS}
    if image is not None:
        facts |= {
            "width": image.width,
            "height": image.height,
            "bytes": image.size,
            "sha256": image.sha256,
        }
    return facts | {
        "changed": image is not None and image.changed,
        "original_sha256": record.sha256,
        "original_width": record.width,
        "original_height": record.height,
    }


def split_of(record: Record) -> str:
    """Return the split of an image; all are "train" where a release has none."""
    return record.split or UNSPLIT


def image_place(record: Record, extension: str, folder: str = "images") -> str:
    """Return where the file of an image lies, in one of 256 folders."""
    return f"{folder}/{record.image_id[:2]}/{record.image_id}.{extension}"


def usual_extension(record: Record) -> str:
    """Return the extension that the original has in releases with image files."""
    return _EXTENSIONS.get(record.format, record.format.lower())


def refuse_without_images(format_name: str, mode: str) -> None:
    """Raise UserError when a format that is nothing without image files is asked for in urls."""
    if mode == "urls":
        raise UserError(
            f"{format_name} is made of image files, and --mode urls has none: "
            "use a mode with images, or one of the formats urls, openimages, csv and jsonl"
        )
