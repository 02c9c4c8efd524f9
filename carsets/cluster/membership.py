"""One worker among others: it says that it lives, and hears when it is taken for dead."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from time import monotonic
from typing import TYPE_CHECKING

from carsets.catalog.connection import CatalogError
from carsets.catalog.workers import LeaseLostError

if TYPE_CHECKING:
    from collections.abc import Callable

    from carsets.catalog.catalog import Catalog

logger = logging.getLogger(__name__)

BEATS = 3  # in the time of a lease: one may be lost, and another one late


class Membership:
    """Hold a lease for as long as the loop runs on which everything else of the worker runs.

    A thread would go on saying that a worker lives whose loop hangs. ``on_loss`` is told, once,
    why the worker has to end.
    """

    def __init__(
        self, catalog: Catalog, run_id: str, lease: float, on_loss: Callable[[Exception], None]
    ) -> None:
        self.run_id = run_id
        self._catalog = catalog
        self._lease = lease  # seconds
        self._on_loss = on_loss
        self._source = ""
        self._beating: asyncio.Task[None] | None = None

    @property
    def is_member(self) -> bool:
        """Whether the worker has joined and not left."""
        return self._beating is not None

    def join(self, source: str, plan: str) -> None:
        """Enter the worker. Raises CatalogError when the catalog cannot be used."""
        self._source = source
        others = self._catalog.join_workers(self.run_id, source, plan, self._lease)
        logger.info("Worker %s: %d others ask %s at the moment", self.run_id, others, source)
        self._beating = asyncio.ensure_future(self._beat())

    async def leave(self) -> None:
        """Let go of what was not done. What is in the catalog stays there."""
        if self._beating is None:
            return
        self._beating.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._beating
        self._beating = None
        await asyncio.to_thread(self._catalog.leave_workers, self.run_id, self._source)

    async def _beat(self) -> None:
        until = monotonic() + self._lease
        while True:
            await asyncio.sleep(self._lease / BEATS)
            began = monotonic()
            try:
                await asyncio.to_thread(self._catalog.say_alive, self.run_id, self._lease)
            except LeaseLostError as error:
                self._on_loss(error)
                return
            except CatalogError as error:
                if monotonic() >= until:
                    self._on_loss(error)
                    return
                logger.warning("Not heard for now: %s", error)
            else:
                until = began + self._lease
