"""The two stages that a batch of images passes, whichever engine moves it.

A batch is columns of one length, in and out: what a process pool hands on as it is, and Ray as
Arrow. Nothing in it depends on which batch came before, or where it is computed: the same batch
has the same answer everywhere.

    seq, sha256, path  ->  FileStage  ->  seq, small, height, width, fault
                       ->  NetworkStage  ->  seq, probabilities, features, model, fault
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from carsets.vision.detector_engine import BatchPlan, DetectorEngine, DetectorFailed
from carsets.vision.inspection import Limits, Refusal
from carsets.vision.inspection_pool import InspectionPool

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from carsets.vision.model_files import ModelSpec

    Batch = dict[str, list[Any]]
    OpenReader = Callable[[], Callable[[str], bytes]]

UNREADABLE = "unreadable"  # the file is missing, changed, or no image any more
FAILED = "failed"  # the network gave no answer
READ_AHEAD = 2  # files in memory for each worker that decodes


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePlan:
    """How files are read and decoded. Travels to other machines with Ray."""

    open_reader: OpenReader  # of the image store; called where the files are read
    limits: Limits
    workers: int = 1  # processes that decode
    timeout: float = 20.0  # seconds for one image


def lenient_limits(formats: tuple[str, ...], max_pixels: int) -> Limits:
    """Return limits for images that a crawl has admitted: whatever size it took, we take."""
    return Limits(formats=formats, max_pixels=max_pixels, max_aspect=float(max_pixels))


class FileStage:
    """Reads files, holds them against their sha256, and decodes them in worker processes."""

    def __init__(self, plan: FilePlan) -> None:
        self.read = plan.open_reader()
        self.pool = InspectionPool(plan.workers, plan.limits, timeout=plan.timeout)
        self.room = asyncio.Semaphore(plan.workers * READ_AHEAD)

    async def open(self) -> None:
        """Start the workers."""
        await self.pool.start()

    async def close(self) -> None:
        """End the workers."""
        await self.pool.close()

    async def pass_through(self, batch: Mapping[str, Any]) -> Batch:
        """Return the small pictures of a batch; of what cannot be read, why."""
        looks = await asyncio.gather(
            *(self._look(*one) for one in zip(batch["sha256"], batch["path"], strict=True))
        )
        return {
            "seq": list(batch["seq"]),
            "small": [small for small, _, _ in looks],
            "height": [shape[0] for _, shape, _ in looks],
            "width": [shape[1] for _, shape, _ in looks],
            "fault": [fault for _, _, fault in looks],
        }

    async def _look(self, digest: str, path: str) -> tuple[bytes, tuple[int, int, int], str]:
        async with self.room:
            try:
                body = await asyncio.to_thread(self.read, path)
                if (found := sha256(body).hexdigest()) != digest:
                    raise OSError(f"{path} was changed: its sha256 is {found}")
                seen = await self.pool.inspect(body)
            except OSError as error:
                why = error.strerror and f"{path}: {error.strerror}"
                return b"", (0, 0, 3), f"{UNREADABLE}: {why or error}"
            except Refusal as refusal:
                return b"", (0, 0, 3), f"{UNREADABLE}: {path}: {refusal}"
        return seen.small, seen.small_shape, ""


class NetworkStage:
    """Asks the network, in a process of its own, about the small pictures of a batch at once."""

    def __init__(self, spec: ModelSpec, environment: Mapping[str, str] | None = None) -> None:
        self.engine = DetectorEngine(spec, BatchPlan(), environment=environment)

    async def open(self) -> None:
        """Load the network. Raises DetectorUnavailable."""
        await self.engine.start()

    async def close(self) -> None:
        """Let the network go."""
        await self.engine.close()

    async def pass_through(self, batch: Mapping[str, Any]) -> Batch:
        """Return bare numbers for each picture, as little-endian float32 and float16."""
        faults = list(batch["fault"])
        good = [place for place, fault in enumerate(faults) if not fault]
        probabilities, features = [b""] * len(faults), [b""] * len(faults)
        if good:
            smalls = [batch["small"][place] for place in good]
            shapes = [(batch["height"][place], batch["width"][place], 3) for place in good]
            try:
                numbers = await self.engine.ask_all(smalls, shapes)
            except DetectorFailed as error:
                for place in good:
                    faults[place] = f"{FAILED}: {error}"
            else:
                for place, (chances, looks) in zip(good, numbers, strict=True):
                    probabilities[place] = chances.astype("<f4").tobytes()
                    features[place] = looks
        return {
            "seq": list(batch["seq"]),
            "probabilities": probabilities,
            "features": features,
            "model": [self.engine.model] * len(faults),
            "way": [self.engine.way] * len(faults),
            "fault": faults,
        }
