"""How receipts are written, and what they say of the software."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import carsets

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PACKAGES = ("scrapy", "twisted", "sqlalchemy", "pillow", "numpy", "tensorflow", "tensorflow-cpu")


def versions() -> dict[str, str]:
    """Return the versions of what did the work."""
    found = {"carsets": carsets.__version__, "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def write_receipt(path: Path, facts: Mapping[str, Any]) -> None:
    """Write a receipt. Raises OSError."""
    write_whole(path, json.dumps(facts, indent=2, ensure_ascii=False, default=str))


def write_whole(path: Path, text: str) -> None:
    """Write a text file so that it is either whole or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
