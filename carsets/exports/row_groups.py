"""A Parquet file that grows a row group at a time, the same bytes for the same rows."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

# Formats are imported when they are asked for; nobody else pays for loading this.
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from carsets.release.folder import ReleaseFolder

GROUP_ROWS = 10_000  # rows that are Python objects at a time, and that a reader must hold
GROUP_TEXT = 16 << 20  # characters; rows with long texts make smaller groups


class RowGroups:
    """One file. Where an earlier pass has written it nothing is written again."""

    def __init__(
        self, folder: ReleaseFolder, name: str, schema: Any, repeated: Collection[str]
    ) -> None:
        """``repeated`` names the columns of few different values: they become dictionaries."""
        self.rows = 0
        self._schema = schema
        self._columns: list[list[Any]] = [[] for _ in schema]
        self._text = 0
        self._open = ExitStack()
        self._writer = None
        if not folder.has(name):
            # The library closes its file when it is collected: it needs one of its own.
            place = self._open.enter_context(folder.place(name))
            self._writer = pq.ParquetWriter(
                place,
                schema,
                compression="zstd",
                use_dictionary=[name for name in schema.names if name in repeated],
                version="2.6",
            )

    def add(self, values: Sequence[Any]) -> None:
        """Take a row: a value for every column of the schema, in its order."""
        self.rows += 1
        if self._writer is None:
            return
        for column, value in zip(self._columns, values, strict=True):
            column.append(value)
            if type(value) is str:
                self._text += len(value)
        if len(self._columns[0]) >= GROUP_ROWS or self._text >= GROUP_TEXT:
            self._flush()

    def close(self) -> None:
        """Write what is left, and finish the file."""
        if self._writer is not None:
            self._flush()
            self._writer.close()
            self._writer = None
        self._open.close()

    def _flush(self) -> None:
        if not self._columns[0]:
            return
        arrays = [
            pa.array(column, field.type)
            for column, field in zip(self._columns, self._schema, strict=True)
        ]
        assert self._writer is not None
        self._writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=self._schema))
        for column in self._columns:
            column.clear()
        self._text = 0
