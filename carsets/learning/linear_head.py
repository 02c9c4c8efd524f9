"""A linear head: multinomial logistic regression on vectors of features.

Own code, and short: what scikit-learn would bring at run time is six packages and 170 MB, two of
which exist to unpickle. The tests hold this head against scikit-learn's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from carsets.learning.descent import minimize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]
    Codes = NDArray[np.int32]

BLOCK_CELLS = 4_000_000  # vectors times classes, or times their width, at once: 16 MB
ROUNDS = 200  # steps at most; most sets need 30 to 80
FLAT = 1e-4  # of the slope of the mean loss


@dataclass(frozen=True, slots=True)
class LinearHead:
    """Weights (width, classes) and offsets (classes)."""

    weights: Vectors
    offsets: Vectors

    @classmethod
    def fit(
        cls,
        vectors: Vectors,
        codes: Codes,
        classes: int,
        penalty: float,
        *,
        start: Self | None = None,
        advance: Callable[[int], None] = lambda _: None,
    ) -> Self:
        """Learn to tell ``classes`` from vectors (n, width) of the classes ``codes`` (n).

        Least is the mean of -log(probability of the own class), plus half of ``penalty`` times
        the sum of all squared weights: 1 / (C n) in scikit-learn's terms.
        """
        width = vectors.shape[1]

        def slope_at(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            grid = point.reshape(width + 1, classes)
            head = cls(grid[:-1].astype(np.float32), grid[-1].astype(np.float32))
            loss, slope = head._loss(vectors, codes)
            slope[:-1] += penalty * grid[:-1]
            return loss + penalty / 2 * float((grid[:-1] ** 2).sum()), slope.reshape(-1)

        begin = np.zeros((width + 1, classes)) if start is None else start._grid()
        point = minimize(slope_at, begin.reshape(-1), rounds=ROUNDS, flat=FLAT, advance=advance)
        grid = point.reshape(width + 1, classes).astype(np.float32)
        return cls(grid[:-1], grid[-1])

    def chances(self, vectors: Vectors) -> Vectors:
        """Return the probabilities (n, classes) of the classes."""
        chances = vectors @ self.weights + self.offsets
        chances -= chances.max(1, keepdims=True)
        np.exp(chances, out=chances)
        chances /= chances.sum(1, keepdims=True)
        return chances

    def predict(self, vectors: Vectors) -> Codes:
        """Return the most likely class of each vector."""
        said = np.empty(len(vectors), np.int32)
        for some in _blocks(len(vectors), max(self.weights.shape)):
            said[some] = (vectors[some] @ self.weights + self.offsets).argmax(1)
        return said

    def loss(self, vectors: Vectors, codes: Codes) -> float:
        """Return the mean of -log(probability of the own class)."""
        total = 0.0
        for some in _blocks(len(vectors), max(self.weights.shape)):
            own = np.take_along_axis(self.chances(vectors[some]), codes[some, None], 1)
            total -= float(np.log(np.maximum(own, 1e-12)).sum(dtype=np.float64))
        return total / max(len(vectors), 1)

    def _grid(self) -> NDArray[np.float64]:
        return np.vstack((self.weights, self.offsets)).astype(np.float64)

    def _loss(self, vectors: Vectors, codes: Codes) -> tuple[float, NDArray[np.float64]]:
        """Return the mean loss and its slope (width + 1, classes)."""
        slope = np.zeros((self.weights.shape[0] + 1, self.weights.shape[1]))
        loss = 0.0
        for some in _blocks(len(vectors), max(self.weights.shape)):
            part = vectors[some]
            at = np.arange(len(part)), codes[some]
            wrong = self.chances(part)
            loss -= float(np.log(np.maximum(wrong[at], 1e-30)).sum(dtype=np.float64))
            wrong[at] -= 1
            slope[:-1] += part.T @ wrong
            slope[-1] += wrong.sum(0, dtype=np.float64)
        count = max(len(vectors), 1)
        return loss / count, slope / count


def _blocks(count: int, width: int) -> Iterator[slice]:
    step = max(1, BLOCK_CELLS // max(width, 1))
    for start in range(0, count, step):
        yield slice(start, start + step)
