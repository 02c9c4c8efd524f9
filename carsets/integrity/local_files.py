"""Whether the image store on disk holds what the catalog says, and nothing else. No network."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from hashlib import file_digest
from typing import TYPE_CHECKING, Any

from carsets.catalog.fingerprints import KEPT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Protocol

    class Shelf(Protocol):
        """As much of the catalog as is needed."""

        def stored_files(self, first_digits: str) -> list[Any]: ...


class FileVerdict(StrEnum):
    """What is true of one file."""

    WHOLE = "whole"  # these very bytes
    MISSING = "missing"  # the catalog knows it, the store has no such file
    WRONG_LENGTH = "wrong_length"
    CHANGED = "changed"  # the right length, other bytes
    UNREADABLE = "unreadable"
    ORPHANED = "orphaned"  # in the store, and the catalog does not ask for it
    EXPIRED = "expired"  # its bytes were deleted when its time was over: no file is right


@dataclass(frozen=True, slots=True)
class FileFinding:
    """The verdict on one file: its path inside the store, and why, for people."""

    verdict: FileVerdict
    path: str
    note: str = ""


GOOD = {FileVerdict.WHOLE, FileVerdict.EXPIRED}


def check_store(catalog: Shelf, store: Path) -> Iterator[FileFinding]:
    """Yield a verdict for every file of the dataset, and for every file that is not of it.

    Goes through the store in 256 parts, so that memory holds one of them at a time.
    """
    parts = {f"{number:02x}" for number in range(256)}
    for part in sorted(parts):
        wanted: set[str] = set()
        for row in catalog.stored_files(part):
            if row.verdict not in KEPT:
                continue
            if not row.path:
                yield FileFinding(FileVerdict.EXPIRED, row.image_id)
                continue
            wanted.add(row.path)
            yield _check(store, row)
        yield from _orphans(store, part, wanted)
    if not store.is_dir():
        return
    for entry in sorted(store.iterdir()):
        if entry.name not in parts and not entry.name.startswith("."):
            yield FileFinding(FileVerdict.ORPHANED, entry.name, "not a folder of images")


def _check(store: Path, row: Any) -> FileFinding:
    path = store / row.path
    try:
        size = path.stat().st_size
        if size != row.bytes:
            note = f"{size} bytes instead of {row.bytes}"
            return FileFinding(FileVerdict.WRONG_LENGTH, row.path, note)
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return FileFinding(FileVerdict.MISSING, row.path)
    except OSError as error:
        return FileFinding(FileVerdict.UNREADABLE, row.path, error.strerror or str(error))
    if digest != row.sha256:
        return FileFinding(FileVerdict.CHANGED, row.path, f"sha256 {digest}")
    return FileFinding(FileVerdict.WHOLE, row.path)


def _orphans(store: Path, part: str, wanted: set[str]) -> Iterator[FileFinding]:
    folder = store / part
    if not folder.is_dir():
        return
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(store).as_posix()
        if not path.is_dir() and name not in wanted:
            yield FileFinding(FileVerdict.ORPHANED, name)
