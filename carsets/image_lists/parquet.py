"""Parquet lists, such as img2dataset takes and leaves: read a batch of rows at a time."""

from __future__ import annotations

from datetime import date, datetime
from math import isfinite
from typing import TYPE_CHECKING, Any

from carsets.image_lists.columns import assign_columns
from carsets.image_lists.rows import read_row
from carsets.problems import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from carsets.image_lists.rows import ListRow

PARQUET_MAGIC = b"PAR1"
BATCH_ROWS = 1_000  # rows that are Python objects at a time
MAX_ROW_GROUP_BYTES = 512 * 1024 * 1024  # uncompressed, of the columns that are read
LONGEST_VALUE = 100_000  # characters or items; a longer value is left out


def read_parquet(name: str, path: Path) -> Iterator[ListRow]:
    """Yield one row for every row; ``line`` counts them from 1.

    Columns of bytes and nested columns are not read: a list may carry whole images in them.
    Raises UserError when no column has the image's URL, and OSError, also for a damaged file.
    """
    # Loading it takes a quarter of a second, which only who needs it should pay.
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    try:
        with pq.ParquetFile(path, memory_map=False, pre_buffer=False) as file:
            columns = [field.name for field in file.schema_arrow if _is_plain(pa, field.type)]
            meant = assign_columns(columns)
            if "image_url" not in meant.values():
                raise UserError(
                    f"{name}: no column has the image's URL. Name it url, image_url or "
                    f"OriginalURL; the columns are {', '.join(columns)[:120]}"
                )
            facts = {columns[position]: fact for position, fact in meant.items()}
            yield from _rows(name, file, columns, facts)
    except pa.ArrowException as error:  # what is damaged beyond OSError
        first_line = str(error).partition("\n")[0]
        raise OSError(f"damaged Parquet: {first_line[:200]}") from None


def _rows(name: str, file: Any, columns: list[str], facts: Mapping[str, str]) -> Iterator[ListRow]:
    number = 0
    for group in range(file.num_row_groups):
        size = _group_size(file.metadata.row_group(group), set(columns))
        if size > MAX_ROW_GROUP_BYTES:
            raise OSError(
                f"row group {group} holds {size >> 20} MiB, more than {MAX_ROW_GROUP_BYTES >> 20}: "
                "write the list with smaller row groups"
            )
        for batch in file.iter_batches(
            batch_size=BATCH_ROWS, row_groups=[group], columns=columns, use_threads=False
        ):
            for values in batch.to_pylist():
                number += 1
                said, extra = _sort(values, facts)
                yield read_row(name, number, said, extra)


def _group_size(group: Any, columns: set[str]) -> int:
    chunks = (group.column(place) for place in range(group.num_columns))
    return sum(c.total_uncompressed_size for c in chunks if c.path_in_schema in columns)


def _is_plain(pa: Any, kind: Any) -> bool:
    """Say whether a column holds texts, numbers, truth values or times."""
    types = pa.types
    if types.is_dictionary(kind):
        return _is_plain(pa, kind.value_type)
    tests = (types.is_string, types.is_large_string, types.is_integer, types.is_floating,
             types.is_boolean, types.is_temporal)  # fmt: skip
    return any(test(kind) for test in tests)


def _sort(
    values: Mapping[str, Any], meant: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, Any]]:
    """Return what a row says of the image, and whatever else it says, in JSON types."""
    facts: dict[str, str] = {}
    extra: dict[str, Any] = {}
    for column, value in values.items():
        if isinstance(value, str):
            value = value.strip()
            if len(value) > LONGEST_VALUE:
                continue
        if value is None or value == "":
            continue
        if isinstance(value, float) and not isfinite(value):  # NaN stands for missing numbers
            continue
        if isinstance(value, date | datetime):
            value = value.isoformat()
        if column in meant:
            facts[meant[column]] = str(value)
        elif isinstance(value, str | int | float | bool):
            extra[column] = value
        else:
            extra[column] = str(value)
    return facts, extra
