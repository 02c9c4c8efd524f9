"""Images that are on disk already: which files of a folder to read, and what their paths say."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from carsets.image_lists.tar_members import TarError, tar_members
from carsets.problems import UserError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

NAMED = 5  # examples that are kept of each kind of thing passed over


@dataclass(slots=True)
class PassedOver:
    """What a walk did not read: how many of each kind, and the first few by name."""

    counts: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, path: str) -> None:
        """Count one, and keep its name while there are few."""
        self.counts[kind] += 1
        named = self.examples.setdefault(kind, [])
        if len(named) < NAMED:
            named.append(path)

    def lines(self) -> Iterator[str]:
        """Yield one line for people for each kind."""
        for kind, count in sorted(self.counts.items()):
            more = ", ..." if count > NAMED else ""
            yield f"passed over {count} {kind}: {', '.join(self.examples[kind])}{more}"


@dataclass(frozen=True, slots=True)
class FolderFile:
    """One file to read."""

    name: str  # path inside the folder, with / between its parts, printable
    path: str  # absolute, links resolved
    size: int  # bytes
    changed: int  # ns since the epoch
    part: tuple[int, int] | None = None  # inside a tar file: where the bytes begin, how many


def files_of_tar(tar: FolderFile, passed_over: PassedOver) -> Iterator[FolderFile]:
    """Yield the files in a tar file, named as if it were a folder; what is damaged is named."""
    try:
        for member in tar_members(Path(tar.path)):
            name = f"{tar.name}/{member.name.lstrip('./')}"
            part = (member.offset, member.size)
            yield FolderFile(name, tar.path, member.size, tar.changed, part)
    except (TarError, OSError) as error:
        passed_over.add(f"tar files from somewhere on ({error})", tar.name)


class ImageFolder:
    """A folder that is walked in a stable order, the same on every file system.

    Every regular file is read, whatever its name ends in: what it is will be found by looking.
    Hidden files and folders, things that are no files, links that leave the folder and the
    folders in ``apart`` are passed over, and named.
    """

    def __init__(self, root: Path, apart: Collection[Path] = ()) -> None:
        self.root = Path(os.path.realpath(root))
        self.apart = {Path(os.path.realpath(path)) for path in apart} - {self.root}

    @classmethod
    def open(cls, path: Path, apart: Collection[Path] = ()) -> ImageFolder:
        """Look at a folder; raises UserError with one line that says what is wrong with it."""
        try:
            with os.scandir(path):
                pass
        except FileNotFoundError:
            raise UserError(f"{path}: there is no such folder") from None
        except OSError as error:
            raise UserError(f"{path}: the folder cannot be read ({error.strerror})") from None
        folder = cls(path, apart)
        passed_over = PassedOver()
        if next(folder.files(passed_over), None) is None:
            why = "; ".join(passed_over.lines()) or "it is empty"
            raise UserError(f"{path}: no file to read in this folder ({why})")
        return folder

    def files(self, passed_over: PassedOver) -> Iterator[FolderFile]:
        """Yield every file to read, folders and files sorted together by name."""
        yield from self._walk(str(self.root), "", passed_over)

    def digest(self) -> str:
        """Return a short hex digest of all names, sizes and times: it tells two states apart."""
        digest = hashlib.blake2b(digest_size=8)
        for file in self.files(PassedOver()):
            digest.update(f"{file.name}\0{file.size}\0{file.changed}\0".encode())
        return digest.hexdigest()

    def _walk(self, folder: str, inside: str, passed_over: PassedOver) -> Iterator[FolderFile]:
        try:
            with os.scandir(folder) as entries:
                ordered = sorted(entries, key=lambda entry: os.fsencode(entry.name))
        except OSError as error:
            passed_over.add(f"unreadable folders ({error.strerror})", _printable(inside))
            return
        for entry in ordered:
            shown = f"{inside}{entry.name}"
            if entry.name.startswith("."):
                passed_over.add("hidden files and folders", _printable(shown))
            elif entry.is_symlink():
                yield from self._link(Path(entry.path), shown, passed_over)
            elif entry.is_dir():
                if Path(entry.path) in self.apart:
                    passed_over.add("folders of the dataset itself", _printable(shown))
                else:
                    yield from self._walk(entry.path, f"{shown}/", passed_over)
            elif entry.is_file():
                facts = entry.stat()
                yield FolderFile(_printable(shown), entry.path, facts.st_size, facts.st_mtime_ns)
            else:
                passed_over.add("things that are not files", _printable(shown))

    def _link(self, path: Path, shown: str, passed_over: PassedOver) -> Iterator[FolderFile]:
        target = Path(os.path.realpath(path))
        if not target.is_relative_to(self.root):
            passed_over.add("links that leave the folder", _printable(shown))
        elif target.is_file():
            facts = target.stat()
            yield FolderFile(_printable(shown), str(target), facts.st_size, facts.st_mtime_ns)
        else:
            passed_over.add("links to folders, or to nothing", _printable(shown))


def _printable(name: str) -> str:
    """Return a file's name as text that any database takes; odd bytes are shown as \\xNN."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
