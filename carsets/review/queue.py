"""In which order images are looked at, and which of them somebody wants to see.

What ``scrapy iterate`` asks about comes first, in its order; then doubted images, the most doubted
one leading; then those that the detector was least sure of; then all others, oldest first. The
order is made once, when the review begins. Places in it are *ranks*, from 0, and stay what they
are while people decide.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from carsets.catalog.review_rows import VERDICTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from carsets.catalog.review_rows import QueueArrays

STATES = ("open", "second", "mine", "all")
IN_DATASET = ("keep", "review")
LOOKED_AT = 2_000  # images whose facts are read at once, while a filter looks for some


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which images somebody wants to see."""

    state: str = "open"  # open: undecided; second: decided by others, not by me; mine; all
    verdict: str = ""  # keep, review or dropped; "": what is in the dataset today
    source: str = ""
    label: str = ""  # name of a label, of which ``value`` is wanted
    value: str = ""


class Queue:
    """The order, and what is decided of it. Not for several threads at once."""

    def __init__(
        self, arrays: QueueArrays, threshold: float, only: Sequence[int] | None = None
    ) -> None:
        """Make the order; ``threshold`` is the car score from which images are kept.

        ``only``: the numbers of some images, which are then all there is, in their own order.
        """
        self.only = only is not None
        if only is None:
            order = by_doubt(arrays, threshold)
        else:
            at = np.searchsorted(arrays.seq, np.asarray(only, np.int64))
            order = np.array(
                [
                    place
                    for place, number in zip(at, only, strict=True)
                    if place < len(arrays.seq) and arrays.seq[place] == number
                ],
                np.int64,
            )
        self.numbers = arrays.seq[order]
        self._verdict = arrays.verdict[order]
        self._by_number = np.argsort(self.numbers)
        self._decided: dict[str, NDArray[np.bool_]] = {}
        self._skipped: dict[str, NDArray[np.bool_]] = {}

    def __len__(self) -> int:
        return len(self.numbers)

    def rank(self, number: int) -> int | None:
        """Return the place of an image; None if it is not in the queue."""
        at = int(np.searchsorted(self.numbers, number, sorter=self._by_number))
        if at == len(self) or self.numbers[self._by_number[at]] != number:
            return None
        return int(self._by_number[at])

    # --- What is decided ------------------------------------------------------------------------

    def forget(self, number: int) -> None:
        """Forget what was decided about an image."""
        rank = self.rank(number)
        if rank is not None:
            for decided in (*self._decided.values(), *self._skipped.values()):
                decided[rank] = False

    def decide(self, number: int, rater: str, *, more_than_skip: bool) -> None:
        """Take note that a person has decided about an image, or has put it off."""
        rank = self.rank(number)
        if rank is not None:
            of = self._decided if more_than_skip else self._skipped
            if rater not in of:
                of[rater] = np.zeros(len(self), np.bool_)
            of[rater][rank] = True

    def decided_by(self, rater: str) -> int:
        """Return how many images a person has decided about."""
        decided = self._decided.get(rater)
        return 0 if decided is None else int(decided.sum())

    def _touched(self, rater: str) -> NDArray[np.bool_]:
        nothing = np.zeros(len(self), np.bool_)
        return np.asarray(self._decided.get(rater, nothing) | self._skipped.get(rater, nothing))

    def _decided_by_others(self, rater: str) -> NDArray[np.bool_]:
        found = np.zeros(len(self), np.bool_)
        for name, decided in self._decided.items():
            if name != rater:
                found |= decided
        return found

    # --- What is wanted -------------------------------------------------------------------------

    def mask(self, wanted: Wanted, rater: str, *, blind: bool) -> NDArray[np.bool_]:
        """Return which ranks a person wants, by all that needs no look into the catalog.

        Blind raters are not told what others have decided: to them all is open that is not theirs.
        """
        usual = VERDICTS if self.only else IN_DATASET  # a sample is looked at whatever became of it
        codes = [VERDICTS.index(v) for v in ([wanted.verdict] if wanted.verdict else usual)]
        mask = np.isin(self._verdict, codes)
        mine = self._touched(rater)
        if wanted.state == "mine":
            mask &= mine
        elif wanted.state == "second":
            mask &= self._decided_by_others(rater) & ~mine
        elif wanted.state == "open":
            mask &= ~mine
            if not blind:
                mask &= ~self._decided_by_others(rater)
        return mask


def by_doubt(arrays: QueueArrays, threshold: float) -> NDArray[np.int64]:
    """Return the places of the arrays in the order of review."""
    doubted = ~np.isnan(arrays.doubt)
    scored = ~np.isnan(arrays.car_score)
    tier = np.where(doubted, 0, np.where(scored, 1, 2))
    unsure = np.where(
        doubted, -arrays.doubt, np.where(scored, np.abs(arrays.car_score - threshold), 0)
    )
    return np.asarray(np.lexsort((arrays.seq, unsure, tier)))


class Facts:
    """Labels and sources of images, read when a filter first asks, and remembered as numbers."""

    def __init__(
        self, size: int, read: Callable[[Sequence[int]], Mapping[int, str]], missing: str = ""
    ) -> None:
        """``read`` returns texts by image number; what has none gets ``missing``."""
        self._codes = np.full(size, -1, np.int32)
        self._known: dict[str, int] = {}
        self._read = read
        self._missing = missing

    def matching(
        self,
        queue: Queue,
        ranks: NDArray[np.int64],
        fits: Callable[[str], bool],
    ) -> NDArray[np.int64]:
        """Return those of the ranks whose text fits."""
        unread = ranks[self._codes[ranks] < 0]
        if len(unread):
            found = self._read(queue.numbers[unread].tolist())
            for rank, number in zip(unread.tolist(), queue.numbers[unread].tolist(), strict=True):
                text = found.get(number, self._missing)
                self._codes[rank] = self._known.setdefault(text, len(self._known))
        fitting = np.fromiter((fits(text) for text in self._known), np.bool_, len(self._known))
        return ranks[fitting[self._codes[ranks]]] if len(ranks) else ranks


@lru_cache(32)  # one for each filter that somebody uses
def label_fits(name: str, value: str) -> Callable[[str], bool]:
    """Return what says of labels (JSON) whether one has a value; upper and lower case are one."""
    asked = value.casefold()

    @cache
    def fits(text: str) -> bool:
        try:
            labels: Any = json.loads(text)
        except ValueError:
            return False
        return isinstance(labels, dict) and str(labels.get(name, "")).casefold() == asked

    return fits


def search(
    queue: Queue,
    candidates: NDArray[np.int64],
    count: int,
    filters: Sequence[tuple[Facts, Callable[[str], bool]]],
) -> list[int]:
    """Return the first ``count`` of the candidates (ranks) that pass all filters."""
    if not filters:
        return [int(rank) for rank in candidates[:count]]
    found: list[int] = []
    for ranks in _parts(candidates):
        fitting = ranks
        for facts, fits in filters:
            fitting = facts.matching(queue, fitting, fits)
        found += fitting.tolist()
        if len(found) >= count:
            break
    return found[:count]


def _parts(candidates: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(candidates), LOOKED_AT):
        yield candidates[start : start + LOOKED_AT]
