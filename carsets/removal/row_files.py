"""Takes the rows of removed images out of one file of a release. All other bytes stay.

``strip(path, target, doomed, fewer)`` writes the file without those rows, and returns how many
went. ``fewer`` tells how many samples the tar files have lost, for the lists that count them.
"""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
import tarfile
from contextlib import closing
from typing import TYPE_CHECKING, Any, BinaryIO

from carsets.removal.matching import Doomed, pairs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Strip = Callable[[Path, Path, Doomed, Mapping[str, int]], int]

MOST_JSON = 2 << 30  # bytes; a JSON file has to be read whole
BLOCK = 512  # bytes of a tar file
RECORD = 20 * BLOCK
COPIED = 1 << 20  # bytes at once


class Unreadable(ValueError):
    """A file that is not what its name says."""


# --- Rows that are lines ----------------------------------------------------------------------


def strip_lines(path: Path, target: Path, doomed: Doomed, fewer: Mapping[str, int]) -> int:
    """Drop the lines that name a removed image: .txt, .tsv of PostgreSQL, .html."""
    gone = 0
    with path.open("rb") as old, target.open("wb") as new:
        for line in old:
            text = line.decode("utf-8", "replace").rstrip("\r\n")
            if doomed.is_row(("", cell) for cell in text.split("\t")):
                gone += 1
            else:
                new.write(line)
    return gone


def strip_json_lines(path: Path, target: Path, doomed: Doomed, fewer: Mapping[str, int]) -> int:
    """Drop the lines whose object is of a removed image."""
    gone = 0
    with path.open("rb") as old, target.open("wb") as new:
        for line in old:
            try:
                value = json.loads(line) if line.strip() else None
            except ValueError:
                raise Unreadable("a line is not JSON") from None
            if doomed.is_row(pairs_of(value)):
                gone += 1
            else:
                new.write(line)
    return gone


def strip_csv(path: Path, target: Path, doomed: Doomed, fewer: Mapping[str, int]) -> int:
    """Drop the records of removed images; quoted cells may hold line breaks."""
    gone = 0
    names: list[str] | None = None
    with path.open("rb") as old, target.open("wb") as new:
        for record in _records(old):
            try:
                text = record.decode("utf-8-sig").rstrip("\r\n")
            except UnicodeDecodeError:
                raise Unreadable("not a table in UTF-8") from None
            try:
                cells = next(csv.reader([text], strict=False), []) if text else []
            except csv.Error:  # such as a bare carriage return outside of quotes
                cells = text.split(",")
            if names is None:
                names = cells
                new.write(record)
            elif doomed.is_row(zip([*names, *[""] * len(cells)], cells, strict=False)):
                gone += 1
            else:
                new.write(record)
    return gone


def _records(file: BinaryIO) -> Iterator[bytes]:
    """Yield records: a line break between quotes ends none."""
    record, open_quotes = b"", False
    for line in file:
        record += line
        open_quotes ^= line.count(b'"') % 2 == 1
        if not open_quotes:
            yield record
            record = b""
    if record:
        yield record


# --- One JSON value ---------------------------------------------------------------------------


def strip_json(path: Path, target: Path, doomed: Doomed, fewer: Mapping[str, int]) -> int:
    """Drop the elements of lists and the keys of objects that are of removed images."""
    if path.stat().st_size > MOST_JSON:
        raise Unreadable(f"larger than {MOST_JSON >> 30} GiB: JSON has to be read whole")
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise Unreadable("not JSON") from None
    stripper = _JsonStripper(doomed, fewer)
    value = stripper.strip(value)
    if stripper.gone or stripper.changed:
        text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
        target.write_text(text + "\n", encoding="ascii")
    return stripper.gone


