"""Writes the files of a batch beside their place, and renames the folder when it is whole."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from carsets.problems import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def write_folder(destination: Path, files: Iterable[tuple[str, Iterable[str]]]) -> None:
    """Write a new folder. Raises UserError when it is there already, or cannot be written."""
    if destination.exists():
        raise UserError(f"{destination} is there already: name a new folder")
    beside = destination.with_name(destination.name + ".part")
    try:
        if beside.exists():
            shutil.rmtree(beside)
        beside.mkdir(parents=True)
        for name, parts in files:
            with (beside / name).open("w", encoding="utf-8", newline="") as file:
                file.writelines(parts)
        beside.rename(destination)
    except OSError as error:
        raise UserError(f"{destination} cannot be written: {error.strerror}") from None
