"""The folder of a release while it is written: beside its place, and renamed when it is whole.

Everything goes into ``DEST.partial``. A file counts as written when its line stands in the
journal, so that a pass that was killed goes on where it stopped; a journal of another plan
(other options, another catalog) is thrown away with its files.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import io
import os
import re
import shutil
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Self, TextIO, cast

from carsets.problems import UserError
from carsets.release.journal import FolderEntry, Journal, plan_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from types import TracebackType

    from _typeshed import ReadableBuffer

__all__ = ["FolderEntry", "ReleaseFolder"]

JOURNAL = ".carsets-journal"
ARRIVING = ".carsets-arriving"  # where libraries write what ``place`` gives them
MEMORY = ".carsets-memory"  # what a pass notes for the one that goes on
SUMS = "SHA256SUMS"
BUFFER = 1 << 20  # bytes
HASHED_AT_ONCE = 8 << 20  # bytes of a file; the rest goes to another thread
MOST_WAITING = 8  # blocks
CHECK_DISK_EVERY = 64 << 20  # bytes written, or a thousandth of that in files
LONGEST_PART = 255  # bytes of one part of a path, in almost all file systems

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\]")


class ReleaseFolder:
    """One release in the making. Use it as a context manager: leaving it lets go of the lock."""

    def __init__(
        self, destination: Path, plan: str, *, private: bool = False, disk_free_min: int = 0
    ) -> None:
        """Begin, or go on where a killed pass of the same plan has stopped.

        ``private`` keeps everybody else out (0700). Below ``disk_free_min`` bytes writing fails
        as on a full disk. Raises UserError when the destination exists, when something that is
        not ours lies beside it, or when another export is writing there.
        """
        self.destination = destination
        self.path = destination.with_name(f"{destination.name}.partial")
        self.disk_free_min = disk_free_min
        self.resumed = False  # files of an earlier pass are there
        self.started_anew = False  # files of another plan were thrown away
        self._unchecked = CHECK_DISK_EVERY
        self._open: set[io.FileIO] = set()
        self._lock = self._claim(private)
        try:
            self._journal = self._begin(plan)
        except BaseException:
            os.close(self._lock)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # --- For the formats ----------------------------------------------------------------------

    @contextmanager
    def write(self, name: str) -> Iterator[BinaryIO]:
        """Give a new file to write into; it counts once this is left without an error.

        The file can be written and told its place, not searched. Raises ValueError for a name
        that is no relative path, FileExistsError for a file that is finished already.
        """
        path = self._place_of(name)
        with path.open("wb", buffering=0) as file, self._closed_at_the_end(file):
            hashed = _Hashed(file)
            buffered = io.BufferedWriter(hashed, BUFFER)
            try:
                yield cast("BinaryIO", buffered)
                buffered.flush()
            finally:
                # Or what is left in it would be flushed, to a closed file, when it is collected.
                with suppress(ValueError, OSError):
                    buffered.detach()
                hashed.end()
        self._finish(name, FolderEntry(hashed.size, hashed.hexdigest()))

    @contextmanager
    def text(self, name: str) -> Iterator[TextIO]:
        """Give a new file of UTF-8 text, without any translation of line ends."""
        with self.write(name) as file:
            text = io.TextIOWrapper(file, encoding="utf-8", errors="surrogatepass", newline="")
            try:
                yield text
                text.flush()
            finally:
                with suppress(ValueError, OSError):
                    text.detach()

    @contextmanager
    def place(self, name: str) -> Iterator[Path]:
        """Give a path at which a library may make the file by itself."""
        path = self._place_of(name)
        arriving = self.path / ARRIVING / name  # several may be on their way at a time
        arriving.parent.mkdir(parents=True, exist_ok=True)
        arriving.unlink(missing_ok=True)
        yield arriving
        with arriving.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            size = file.seek(0, os.SEEK_END)
        arriving.replace(path)
        self._finish(name, FolderEntry(size, digest))

    def put(self, name: str, data: bytes, sha256: str = "") -> FolderEntry:
        """Write a whole file. ``sha256`` spares the hashing where it is known."""
        path = self._place_of(name)
        with path.open("wb", buffering=0) as file:
            if file.write(data) != len(data):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        entry = FolderEntry(len(data), sha256 or hashlib.sha256(data).hexdigest())
        self._finish(name, entry)
        return entry

    def has(self, name: str) -> bool:
        """Whether a file is finished: in this pass, or in an earlier one that was cut short."""
        return self._journal.get(name) is not None

    def entry(self, name: str) -> FolderEntry:
        """Return what is known of a finished file. Raises KeyError when there is none."""
        entry = self._journal.get(name)
        if entry is None:
            raise KeyError(name)
        return entry

    # --- For the release ----------------------------------------------------------------------

    @property
    def files(self) -> int:
        """How many files are finished."""
        return self._journal.count

    @property
    def bytes(self) -> int:
        """How many bytes the finished files have."""
        return self._journal.bytes

    def sealed(self) -> FolderEntry:
        """Write SHA256SUMS, and return what is known of that file: its hash names the release."""
        digest, size = hashlib.sha256(), 0
        with (self.path / SUMS).open("wb") as file:
            for line in self._journal.sums():
                file.write(line)
                digest.update(line)
                size += len(line)
        return FolderEntry(size, digest.hexdigest())

    def publish(self) -> None:
        """Give the finished folder its name. Call it last.

        Nothing forces the disk to be done: a kill harms nothing, and whether a power cut did is
        what SHA256SUMS tells.
        """
        shutil.rmtree(self.path / ARRIVING, ignore_errors=True)
        (self.path / MEMORY).unlink(missing_ok=True)
        if self.destination.exists():
            raise _exists(self.destination)
        self.path.rename(self.destination)
        (self.destination / JOURNAL).unlink()

    def discard(self) -> None:
        """Delete the unfinished folder with everything in it."""
        shutil.rmtree(self.path)

    def close(self) -> None:
        """Let go of the folder; what is not published stays for the next pass.

        Files that a format has left open, because it was cut short, are closed and stay unfinished.
        """
        for file in self._open:
            file.close()
        self._open.clear()
        if self._lock >= 0:
            self._journal.close()
            os.close(self._lock)
            self._lock = -1

    # --- Inside -------------------------------------------------------------------------------

    def _claim(self, private: bool) -> int:
        refuse_existing(self.destination)
        partial = self.path
        if partial.exists() and any(partial.iterdir()) and plan_of(partial / JOURNAL) is None:
            raise UserError(f"{partial} is in the way and no unfinished export: move it away")
        try:
            partial.mkdir(parents=True, exist_ok=True)
            partial.chmod(0o700 if private else 0o777 & ~_umask())
            lock = os.open(partial, os.O_RDONLY)
        except OSError as error:
            raise UserError(f"{partial} cannot be made: {error.strerror}") from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            raise UserError(f"another export is writing {self.destination}") from None
        except OSError:  # a file system without locks
            pass
        return lock

    def _begin(self, plan: str) -> Journal:
        journal = self.path / JOURNAL
        going_on = Journal.resume(journal, plan, self.path)
        if going_on is not None:
            self.resumed = going_on.count > 0
            self._journal = going_on
            self._sweep()
            return going_on
        for path in self.path.iterdir():
            self.started_anew = True
            if path == journal:
                continue  # goes last: without it nobody knew whose the rest is
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        return Journal(journal, plan)

    def _sweep(self) -> None:
        """Delete what the killed pass had begun and not finished."""
        shutil.rmtree(self.path / ARRIVING, ignore_errors=True)
        for folder, _, files in os.walk(self.path):
            for file in files:
                path = Path(folder, file)
                name = path.relative_to(self.path).as_posix()
                if name not in {JOURNAL, MEMORY} and not self.has(name):
                    path.unlink()

    @contextmanager
    def _closed_at_the_end(self, file: io.FileIO) -> Iterator[None]:
        self._open.add(file)
        try:
            yield
        finally:
            self._open.discard(file)

    def _place_of(self, name: str) -> Path:
        check_name(name)
        if self._journal.get(name) is not None:
            raise FileExistsError(errno.EEXIST, "this release has that file already", name)
        path = self.path / name
        if "/" in name:
            path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _finish(self, name: str, entry: FolderEntry) -> None:
        self._journal.add(name, entry)
        self._unchecked += entry.size + CHECK_DISK_EVERY // 1000
        if self._unchecked >= CHECK_DISK_EVERY:
            self.check_disk()

    def check_disk(self) -> None:
        """Raise OSError, as a full disk would, when less than ``disk_free_min`` is free."""
        self._unchecked = 0
        free = shutil.disk_usage(self.path).free
        if free < self.disk_free_min:
            raise OSError(
                errno.ENOSPC,
                f"{free >> 20} MiB free, DISK_FREE_MIN is {self.disk_free_min >> 20}",
            )


class _Hashed(io.RawIOBase):
    """A file that is hashed while it is written. It can tell its place, and go nowhere else.

    What is more than a few blocks is hashed in a thread of its own, on another core.
    """

    def __init__(self, file: io.FileIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._thread: ThreadPoolExecutor | None = None
        self._waiting: deque[Future[None]] = deque()
        self.size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: ReadableBuffer, /) -> int:
        block = bytes(data)  # the buffer that it lies in is used again
        written = self._file.write(block) or 0
        self.size += written
        block = block if written == len(block) else block[:written]
        if self.size <= HASHED_AT_ONCE:
            self._digest.update(block)
            return written
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, "sha256")
        self._waiting.append(self._thread.submit(self._digest.update, block))
        if len(self._waiting) > MOST_WAITING:
            self._waiting.popleft().result()
        return written

    def tell(self) -> int:
        return self.size

    def hexdigest(self) -> str:
        """Return the hash of all that was written."""
        self.end()
        return self._digest.hexdigest()

    def end(self) -> None:
        """Let what waits be hashed, and the thread go."""
        if self._thread is not None:
            self._thread.shutdown()
            self._thread = None


def refuse_existing(destination: Path) -> None:
    """Raise UserError when there is something at the destination already."""
    journal = destination / JOURNAL
    if plan_of(journal) is not None:  # died between the two last steps of ``publish``
        journal.unlink(missing_ok=True)
    if destination.exists() or destination.is_symlink():
        raise _exists(destination)


def check_name(name: str) -> None:
    """Raise ValueError for what is not a plain relative path that every file system can have."""
    parts = name.split("/")
    if _FORBIDDEN.search(name) or any(part in {"", ".", ".."} for part in parts):
        raise ValueError(f"{name!r} is no relative path")
    if parts[0] in {JOURNAL, ARRIVING, MEMORY, SUMS}:
        raise ValueError(f"{name!r} is the release's own")
    if any(len(part.encode()) > LONGEST_PART for part in parts):
        raise ValueError(f"{name[:80]!r}... has a part of more than {LONGEST_PART} bytes")


def _exists(destination: Path) -> UserError:
    return UserError(f"{destination} exists: name another destination, or move it away")


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
