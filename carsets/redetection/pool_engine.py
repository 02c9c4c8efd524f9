"""Moves batches through both stages on this machine: a pool of processes for each of them."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from carsets.problems import UserError
from carsets.redetection.stages import FileStage, NetworkStage
from carsets.vision.worker_process import WorkerUnusable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from carsets.redetection.stages import Batch, FilePlan
    from carsets.vision.model_files import ModelSpec

AHEAD = 2  # batches on their way beyond those in a network: the next one is decoded by then
CARDS = Path("/proc/driver/nvidia/gpus")


class PoolEngine:
    """Decodes in a few processes, and asks ``networks`` of them (0: one for each GPU, or one)."""

    name = "pool"

    def __init__(self, files: FilePlan, spec: ModelSpec, networks: int = 0) -> None:
        self.files = files
        self.spec = spec
        self.cards = graphics_cards(os.environ)
        self.networks = networks or len(self.cards) or 1

    def run(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Yield the answer to each batch, in order. Raises UserError when it cannot work."""
        with asyncio.Runner() as runner:
            files = FileStage(self.files)
            networks = [NetworkStage(self.spec, self._environment(n)) for n in range(self.networks)]
            idle: deque[NetworkStage] = deque()
            free = asyncio.Semaphore(0)

            async def pass_through(batch: Batch) -> Batch:
                pictures = await files.pass_through(batch)
                async with free:
                    network = idle.popleft()
                    try:
                        return await network.pass_through(pictures)
                    finally:
                        idle.append(network)

            async def next_answer() -> Batch:
                return await under_way.popleft()

            under_way: deque[asyncio.Task[Batch]] = deque()
            try:
                runner.run(_open(files, networks))
                idle.extend(networks)
                for _ in networks:
                    free.release()
                for batch in batches:
                    under_way.append(runner.get_loop().create_task(pass_through(batch)))
                    if len(under_way) >= self.networks + AHEAD:
                        yield runner.run(next_answer())
                while under_way:
                    yield runner.run(next_answer())
            except WorkerUnusable as error:
                raise UserError(f"images cannot be decoded here: {error}") from None
            finally:
                runner.run(_close(under_way, files, networks))

    def _environment(self, number: int) -> Mapping[str, str]:
        """Give each network a graphics card of its own, where there is more than one."""
        if len(self.cards) < 2:
            return {}
        return {"CUDA_VISIBLE_DEVICES": self.cards[number % len(self.cards)]}


def graphics_cards(environment: Mapping[str, str]) -> list[str]:
    """Return the NVIDIA cards that we may use, as CUDA_VISIBLE_DEVICES names them."""
    allowed = environment.get("CUDA_VISIBLE_DEVICES")
    if allowed is not None:
        return [name for name in allowed.split(",") if name.strip() not in {"", "-1"}]
    return [str(number) for number, _ in enumerate(CARDS.iterdir())] if CARDS.is_dir() else []


async def _open(files: FileStage, networks: list[NetworkStage]) -> None:
    await files.open()
    opened = await asyncio.gather(*(one.open() for one in networks), return_exceptions=True)
    for problem in opened:
        if problem is not None:
            raise problem


async def _close(
    under_way: Iterable[asyncio.Task[Batch]], files: FileStage, networks: list[NetworkStage]
) -> None:
    tasks = list(under_way)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await files.close()
    await asyncio.gather(*(network.close() for network in networks), return_exceptions=True)
