"""What the stages have found: for each kind of doubt a score of every image, with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from carsets.catalog.curation_rows import ScoreRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from carsets.curation.kinds import Kind

    Scores = NDArray[np.float32]

FLOOR = 0.05  # scores below it are not worth a row


class Findings:
    """Scores and reasons by kind; ``numbers`` are those of the images in the catalog."""

    def __init__(self, numbers: NDArray[np.int64]) -> None:
        self.numbers = numbers
        self.scores: dict[Kind, Scores] = {}
        self._reasons: dict[Kind, Callable[[int], str]] = {}

    def keep(self, kind: Kind, score: Scores, reason: Callable[[int], str]) -> None:
        """Keep what was found; ``reason`` says it in words of the image at a place."""
        self.scores[kind], self._reasons[kind] = score, reason

    def reason(self, kind: Kind, place: int) -> str:
        """Return why an image is doubted."""
        return self._reasons[kind](place)

    def doubted(self, kind: Kind) -> NDArray[np.bool_]:
        """Return which images are."""
        result: NDArray[np.bool_] = self.scores[kind] >= FLOOR
        return result

    def rows(self, kind: Kind) -> Iterator[ScoreRow]:
        """Yield what is written to the catalog."""
        score = self.scores[kind]
        for place in np.flatnonzero(self.doubted(kind)).tolist():
            number, words = int(self.numbers[place]), self.reason(kind, place)
            yield ScoreRow(number, round(float(score[place]), 4), words)
