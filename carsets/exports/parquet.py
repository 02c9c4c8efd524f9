"""Parquet files as Hugging Face names them: data/train-00000-of-00003.parquet. Facts alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa  # type: ignore[import-untyped]

from carsets.exports.base import ExportFormat, ReleaseFacts
from carsets.exports.columns import COLUMNS, Column, Kind, json_text, values_of
from carsets.exports.row_groups import RowGroups

if TYPE_CHECKING:
    from typing import Any

    from carsets.release.folder import ReleaseFolder
    from carsets.release.record import ImageFile, Record

FILE_ROWS = 500_000  # of one file: some hundred MB
WHOLE = "train"  # what the one part of a release is called that is not split


def arrow_type(column: Column) -> Any:
    """Return the Arrow type of a column; objects of any shape are JSON texts."""
    return {
        Kind.TEXT: pa.string(),
        Kind.INTEGER: pa.int64(),
        Kind.REAL: pa.float64(),
        Kind.TEXTS: pa.list_(pa.string()),
        Kind.SCORES: pa.list_(pa.struct([("label", pa.string()), ("score", pa.float64())])),
        Kind.JSON: pa.string(),
    }[column.kind]


SCHEMA = pa.schema([pa.field(c.name, arrow_type(c), nullable=not c.required) for c in COLUMNS])
REPEATED = frozenset(column.name for column in COLUMNS if column.few)
_JSON_PLACES = tuple(place for place, c in enumerate(COLUMNS) if c.kind is Kind.JSON)


class ParquetFormat(ExportFormat):
    """A row an image, in files of a split each; images are told by their address and hashes."""

    name = "parquet"
    summary = "Parquet tables of all facts, one set of files per split (Hugging Face)"
    carries_images = False
    note = (
        "The Parquet files hold facts and addresses, no pixels; labels and extra are JSON texts. "
        'Load them with datasets.load_dataset("parquet", data_dir="data").'
    )

    def __init__(self, folder: ReleaseFolder, facts: ReleaseFacts) -> None:
        super().__init__(folder, facts)
        self._open: dict[str, RowGroups] = {}
        self._numbers = dict.fromkeys(facts.splits, 0)

    def add(self, record: Record, image: ImageFile | None) -> None:
        """Add one row to the files of its split."""
        values = values_of(record)
        for place in _JSON_PLACES:
            values[place] = json_text(values[place])
        file = self._open.get(record.split)
        if file is None:
            file = self._open[record.split] = self._next(record.split)
        file.add(values)
        if file.rows == FILE_ROWS:
            self._open.pop(record.split).close()

    def finish(self) -> None:
        """Close the last files; a split without records has a file without rows."""
        for split, number in self._numbers.items():
            if not number:
                self._open[split] = self._next(split)
        for file in self._open.values():
            file.close()

    def _next(self, split: str) -> RowGroups:
        number, of = self._numbers[split], max(1, -(-self.facts.splits[split] // FILE_ROWS))
        self._numbers[split] += 1
        name = f"data/{split or WHOLE}-{number:05d}-of-{of:05d}.parquet"
        return RowGroups(self.folder, name, SCHEMA, REPEATED)