class _JsonStripper:
    def __init__(self, doomed: Doomed, fewer: Mapping[str, int]) -> None:
        self.doomed = doomed
        self.fewer = fewer
        self.gone = 0
        self.changed = False  # a number was corrected
        self.numbers: set[int] = set()  # COCO's own ids of images that went

    def strip(self, value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            # COCO: images come before the annotations that tell of them by number.
            kept = {}
            for key, inner in value.items():
                if self.doomed.names(key):
                    self.gone += 1
                    continue
                kept[key] = self.strip(inner, key)
            return self._counted(kept)
        if isinstance(value, list):
            return [self.strip(inner, name) for inner in value if not self._goes(inner, name)]
        return value

    def _goes(self, element: Any, name: str) -> bool:
        goes = self.doomed.is_row(pairs_of(element))
        if isinstance(element, dict):
            if goes and name == "images" and type(element.get("id")) is int:
                self.numbers.add(element["id"])
            if name == "annotations" and element.get("image_id") in self.numbers:
                goes = True
        self.gone += goes
        return goes

    def _counted(self, value: dict[str, Any]) -> dict[str, Any]:
        lost = self.fewer.get(str(value.get("url", "")).rpartition("/")[2], 0)
        if lost and type(value.get("nsamples")) is int:
            value["nsamples"] -= lost
            self.changed = True
        return value


# --- Files of other libraries -----------------------------------------------------------------


def strip_parquet(path: Path, target: Path, doomed: Doomed, fewer: Mapping[str, int]) -> int:
    """Drop rows, row group by row group, with the file's own schema and compression."""
    import pyarrow as pa  # type: ignore[import-untyped]
    import pyarrow.parquet as pq  # type: ignore[import-untyped]

    gone = 0
    try:
        with pq.ParquetFile(path) as old:
            schema = old.schema_arrow
            columns = [
                at for at, field in enumerate(schema)
                if pa.types.is_string(field.type) or pa.types.is_large_string(field.type)
            ]  # fmt: skip
            codec = _codec(old)
            with pq.ParquetWriter(target, schema, compression=codec) as new:
                for group in range(old.num_row_groups):
                    table = old.read_row_group(group)
                    texts = [table.column(at).to_pylist() for at in columns]
                    names = [schema.field(at).name for at in columns]
                    keep = [
                        not doomed.is_row(zip(names, row, strict=True))
                        for row in zip(*texts, strict=True)
                    ]
                    if not texts:
                        keep = [True] * table.num_rows
                    gone += len(keep) - sum(keep)
                    new.write_table(table.filter(pa.array(keep)), row_group_size=table.num_rows)
    except pa.ArrowException as error:
        raise Unreadable(f"not Parquet ({error})"[:200]) from None
    return gone


def _codec(file: Any) -> str:
    if not file.num_row_groups or not file.metadata.num_columns:
        return "zstd"
    found = str(file.metadata.row_group(0).column(0).compression).lower()
    return "none" if found == "uncompressed" else found


def strip_tar(path: Path, target: Path, doomed: Doomed, fewer: Mapping[str, int]) -> int:
    """Drop the samples of removed images; the others keep their very bytes, headers too."""
    try:
        with tarfile.open(path) as tar:
            members = [(m.name, m.offset, m.offset_data, m.size) for m in tar]
    except (tarfile.TarError, EOFError):
        raise Unreadable("not a tar file") from None
    keys: set[str] = set()
    kept: set[str] = set()
    with path.open("rb") as old:
        for name, _, data, size in members:
            key = _key(name)
            pairs = [("", name)]
            if name.endswith(".json"):
                old.seek(data)
                pairs += _json_pairs(old.read(size))
            (keys if doomed.is_row(pairs) else kept).add(key)
        if not keys:
            return 0
        with target.open("wb") as new:
            for name, start, data, size in members:
                if _key(name) not in keys:
                    old.seek(start)
                    _copy(old, new, data - start + -(-size // BLOCK) * BLOCK)
            new.write(b"\0" * (2 * BLOCK))
            new.write(b"\0" * (-new.tell() % RECORD))
    return len(keys)


def _key(name: str) -> str:
    """Return the name of a sample: all of its members have it up to their first dot."""
    folder, slash, file = name.rpartition("/")
    return folder + slash + file.partition(".")[0]


def _json_pairs(body: bytes) -> list[tuple[str, Any]]:
    try:
        return list(pairs_of(json.loads(body)))
    except ValueError:
        raise Unreadable("a member is not JSON") from None


def _copy(old: BinaryIO, new: BinaryIO, size: int) -> None:
    while size:
        part = old.read(min(size, COPIED))
        if not part:
            raise Unreadable("ends too early")
        new.write(part)
        size -= len(part)


def strip_sqlite(path: Path, target: Path, doomed: Doomed, fewer: Mapping[str, int]) -> int:
    """Delete rows, and write the file anew so that no free page keeps them."""
    shutil.copyfile(path, target)
    gone = 0
    try:
        with closing(sqlite3.connect(target, isolation_level=None)) as database:
            database.execute("PRAGMA secure_delete=ON")
            database.execute("PRAGMA foreign_keys=OFF")
            database.execute("BEGIN")
            query = "SELECT name, sql FROM sqlite_master WHERE type = 'table'"
            for table, _ in database.execute(query).fetchall():
                gone += _strip_table(database, table, doomed)
            database.execute("COMMIT")
            if gone:
                database.execute("VACUUM")
    except sqlite3.DatabaseError as error:
        raise Unreadable(f"not SQLite ({error})") from None
    return gone


def _strip_table(database: sqlite3.Connection, table: str, doomed: Doomed) -> int:
    quoted = '"' + table.replace('"', '""') + '"'
    keys = [row[1] for row in database.execute(f"PRAGMA table_info({quoted})") if row[5]]
    cursor = database.execute(f"SELECT * FROM {quoted}")  # noqa: S608 - quoted above
    names = [column[0] for column in cursor.description]
    rows = [
        tuple(row[names.index(key)] for key in keys or names)
        for row in cursor
        if doomed.is_row(zip(names, row, strict=True))
    ]
    where = " AND ".join(f'"{key}" IS ?' for key in keys or names)
    return sum(
        database.execute(f"DELETE FROM {quoted} WHERE {where}", row).rowcount  # noqa: S608
        for row in rows
    )


STRIP: dict[str, Strip] = {
    ".csv": strip_csv,
    ".tsv": strip_lines,
    ".txt": strip_lines,
    ".html": strip_lines,
    ".jsonl": strip_json_lines,
    ".json": strip_json,
    ".parquet": strip_parquet,
    ".tar": strip_tar,
    ".sqlite": strip_sqlite,
    ".db": strip_sqlite,
}
