"""Runs a format the way a release does: records in their order, then the end."""

from __future__ import annotations

from collections import Counter
from pathlib import Path


def export(kind, folder, make_facts, records, **facts) -> Path:
    """Write the records into the folder and return where the files lie."""
    records = list(records)
    splits = dict(Counter(record.split for record in records))
    made = kind(folder, make_facts(**({"splits": splits, "total": len(records)} | facts)))
    for record in records:
        made.add(record, None)
    made.finish()
    return folder.path


def bytes_of(path: Path) -> dict[str, bytes]:
    """Return the content of all files of a release, by name."""
    return {
        file.relative_to(path).as_posix(): file.read_bytes()
        for file in path.rglob("*")
        if file.is_file() and not file.name.startswith(".carsets")
    }
