"""One CSV file with all that is known, safe to open with a spreadsheet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from carsets.exports.base import ExportFormat, ReleaseFacts
from carsets.exports.columns import COLUMNS, NAMES, Kind, json_text, values_of
from carsets.exports.comma_separated import row
from carsets.exports.spreadsheet import defused
from carsets.exports.text_file import TextFile

if TYPE_CHECKING:
    from collections.abc import Callable

    from carsets.release.folder import ReleaseFolder
    from carsets.release.record import ImageFile, Record

END = "\r\n"  # as RFC 4180 has it


def _text(value: str | None) -> str:
    return defused(value) if value else ""


def _number(value: float | None) -> str:
    return "" if value is None else repr(value)


def _json(value: Any) -> str:
    return defused(json_text(value)) if value else ""


_CELLS: dict[Kind, Callable[[Any], str]] = {
    Kind.TEXT: _text,
    Kind.INTEGER: _number,
    Kind.REAL: _number,
}
_WRITERS = tuple(_CELLS.get(column.kind, _json) for column in COLUMNS)


class CsvFormat(ExportFormat):
    """images.csv: a row an image, lists and objects as JSON, nothing that a spreadsheet runs."""

    name = "csv"
    summary = "one CSV table of all facts, safe for spreadsheets"
    carries_images = False
    note = (
        "images.csv is UTF-8 with a header, as RFC 4180 has it. An apostrophe stands before every "
        "text that a spreadsheet would take for a formula (= + - @, tab, line break); "
        "carsets.exports.spreadsheet.exact takes it away again. For programs Parquet or JSON lines "
        "are the better choice: they hold every text as it was."
    )

    def __init__(self, folder: ReleaseFolder, facts: ReleaseFacts) -> None:
        super().__init__(folder, facts)
        self._file = TextFile(folder, "images.csv", row(NAMES, END))

    def add(self, record: Record, image: ImageFile | None) -> None:
        """Write one row."""
        values = zip(_WRITERS, values_of(record), strict=True)
        self._file.write(row([write(value) for write, value in values], END))

    def finish(self) -> None:
        """Close the table."""
        self._file.close()
