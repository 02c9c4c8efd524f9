"""Writes to the catalog in batches, in order, and never on the reactor's thread."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from carsets.catalog.rows import Batch

if TYPE_CHECKING:
    from collections.abc import Callable


class BatchWriter:
    """Collect entries into ``batch``, and hand it to ``write`` when it is large or old enough.

    One thread writes, one batch at a time. After a failure nothing more is written: what comes
    later may rest on what was lost.
    """

    def __init__(
        self,
        write: Callable[[Batch], None],
        on_failure: Callable[[Exception], None],
        *,
        size: int,
        max_wait: float,  # seconds
        most_waiting: int,
    ) -> None:
        self.batch = Batch()
        self.failed = False
        self._write = write
        self._on_failure = on_failure
        self._size = size
        self._max_wait = max_wait
        self._most_waiting = most_waiting
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="catalog")
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def touch(self) -> None:
        """Take note that something was put into the batch."""
        if self.failed:
            self.batch = Batch()
        elif len(self.batch) >= self._size:
            self._start()
        elif len(self.batch) and self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._max_wait, self._start)

    async def room(self) -> None:
        """Wait while too much waits to be written: the crawl must not outrun the disk."""
        while len(self.batch) >= self._most_waiting and self._task is not None:
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """Write the rest."""
        self._start()
        while self._task is not None:
            await asyncio.wait([self._task])
        self._thread.shutdown()

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._task is None and len(self.batch) and not self.failed:
            self._task = asyncio.ensure_future(self._drain())

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while len(self.batch) and not self.failed:
                batch, self.batch = self.batch, Batch()
                await loop.run_in_executor(self._thread, self._write, batch)
        except Exception as error:  # whatever it is, it ends the run
            self.failed = True
            self.batch = Batch()
            self._on_failure(error)
        finally:
            self._task = None
