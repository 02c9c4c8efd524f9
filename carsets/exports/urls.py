"""A list of addresses with which others fetch the images anew, and can tell that they are the same.

The columns are called what img2dataset asks for and leaves free: ``url``, ``caption``, ``sha256``,
and ``image_width`` because it has its own ``width``. Its ``--save_additional_columns`` takes all
but these three and ``md5``. carsets reads the list back with
``scrapy crawl urls -a file=urls.parquet``, and compares what comes with the hashes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pyarrow as pa  # type: ignore[import-untyped]

from carsets.exports.base import ExportFormat, ReleaseFacts
from carsets.exports.columns import COLUMNS
from carsets.exports.row_groups import RowGroups
from carsets.exports.text_file import TextFile

if TYPE_CHECKING:
    from typing import Any

    from carsets.release.folder import ReleaseFolder
    from carsets.release.record import ImageFile, Record

# Name in the list: column.
TAKEN = {
    "url": "url",
    "caption": "title",
    "image_id": "image_id",
    "sha256": "sha256",
    "md5": "md5",
    "phash": "phash",
    "split": "split",
    "label": "label",
    "make": "make",
    "model": "model",
    "color": "color",
    "body": "body",
    "year": "year",
    "license": "license",
    "license_url": "license_url",
    "author": "author",
    "author_url": "author_url",
    "attribution": "attribution",
    "page_url": "page_url",
    "image_width": "width",
    "image_height": "height",
    "image_bytes": "bytes",
    "source": "source",
}
_BY_NAME = {column.name: column for column in COLUMNS}
_NUMBERS = frozenset({"image_width", "image_height", "image_bytes"})
_READERS = tuple(_BY_NAME[name].read for name in TAKEN.values())
_NOT_IN_A_LINE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ufeff]")

SCHEMA = pa.schema(
    [
        pa.field(name, pa.int64() if name in _NUMBERS else pa.string(), nullable=name != "url")
        for name in TAKEN
    ]
)
REPEATED = frozenset(name for name, column in TAKEN.items() if _BY_NAME[column].few)


def one_line(url: str) -> str:
    """Return an address without blanks and control characters: as a browser would ask for it."""
    return _NOT_IN_A_LINE.sub(lambda found: quote(found[0]), url)


class UrlsFormat(ExportFormat):
    """urls.parquet with hashes, labels and licenses; urls.txt with nothing but the addresses."""

    name = "urls"
    summary = "addresses, hashes, labels and licenses for fetching the images anew"
    carries_images = False
    note = (
        "urls.parquet can be fetched with img2dataset (--input_format parquet --url_col url "
        '--caption_col caption --compute_hash sha256 --verify_hash \'["sha256","sha256"]\') or '
        "with scrapy crawl urls -a file=urls.parquet, which compares hashes too. Images that came "
        "from a disk have no address and are not in the list."
    )

    def __init__(self, folder: ReleaseFolder, facts: ReleaseFacts) -> None:
        super().__init__(folder, facts)
        self._table = RowGroups(folder, "urls.parquet", SCHEMA, REPEATED)
        self._lines = TextFile(folder, "urls.txt")

    def add(self, record: Record, image: ImageFile | None) -> None:
        """Write one row and one line, unless the image has no address that others can ask."""
        values: list[Any] = [read(record) for read in _READERS]
        if values[0] is None:
            return
        self._table.add(values)
        self._lines.write(one_line(values[0]) + "\n")

    def finish(self) -> None:
        """Close both files."""
        self._table.close()
        self._lines.close()
