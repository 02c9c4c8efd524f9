"""Makes the files of a release in several processes, and hands them back in order.

A broken image costs that image; a process that dies or hangs over one is replaced. No more than
a few images per process are held at once: who does not take them stops the making of new ones.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, astuple, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from carsets.release.record import ImageFile
from carsets.vision.inspection import MIME
from carsets.vision.worker_process import ONE_THREAD, WorkerDied, WorkerProcess

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from concurrent.futures import Future
    from pathlib import Path

    from carsets.blurring.models import BlurModels
    from carsets.release.bucket import BucketFile
    from carsets.release.credit import Credit
    from carsets.release.derived import Change
    from carsets.release.record import Record

WORKER = "carsets.release.derive_worker"
MEMORY = 2 << 30  # bytes that a worker may use beyond its start: the largest image we take, twice
TIMEOUT = 60.0  # seconds for one image
WINDOW = 4  # images per process that are in the making or waiting to be taken


class Fault(StrEnum):
    """Why a release has no file of an image."""

    MISSING = "missing"  # the store has no such file
    UNREADABLE = "unreadable"  # the file cannot be read
    ALTERED = "altered"  # the file is not the one that was stored
    BROKEN = "broken"  # no copy can be made of it
    CRASHED = "crashed"  # the decoder died or hung over it


@dataclass(frozen=True, slots=True)
class NoFile:
    """An image without a file, and why."""

    fault: Fault
    note: str = ""


@dataclass(frozen=True, slots=True)
class Job:
    """One image: its record, where its original is, and what is wanted.

    ``change`` None hands out the original's own bytes; then ``credit`` is not looked at.
    """

    record: Record
    original: Path | BucketFile | bytes
    change: Change | None = None
    credit: Credit | None = None


class Deriver:
    """A pool of processes that make copies. Use it as a context manager.

    ``timeout`` is seconds for one image, ``memory`` bytes for one process; ``models`` find what is
    to be hidden.
    """

    def __init__(
        self,
        workers: int = 0,
        *,
        timeout: float = TIMEOUT,
        memory: int = MEMORY,
        models: BlurModels | None = None,
    ) -> None:
        """``workers`` 0 means one for each core."""
        self.workers = workers or os.cpu_count() or 1
        self.timeout = timeout
        self.setup = {"memory": memory, "blur": models.to_frame() if models else None}
        self.most_held = 0  # images, at any one time
        self._threads = ThreadPoolExecutor(self.workers, "deriver")
        self._own = threading.local()
        self._lines: list[_Line] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all processes; what is waiting is given up."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        for line in self._lines:
            line.close()
        self._lines.clear()

    def run(self, jobs: Iterable[Job]) -> Iterator[tuple[Record, ImageFile | NoFile]]:
        """Yield the file of each job, in their order.

        Raises WorkerUnusable when no process can be started at all.
        """
        waiting: deque[tuple[Record, Future[ImageFile | NoFile]]] = deque()
        for job in jobs:
            waiting.append((job.record, self._threads.submit(self._file, job)))
            self.most_held = max(self.most_held, len(waiting))
            if len(waiting) >= self.workers * WINDOW:
                record, future = waiting.popleft()
                yield record, future.result()
        while waiting:
            record, future = waiting.popleft()
            yield record, future.result()

    def _file(self, job: Job) -> ImageFile | NoFile:
        """Make one file; runs in a thread, which spends its time waiting for its process."""
        record = job.record
        body = _original(job)
        if isinstance(body, NoFile):
            return body
        if job.change is None:
            extension = MIME[record.format][1]
            return ImageFile(
                body, extension, record.width, record.height, len(body), record.sha256, False
            )
        size = job.change.size
        header = {
            "size": None if size is None else astuple(size),
            "blur": job.change.blur,
            "credit": None if job.credit is None else asdict(job.credit),
        }
        try:
            answer, data = self._line().ask(header, body)
        except WorkerDied as died:
            return NoFile(Fault.CRASHED, str(died))
        if "broken" in answer:
            return NoFile(Fault.BROKEN, str(answer["broken"]))
        return ImageFile(
            data,
            str(answer["extension"]),
            int(answer["width"]),
            int(answer["height"]),
            len(data),
            hashlib.sha256(data).hexdigest(),
            True,
            int(answer["hidden"]),
        )

    def _line(self) -> _Line:
        """Return this thread's own process."""
        if not hasattr(self._own, "line"):
            self._own.line = _Line(self.setup, self.timeout)
            self._lines.append(self._own.line)
        line: _Line = self._own.line
        return line


def _original(job: Job) -> bytes | NoFile:
    """Read an original, and see that it is the one that was stored."""
    if isinstance(job.original, bytes):
        body = job.original
    else:
        try:
            body = job.original.read_bytes()
        except FileNotFoundError:
            return NoFile(Fault.MISSING, job.record.path)
        except OSError as error:
            return NoFile(Fault.UNREADABLE, f"{job.record.path}: {error.strerror}")
    if hashlib.sha256(body).hexdigest() != job.record.sha256:
        return NoFile(Fault.ALTERED, job.record.path)
    return body


class _Line:
    """One process, and the event loop through which a plain thread talks to it."""

    def __init__(self, setup: Mapping[str, Any], timeout: float) -> None:
        self.process = WorkerProcess(
            WORKER, setup, job_timeout=timeout, environment=os.environ | ONE_THREAD
        )
        self.loop = asyncio.Runner()

    def ask(self, header: Mapping[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        return self.loop.run(self.process.request(header, body))

    def close(self) -> None:
        self.loop.run(self.process.close())
        self.loop.close()
