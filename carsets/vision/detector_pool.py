"""The detector as the event loop sees it: one image in, one Detection out.

Services with the same network share one worker process, whatever their rules: a second crawl in
the process costs no second network.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar, Self

from carsets.vision.detection import Detection, Rule, detect
from carsets.vision.detector_engine import BatchPlan, DetectorEngine, DetectorFailed
from carsets.vision.detector_settings import read_labels, read_settings
from carsets.vision.labels import DEFAULT_LABELS, builtin_table, imagenet_table
from carsets.vision.model_files import BUILTIN, DetectorUnavailable, ModelSpec

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from carsets.vision.detector_engine import Shape
    from carsets.vision.labels import LabelTable

__all__ = ["BatchPlan", "DetectorFailed", "DetectorService", "DetectorUnavailable"]


class DetectorService:
    """What a crawl asks: one image in, one Detection out."""

    _shared: ClassVar[dict[Any, tuple[DetectorEngine, asyncio.Task[None], list[int]]]] = {}

    def __init__(
        self,
        spec: ModelSpec,
        rule: Rule | None = None,
        *,
        labels: Collection[str] = DEFAULT_LABELS,
        plan: BatchPlan | None = None,
    ) -> None:
        self.spec = spec
        self.rule = rule or Rule()
        self.plan = plan or BatchPlan()
        make_table = builtin_table if spec.model == BUILTIN else imagenet_table
        self.table: LabelTable = make_table(labels)
        self.engine: DetectorEngine | None = None
        self._key: Any = None

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> Self:
        """Build a service from the ``CAR_DETECTION_...`` settings; text values are understood.

        Raises DetectorUnavailable for a setting that cannot be meant.
        """
        try:
            spec, rule, plan = read_settings(settings)
            return cls(spec, rule, labels=read_labels(settings), plan=plan)
        except ValueError as error:
            raise DetectorUnavailable(str(error)) from None

    async def start(self) -> None:
        """Load the network, or join a service of this process that has it loaded.

        Raises DetectorUnavailable, with one line that says what to do.
        """
        if self.engine is not None:
            return
        self._key = (self.spec, self.plan, asyncio.get_running_loop())
        if self._key not in self._shared:
            engine = DetectorEngine(self.spec, self.plan)
            self._shared[self._key] = engine, asyncio.create_task(engine.start()), [0]
        engine, starting, users = self._shared[self._key]
        users[0] += 1
        try:
            await asyncio.shield(starting)
        except BaseException:
            await self._leave()
            raise
        self.engine = engine

    async def detect(self, small: bytes, shape: Shape) -> Detection:
        """Return what the network sees in a small RGB picture (height, width, 3).

        Raises DetectorFailed when there is no answer to be had for it.
        """
        if self.engine is None:
            raise DetectorFailed("the detector has not been started")
        probabilities, features = await self.engine.ask(small, shape)
        return detect(
            probabilities, self.table, self.rule, features=features, model=self.engine.model
        )

    async def close(self) -> None:
        """Leave the network; the last service that leaves ends its process."""
        if self.engine is not None:
            self.engine = None
            await self._leave()

    async def _leave(self) -> None:
        engine, _, users = self._shared[self._key]
        users[0] -= 1
        if not users[0]:
            del self._shared[self._key]
            await engine.close()
