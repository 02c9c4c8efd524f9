"""The second look at pairs that are likely copies: the files themselves.

Hostile files are decoded in the crawl's own worker processes; here come the small pictures alone.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

import numpy as np

from carsets.curation.local_features import INSTALL, Look, Points, compare, points_of
from carsets.curation.similarity import connected
from carsets.release.originals import place_of
from carsets.vision.inspection import MIME, MOST_PIXELS, Limits, Refusal
from carsets.vision.inspection_pool import InspectionPool
from carsets.vision.opencv import load_opencv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from carsets.catalog.catalog import Catalog
    from carsets.curation.corpus import Corpus
    from carsets.curation.near_groups import Edges

BATCH = 64  # pairs at once
REMEMBERED = 2_000  # pictures whose points are kept: at most 150 MB
WORKERS = 2


class LocalFeatureCheck:
    """Says which pairs of images show one picture, by their files in the local ``store``.

    Of a pair of which a file cannot be looked at it cannot tell: ``unreadable`` has such images.
    """

    def __init__(self, catalog: Catalog, store: Path) -> None:
        load_opencv(INSTALL)
        self.catalog, self.store = catalog, store
        self.unreadable: set[int] = set()
        self._points: OrderedDict[int, Points | None] = OrderedDict()
        limits = Limits(formats=tuple(MIME), max_pixels=MOST_PIXELS)
        self._pool = InspectionPool(WORKERS, limits)
        self._threads = ThreadPoolExecutor(WORKERS)
        self._loop = asyncio.Runner()
        self._started = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._threads.shutdown()
        if self._started:
            self._loop.run(self._pool.close())
        self._loop.close()

    def __call__(
        self, corpus: Corpus, edges: Edges, advance: Callable[[int], None] = lambda _: None
    ) -> NDArray[np.int8]:
        """Return for each pair what its files say: a Look."""
        said = np.zeros(len(edges), np.int8)
        # Pairs that hang together one after the other, so that each picture is looked at once.
        order = np.lexsort((edges.b, edges.a, connected(edges.a, edges.b, len(corpus))[edges.a]))
        for start in range(0, len(order), BATCH):
            some = order[start : start + BATCH]
            a, b = corpus.seq[edges.a[some]].tolist(), corpus.seq[edges.b[some]].tolist()
            self._look_at(sorted({*a, *b}))
            said[some] = list(self._threads.map(self._compare, a, b))
            advance(len(some))
        return said

    def _compare(self, one: int, other: int) -> Look:
        first, second = self._points[one], self._points[other]
        if first is None or second is None:
            return Look.CANNOT_TELL
        return compare(first, second)

    def _look_at(self, numbers: Iterable[int]) -> None:
        missing = []
        for number in numbers:
            if number in self._points:
                self._points.move_to_end(number)
            else:
                missing.append(number)
        if not missing:
            return
        if not self._started:  # the workers, once there is something to look at
            self._loop.run(self._pool.start())
            self._started = True
        with self.catalog.curation_state() as rows:
            paths = rows.paths(missing)
        found = self._loop.run(self._inspect([paths.get(number, "") for number in missing]))
        self._points.update(zip(missing, self._threads.map(_points, found), strict=True))
        self.unreadable.update(number for number in missing if self._points[number] is None)
        while len(self._points) > REMEMBERED:
            self._points.popitem(last=False)

    async def _inspect(self, paths: list[str]) -> list[NDArray[np.uint8] | None]:
        return await asyncio.gather(*map(self._small, paths))

    async def _small(self, path: str) -> NDArray[np.uint8] | None:
        try:
            body = await asyncio.to_thread(place_of(path, self.store).read_bytes)
            seen = await self._pool.inspect(body)
        except (OSError, ValueError, Refusal):
            return None
        return np.frombuffer(seen.small, np.uint8).reshape(seen.small_shape)


def _points(pixels: NDArray[np.uint8] | None) -> Points | None:
    return None if pixels is None else points_of(pixels)
