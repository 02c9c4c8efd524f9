"""TOMBSTONES.csv: what was removed, as everybody may read it, for those who hold copies."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from carsets.catalog.tombstones import KINDS, Tombstone
from carsets.problems import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

NAME = "TOMBSTONES.csv"
COLUMNS = ("kind", "value", "reason", "removed_at")
LENGTHS = {"url": 16, "sha256": 64, "phash": 16, "author": 16, "host": 16}
MOST_BYTES = 1 << 30


def text_of(stones: Iterable[Tombstone]) -> str:
    """Return the file's text. A reason that a spreadsheet would run is shown as text."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for stone in stones:
        reason = " ".join(stone.reason.split())
        shown = f"'{reason}" if reason[:1] in {"=", "+", "-", "@"} else reason
        writer.writerow([stone.kind, stone.value, shown, stone.removed_at])
    return text.getvalue()


def read_file(path: Path) -> list[Tombstone]:
    """Return the tombstones of a file, or of the release that a folder holds.

    Raises UserError for what is none.
    """
    path = path / NAME if path.is_dir() else path
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UserError(f"{path} is too large for a list of tombstones")
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            if not rows.fieldnames or not {"kind", "value"} <= set(rows.fieldnames):
                raise UserError(f"{path} is no list of tombstones: kind and value are missing")
            return [_tombstone(row, path, number) for number, row in enumerate(rows, 2)]
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} is no list of tombstones: {error}") from None


def _tombstone(row: dict[str, str | None], path: Path, number: int) -> Tombstone:
    kind, value = row["kind"] or "", (row["value"] or "").lower()
    if kind in KINDS and not re.fullmatch(rf"[0-9a-f]{{{LENGTHS[kind]}}}", value):
        raise UserError(f"{path}, line {number}: {value!r:.80} is no hash of a {kind}")
    return Tombstone(kind, value, row.get("reason") or "", row.get("removed_at") or "")
