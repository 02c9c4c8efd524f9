"""Moves batches through both stages with Ray Data: actors that decode, actors with a network.

Ray is an optional extra. Without RAY_ADDRESS it runs on this machine alone: its ports are bound to
loopback, ask for a token, and close with the command. Elsewhere the nodes need this project in the
same place, the image store under the same address, and the weights.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from carsets.outcomes import ExitCode
from carsets.problems import UserError
from carsets.redetection.stages import FileStage, NetworkStage
from carsets.vision.worker_process import WorkerUnusable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from carsets.redetection.stages import Batch, FilePlan
    from carsets.vision.model_files import ModelSpec

ROUND = 8_000  # batches that Ray is told of at once: bounds what we hold, and is worth its start
STORE_BYTES = 512 << 20  # of Ray's shared memory; a batch of 32 pictures takes 10 MB
LEAST_CPUS = 2  # one actor of each stage must find room, or neither ever runs
# Before Ray is imported. The name of the second is odd: it keeps a Ray of one machine on loopback.
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}
ALONE = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_AUTH_MODE": "token"}


class RayEngine:
    """Decodes in actors, and asks ``networks`` of them (0: one for each GPU of Ray's, or one)."""

    name = "ray"

    def __init__(self, files: FilePlan, spec: ModelSpec, networks: int = 0) -> None:
        self.files = files
        self.spec = spec
        self.networks = networks

    def run(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """Yield the answer to each batch, in order. Raises UserError when it cannot work."""
        ray = start_ray()
        import pyarrow as pa  # type: ignore[import-untyped]

        batches = iter(batches)
        try:
            while tables := [pa.table(batch) for batch in islice(batches, ROUND)]:
                yield from self._round(ray, tables)
        except ray.exceptions.RayError as error:
            raise UserError(f"Ray failed: {one_line(error)}", ExitCode.PARTIAL) from None
        finally:
            ray.shutdown()

    def _round(self, ray: Any, tables: Sequence[Any]) -> Iterator[Batch]:
        cards = int(ray.cluster_resources().get("GPU", 0))
        networks = self.networks or cards or 1
        spare = int(ray.cluster_resources().get("CPU", 0)) - networks
        actors = {"batch_size": None, "batch_format": "pyarrow"}  # a block is a batch
        pool = ray.data.ActorPoolStrategy
        answers = (
            ray.data.from_arrow(tables)
            .map_batches(
                StageActor,
                fn_constructor_args=[partial(FileStage, self.files)],
                compute=pool(size=max(1, spare // self.files.workers)),
                **actors,
            )
            .map_batches(
                StageActor,
                fn_constructor_args=[partial(NetworkStage, self.spec)],
                compute=pool(size=networks),
                num_gpus=1 if cards else 0,
                **actors,
            )
            .iter_batches(batch_size=None, batch_format="pyarrow")
        )
        for table in answers:
            answer: Batch = table.to_pydict()
            if "stop" in answer:
                raise UserError(answer["stop"][0], ExitCode(answer["exit_code"][0]))
            yield answer


class StageActor:
    """One stage in a process of Ray's. What a user can put right is an answer, and no exception:

    Ray would start the actor again, for ever.
    """

    def __init__(self, make: Callable[[], FileStage | NetworkStage]) -> None:
        self.runner = asyncio.Runner()
        self.stop: tuple[str, int] | None = None
        try:
            self.stage = make()
            self.runner.run(self.stage.open())
        except (UserError, WorkerUnusable) as error:
            self.stop = str(error), int(getattr(error, "exit_code", ExitCode.BAD_USE))

    def __call__(self, table: Any) -> Any:
        """Return the answer to a batch, an Arrow table both."""
        import pyarrow as pa

        batch: Batch = table.to_pydict()
        if "stop" in batch:
            return table
        if self.stop is None:
            try:
                return pa.table(self.runner.run(self.stage.pass_through(batch)))
            except WorkerUnusable as error:
                self.stop = f"images cannot be decoded here: {error}", int(ExitCode.BAD_USE)
        return pa.table({"stop": [self.stop[0]], "exit_code": [self.stop[1]]})


def start_ray() -> Any:
    """Join the Ray of RAY_ADDRESS, or start one for this command. Raises UserError."""
    os.environ.update({**QUIET, **os.environ})
    address = os.environ.get("RAY_ADDRESS", "")
    if not address:
        os.environ.update(ALONE)
        os.environ["RAY_AUTH_TOKEN"] = secrets.token_hex(32)
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise UserError(
            f"--engine ray needs Ray, an optional extra ({error}): pip install -r "
            "requirements-ray.txt; --engine pool needs nothing"
        ) from None
    if not address:
        here: dict[str, Any] = {
            "num_cpus": max(LEAST_CPUS, os.cpu_count() or 1),
            "object_store_memory": STORE_BYTES,
            "include_dashboard": False,
        }
    try:
        ray.init(
            address=address or "local",
            log_to_driver=False,
            logging_level=logging.ERROR,
            **({} if address else here),
        )
    except Exception as error:  # what it raises is of many kinds
        where = f"at RAY_ADDRESS={address} (up? RAY_AUTH_TOKEN right?)" if address else "here"
        raise UserError(f"Ray cannot be used {where}: {one_line(error)}") from None
    for name in ("ray", "ray.data"):
        logging.getLogger(name).setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False  # we have our own
    context.execution_options.preserve_order = True
    context.target_max_block_size = None  # never splits a batch
    return ray


def one_line(error: BaseException) -> str:
    """Return the end of what Ray says; it says all at great length."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1][:300] if lines else type(error).__name__
