"""One loaded network in its own process, and the batches on their way to it."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from carsets.vision.detection import DetectionSettingsError
from carsets.vision.model_files import DetectorUnavailable, ModelSpec
from carsets.vision.worker_process import WorkerDied, WorkerProcess, WorkerUnusable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Shape = tuple[int, int, int]
    Numbers = tuple[NDArray[np.float32], bytes]  # of one image: probabilities, features

WORKER = "carsets.vision.detection_worker"
LOAD_TIMEOUT = 900.0  # seconds; Keras may fetch 100 MB of weights first, once
BATCH_TIMEOUT = 300.0  # seconds; 32 images take 8 on two slow cores


class DetectorFailed(Exception):
    """The network gave no answer for this image, although its process was started again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlan:
    """What a batch may be like."""

    size: int = 32  # images
    max_wait: float = 2.0  # seconds; how long a half-full batch may wait

    def __post_init__(self) -> None:
        if self.size < 1 or self.max_wait < 0:
            raise DetectionSettingsError(
                "CAR_DETECTION_BATCH_SIZE must be 1 or more and CAR_DETECTION_MAX_WAIT 0 or more, "
                f"not {self.size} and {self.max_wait:g}"
            )


@dataclass(slots=True)
class _Waiting:
    """One image that waits for its numbers."""

    small: bytes
    shape: Shape
    numbers: asyncio.Future[Numbers]
    until: float  # by the loop's clock: when its batch leaves, full or not


class DetectorEngine:
    """One loaded network in its own process, and the batches on their way to it."""

    def __init__(
        self,
        spec: ModelSpec,
        plan: BatchPlan,
        worker: WorkerProcess | None = None,
        *,
        environment: Mapping[str, str] | None = None,  # beside ours
    ) -> None:
        self.plan = plan
        self.batches = 0  # sent
        self.worker = worker or WorkerProcess(
            WORKER,
            {"spec": spec.to_frame()},
            start_timeout=LOAD_TIMEOUT,
            job_timeout=BATCH_TIMEOUT,
            environment=_environment() | dict(environment or {}),
        )
        self._waiting: list[_Waiting] = []
        self._wake = asyncio.Event()  # a batch is full, or we close
        self._arrived = asyncio.Event()  # something waits, or we close
        self._loop: asyncio.Task[None] | None = None
        self._closing = False

    async def start(self) -> None:
        """Start the process and load the network.

        Raises DetectorUnavailable, with one line that says what to do.
        """
        try:
            said = await self.worker.start()
        except WorkerUnusable as error:
            raise DetectorUnavailable(f"the detector cannot be started: {error}") from None
        if "unavailable" in said:
            await self.worker.close()
            raise DetectorUnavailable(str(said["unavailable"]))
        self._loop = asyncio.create_task(self._send_batches())

    @property
    def model(self) -> str:
        """Which network with which weights runs."""
        return str(self.worker.ready["model"])

    @property
    def way(self) -> str:
        """How it runs, as in "float32, CPU"."""
        return str(self.worker.ready["way"])

    async def ask(self, small: bytes, shape: Shape) -> Numbers:
        """Return the numbers of one image, when its batch comes back.

        Raises DetectorFailed.
        """
        if self._closing or self._loop is None:
            raise DetectorFailed("the detector is not running")
        if len(small) != shape[0] * shape[1] * shape[2]:
            raise DetectorFailed(f"an image of {len(small)} bytes cannot be {shape}")
        loop = asyncio.get_running_loop()
        one = _Waiting(small, shape, loop.create_future(), loop.time() + self.plan.max_wait)
        self._waiting.append(one)
        self._arrived.set()
        if len(self._waiting) >= self.plan.size:
            self._wake.set()
        return await one.numbers

    async def ask_all(self, smalls: Sequence[bytes], shapes: Sequence[Shape]) -> list[Numbers]:
        """Return the numbers of these images, which make one batch whatever else is asked.

        Raises DetectorFailed.
        """
        if self._closing or self._loop is None:
            raise DetectorFailed("the detector is not running")
        self.batches += 1
        try:
            return await self._numbers_of(smalls, shapes)
        except (WorkerDied, WorkerUnusable, ValueError) as error:
            raise DetectorFailed(str(error)) from None

    async def close(self) -> None:
        """Answer what still waits, then end the process."""
        self._closing = True
        self._arrived.set()
        self._wake.set()
        if self._loop is not None:
            await self._loop
        await self.worker.close()

    async def _send_batches(self) -> None:
        while True:
            await self._arrived.wait()
            if len(self._waiting) < self.plan.size and not self._closing:
                with suppress(TimeoutError):
                    async with asyncio.timeout_at(self._waiting[0].until):
                        await self._wake.wait()
            batch = self._waiting[: self.plan.size]
            del self._waiting[: self.plan.size]
            if not self._closing:
                if not self._waiting:
                    self._arrived.clear()
                if len(self._waiting) < self.plan.size:
                    self._wake.clear()
            # A crawl that was stopped gives up its futures: nobody wants those numbers.
            batch = [one for one in batch if not one.numbers.done()]
            if batch:
                await self._send(batch)
            elif self._closing and not self._waiting:
                return

    async def _send(self, batch: Sequence[_Waiting]) -> None:
        self.batches += 1
        try:
            numbers = await self._numbers_of(
                [one.small for one in batch], [one.shape for one in batch]
            )
        except Exception as error:
            for one in batch:
                if not one.numbers.done():
                    one.numbers.set_exception(DetectorFailed(str(error)))
            return
        for one, found in zip(batch, numbers, strict=True):
            if not one.numbers.done():
                one.numbers.set_result(found)

    async def _numbers_of(self, smalls: Sequence[bytes], shapes: Sequence[Shape]) -> list[Numbers]:
        header, payload = {"shapes": list(shapes)}, b"".join(smalls)
        try:
            said, body = await self.worker.request(header, payload)
        except WorkerDied:  # the next request starts it again; a batch that kills twice is lost
            said, body = await self.worker.request(header, payload)
        if "failed" in said:
            raise DetectorFailed(str(said["failed"]))
        return unpack_numbers(said, body, len(shapes))


def unpack_numbers(said: Mapping[str, Any], body: bytes, count: int) -> list[Numbers]:
    """Return each image's numbers from a worker's answer; raises ValueError for a wrong size."""
    labels, width = int(said["labels"]), int(said["features"])
    if len(body) != count * (4 * labels + 2 * width):
        raise ValueError(f"the detector's answer has {len(body)} bytes for {count} images")
    probabilities = np.frombuffer(body, "<f4", count * labels).reshape(count, labels)
    rest = memoryview(body)[4 * count * labels :]
    return [
        (probabilities[n], bytes(rest[2 * width * n : 2 * width * (n + 1)])) for n in range(count)
    ]


def _environment() -> dict[str, str]:
    """Return the worker's environment; what the user set wins."""
    quiet_and_quick = {
        "TF_CPP_MIN_LOG_LEVEL": "2",
        # On AMD processors TensorFlow leaves these kernels off, at half the speed.
        "TF_ENABLE_ONEDNN_OPTS": "1",
        "KERAS_BACKEND": "tensorflow",
    }
    return quiet_and_quick | dict(os.environ)
