"""The second look at pairs that only features call copies: the files themselves.

Hostile files are decoded in the crawl's own worker processes; here come the small pictures alone.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING, Self

import numpy as np

from carsets.curation.local_features import Points, load_opencv, points_of, show_the_same
from carsets.release.originals import place_of
from carsets.vision.inspection import MIME, MOST_PIXELS, Limits, Refusal
from carsets.vision.inspection_pool import InspectionPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from carsets.catalog.catalog import Catalog
    from carsets.curation.corpus import Corpus
    from carsets.curation.near_groups import Edges

BATCH = 64  # pairs at once
REMEMBERED = 2_000  # pictures whose points are kept: at most 300 MB
WORKERS = 2


class LocalFeatureCheck:
    """Says which pairs of images show one scene, by their files in the local ``store``.

    A pair of which a file cannot be looked at is none: ``unreadable`` counts such images.
    """

    def __init__(self, catalog: Catalog, store: Path) -> None:
        load_opencv()
        self.catalog, self.store = catalog, store
        self.unreadable: set[int] = set()
        self._points: OrderedDict[int, tuple[Points, Points] | None] = OrderedDict()
        limits = Limits(formats=tuple(MIME), max_pixels=MOST_PIXELS)
        self._pool = InspectionPool(WORKERS, limits)
        self._loop = asyncio.Runner()
        self._loop.run(self._pool.start())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.run(self._pool.close())
        self._loop.close()

    def __call__(
        self, corpus: Corpus, edges: Edges, advance: Callable[[int], None] = lambda _: None
    ) -> NDArray[np.bool_]:
        """Return for each pair whether it shows one scene."""
        same = np.zeros(len(edges), np.bool_)
        for start in range(0, len(edges), BATCH):
            a, b = edges.a[start : start + BATCH], edges.b[start : start + BATCH]
            self._look_at(corpus.seq[np.union1d(a, b)].tolist())
            for at, (one, other) in enumerate(zip(corpus.seq[a], corpus.seq[b], strict=True)):
                same[start + at] = self._is_same(int(one), int(other))
            advance(len(a))
        return same

    def _is_same(self, one: int, other: int) -> bool:
        first, second = self._points[one], self._points[other]
        if first is None or second is None:
            return False
        return show_the_same(first[0], second[0]) or show_the_same(first[0], second[1])

    def _look_at(self, numbers: Iterable[int]) -> None:
        missing = []
        for number in numbers:
            if number in self._points:
                self._points.move_to_end(number)
            else:
                missing.append(number)
        if not missing:
            return
        with self.catalog.curation_state() as rows:
            paths = rows.paths(missing)
        found = self._loop.run(self._inspect([paths.get(number, "") for number in missing]))
        for number, pixels in zip(missing, found, strict=True):
            if pixels is None:
                self.unreadable.add(number)
                self._points[number] = None
            else:
                # Both ways round: SIFT knows no mirror.
                mirrored = np.ascontiguousarray(pixels[:, ::-1])
                self._points[number] = points_of(pixels), points_of(mirrored)
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
