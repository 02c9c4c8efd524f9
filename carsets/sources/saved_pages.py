"""Answers that could not be used, kept so that a person can look at them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def save_page(
    folder: Path, body: bytes, *, run_id: str, name: str, number: int, kind: str = "html"
) -> Path:
    """Write an answer under a name that tells the run, the source and what was wrong.

    ``kind`` is the ending of the file's name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    plain = re.sub(r"[^a-z0-9_-]", "", name)
    path = folder / f"{run_id}-{plain}-{number}.{kind}"
    path.write_bytes(body)
    return path
