"""Looks at images in a few worker processes: neither a bomb nor a crash reaches the crawl."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from carsets.outcomes import Outcome
from carsets.vision.inspection import Inspection, Limits, Refusal, limits_to_frame
from carsets.vision.worker_process import ONE_THREAD, WorkerDied, WorkerProcess, WorkerUnusable

if TYPE_CHECKING:
    from typing import Self

GIB = 1 << 30
DEATHS_IN_A_ROW = 25  # without one answer between: then it is not the images

OUTCOMES = {outcome.value: outcome for outcome in Outcome}

# glibc gives large blocks back to the system at once; a decoder then pays for fresh pages with
# every image, a tenth of its time. Other C libraries do not read these.
KEEP_MEMORY = {
    "MALLOC_MMAP_THRESHOLD_": str(64 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(128 << 20),
}
# All that a decoder's environment holds. Keys and tokens of ours are not its business.
ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class InspectionPool:
    """Inspects images in ``workers`` processes; one image costs at most ``timeout`` seconds.

    ``memory`` is the address space in bytes that a worker may take beyond its start. Images wait
    for a free worker in the order in which they came; a waiting one costs nothing but its own
    bytes, so the limit of images in flight is the limit of this queue. Belongs to one event loop.
    """

    module = "carsets.vision.inspection_worker"

    def __init__(
        self,
        workers: int,
        limits: Limits,
        *,
        timeout: float = 30.0,
        memory: int = GIB,
        start_timeout: float = 60.0,
    ) -> None:
        if workers < 1:
            raise ValueError("an inspection pool needs at least one worker")
        setup = {"limits": limits_to_frame(limits), "memory": memory}
        environment = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
        self.workers = [
            WorkerProcess(
                self.module,
                setup,
                start_timeout=start_timeout,
                job_timeout=timeout,
                environment=environment | ONE_THREAD | KEEP_MEMORY,
            )
            for _ in range(workers)
        ]
        self._idle: asyncio.Queue[WorkerProcess] = asyncio.Queue()
        self._started = False
        self._deaths = 0  # since the last answer of any worker

    async def start(self) -> None:
        """Start the workers; raises WorkerUnusable, leaving none behind, when one cannot start."""
        starting = [asyncio.ensure_future(worker.start()) for worker in self.workers]
        try:
            await asyncio.gather(*starting)
        except BaseException:
            for start in starting:
                start.cancel()
            await asyncio.gather(*starting, return_exceptions=True)
            await self.close()
            raise
        for worker in self.workers:
            self._idle.put_nowait(worker)
        self._started = True

    async def inspect(self, body: bytes) -> Inspection:
        """Look at one image in the next free worker.

        Raises Refusal for an image that is not taken, DECODER_CRASH when it cost a worker its
        life or its time; WorkerUnusable when the workers themselves do not work.
        """
        if not self._started:
            raise WorkerUnusable("the inspection pool has not been started, or has been closed")
        worker = await self._idle.get()
        try:
            header, small = await worker.request({}, body)
        except WorkerDied as death:
            self._count_death(death)
            raise Refusal(Outcome.DECODER_CRASH, str(death)) from None
        finally:
            self._idle.put_nowait(worker)
        self._deaths = 0
        return _read_answer(header, small)

    def _count_death(self, death: WorkerDied) -> None:
        if not self._started:
            raise WorkerUnusable("the inspection pool was closed meanwhile")
        self._deaths += 1
        if self._deaths >= DEATHS_IN_A_ROW:
            raise WorkerUnusable(f"{self._deaths} images in a row killed the decoder: {death}")

    async def close(self) -> None:
        """End all workers; may be called twice."""
        self._started = False
        await asyncio.gather(*(worker.close() for worker in self.workers))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _read_answer(header: dict[str, Any], small: bytes) -> Inspection:
    """Return what a worker found, or raise what it refused; a nonsense answer is a crash."""
    try:
        if "refused" in header:
            raise Refusal(OUTCOMES[header["refused"]], str(header.get("note", "")))
        return Inspection.from_frame(header["inspection"], small)
    except (KeyError, TypeError, ValueError) as error:
        raise Refusal(Outcome.DECODER_CRASH, f"a worker answered nonsense: {error}") from None
