"""The files of Open Images, versions 1 to 3: header, order and encodings as published.

A folder for each subset with ``images.csv`` and ``labels.csv``, and ``dict.csv`` beside them. These
are files for programs: titles stay exactly as they are, also those that a spreadsheet would run.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from carsets.exports.base import ExportFormat, ReleaseFacts
from carsets.exports.columns import public_url, whole
from carsets.exports.comma_separated import quoted, row
from carsets.exports.open_images_labels import labels_of
from carsets.exports.text_file import TextFile
from carsets.image_lists.columns import OPEN_IMAGES_COLUMNS

if TYPE_CHECKING:
    from carsets.release.folder import ReleaseFolder
    from carsets.release.record import ImageFile, Record

LABEL_COLUMNS = ("ImageID", "Source", "LabelName", "Confidence")
WHOLE = "train"  # the subset of a release that is not split


class OpenImagesFormat(ExportFormat):
    """images.csv and labels.csv for each subset, and dict.csv with the names of the labels."""

    name = "openimages"
    summary = "the CSV files of Open Images: images, labels, dictionary"
    carries_images = False
    note = (
        "The CSV files are those of Open Images, versions 1 to 3, and are meant for programs: "
        "texts stand in them exactly as their authors wrote them. Do not open them with a "
        "spreadsheet, which would run a title like =HYPERLINK(...); export the format csv for "
        "that. Labels that people confirmed or denied have the source human and the confidence "
        "1.0 or 0.0; the words of a query that nobody has looked at have machine and 0.5. Labels "
        "that Open Images does not know have ids that begin with /carsets/."
    )

    def __init__(self, folder: ReleaseFolder, facts: ReleaseFacts) -> None:
        super().__init__(folder, facts)
        self._images: dict[str, TextFile] = {}
        self._labels: dict[str, TextFile] = {}
        self._names: dict[str, str] = {}  # mid: description
        for split in facts.splits:
            subset = split or WHOLE
            self._images[subset] = TextFile(
                folder, f"{subset}/images.csv", row(OPEN_IMAGES_COLUMNS)
            )
            self._labels[subset] = TextFile(folder, f"{subset}/labels.csv", row(LABEL_COLUMNS))

    def add(self, record: Record, image: ImageFile | None) -> None:
        """Write the image's row, and a row for everything that it is said to show."""
        subset = record.split or WHOLE
        self._images[subset].write(row(_cells(record, subset)))
        for source, label, sure in labels_of(record):
            self._names.setdefault(label.mid, label.description)
            self._labels[subset].write(row((record.image_id, source, label.mid, f"{sure}")))

    def finish(self) -> None:
        """Close the tables and write the dictionary: without a header, all in quotes."""
        for file in (*self._images.values(), *self._labels.values()):
            file.close()
        names = TextFile(self.folder, "dict.csv")
        ours_last = sorted(self._names, key=lambda mid: (mid.startswith("/carsets/"), mid))
        for mid in ours_last:
            names.write(f"{quoted(mid)},{quoted(whole(self._names[mid]))}\n")
        names.close()


def _cells(record: Record, subset: str) -> tuple[str, ...]:
    """Return the cells of a row, in the order of ``OPEN_IMAGES_COLUMNS``."""
    return (
        record.image_id,
        subset,
        public_url(record.url) or "",
        public_url(record.page_url) or "",
        whole(record.license.url or record.license.code),
        whole(record.author_url),
        whole(record.author),
        whole(record.title),
        str(record.bytes),
        binary_md5(record.md5),
        public_url(record.thumbnail_url) or "",
    )


def binary_md5(digest: str) -> str:
    """Return a hex digest as base64 of its bytes."""
    return b64encode(bytes.fromhex(digest)).decode()
