"""The image store on disk, which no crash leaves with half a file, or with one that nobody knows.

A file is written to ``.arriving/RUN/`` first. Once the catalog has admitted the image it is renamed
to its place; if not, it is deleted. What a killed run has left there is found by the next one,
because the folder of a run that lives is locked.
"""

from __future__ import annotations

import fcntl
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.pipelines.files import FSFilesStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

ARRIVING = ".arriving"


class LocalStore(FSFilesStore):
    """A folder of images, named by their content: ``ab/cd/<sha256>.<ext>``."""

    def __init__(self, folder: str, run_id: str) -> None:
        place = Path(folder.removeprefix("file://"))
        if not place.exists():  # article 3(2) of directive 2019/790: in a secure environment
            place.mkdir(parents=True, mode=0o700)
        super().__init__(folder)
        self._root = Path(self.basedir) / ARRIVING
        self._own = self._root / run_id
        self._lock = -1  # descriptor of our folder; -1 while there is none
        self._making = threading.Lock()

    def receive(self, path: str, body: bytes) -> None:
        """Write a file that is to lie at ``path`` later; any thread may call this.

        Raises OSError, and then leaves nothing.
        """
        place = Path(self.basedir) / path
        place.parent.mkdir(parents=True, exist_ok=True)  # what can fail fails before the decision
        arriving = self._folder() / place.name
        try:
            with arriving.open("wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            arriving.unlink(missing_ok=True)
            raise

    def settle(self, path: str) -> None:
        """Give a received file its place."""
        place = Path(self.basedir) / path
        (self._own / place.name).replace(place)

    def discard(self, path: str) -> None:
        """Delete a received file."""
        (self._own / Path(path).name).unlink(missing_ok=True)

    def delete(self, path: str) -> None:
        """Take a file away that had its place, and nothing if it is gone."""
        (Path(self.basedir) / path).unlink(missing_ok=True)

    def recover(self, is_kept: Callable[[str], bool], unwanted: Callable[[], Iterable[str]]) -> int:
        """Finish what killed runs have begun; return how many they were.

        ``is_kept`` tells whether the catalog holds an image of this sha256, ``unwanted`` gives the
        paths of images that a better copy has replaced.
        """
        runs = 0
        for folder in self._left_behind():
            runs += 1
            for file in list(folder.iterdir()):
                sha256 = file.name.partition(".")[0]
                if is_kept(sha256):
                    place = Path(self.basedir) / sha256[:2] / sha256[2:4] / file.name
                    place.parent.mkdir(parents=True, exist_ok=True)
                    file.replace(place)
                else:
                    file.unlink()
        if runs:
            for path in unwanted():
                self.delete(path)
        return runs

    def close(self) -> None:
        """Let go of our folder. A file in it that could not be settled waits for the next run."""
        with self._making:
            if self._lock < 0:
                return
            for folder in (self._own, self._root):
                with suppress(OSError):  # not empty
                    folder.rmdir()
            os.close(self._lock)
            self._lock = -1

    def _folder(self) -> Path:
        with self._making:
            while self._lock < 0:
                self._own.mkdir(parents=True, exist_ok=True)
                lock = os.open(self._own, os.O_RDONLY)
                with suppress(OSError):  # a file system without locks
                    fcntl.flock(lock, fcntl.LOCK_EX)
                if _is_same(lock, self._own):
                    self._lock = lock
                else:  # another run took the empty folder for a dead one's, before we locked it
                    os.close(lock)
        return self._own

    def _left_behind(self) -> Iterator[Path]:
        try:
            folders = sorted(self._root.iterdir())
        except FileNotFoundError:
            return
        for folder in folders:
            try:
                lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
            except OSError:  # gone meanwhile
                continue
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                yield folder
                folder.rmdir()
            except BlockingIOError:  # its run lives
                pass
            finally:
                os.close(lock)
        with suppress(OSError):
            self._root.rmdir()


def _is_same(descriptor: int, path: Path) -> bool:
    """Whether an open folder is still the one that has this name."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
