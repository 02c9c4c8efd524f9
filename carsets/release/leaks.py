"""Proves of a split dataset that no two splits share an author, a page, a burst or a picture.

Knows nothing of how the splits were made: it sorts the keys and looks at their holders.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from carsets.outcomes import ExitCode
from carsets.problems import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from carsets.release.groups import GroupKeys, Keys, Places

EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Leak:
    """What two splits share of one kind."""

    kind: str  # "near", "author", "page", "burst", "link"
    splits: tuple[str, str]
    keys: int  # how many keys are in both
    examples: tuple[tuple[str, str], ...]  # image ids, one of each split

    def __str__(self) -> str:
        first, second = self.splits
        pairs = ", ".join(f"{one} and {other}" for one, other in self.examples)
        return f"{first} and {second} share {self.keys:,} of {self.kind} ({pairs})"


def find_leaks(keys: GroupKeys, codes: NDArray[np.integer], names: Sequence[str]) -> list[Leak]:
    """Return what the splits share. ``codes`` below 0 are images that are not released."""
    leaks: list[Leak] = []
    for kind, places, kind_keys in keys.kinds():
        released = codes[places] >= 0
        leaks += _leaks_of(kind, kind_keys[released], places[released], codes, keys.image_id, names)
    return leaks


def refuse_leaks(keys: GroupKeys, codes: NDArray[np.integer], names: Sequence[str]) -> None:
    """Raise UserError when two splits share anything."""
    leaks = find_leaks(keys, codes, names)
    if leaks:
        told = "; ".join(map(str, leaks))
        raise UserError(f"the splits leak, nothing was released: {told}", ExitCode.UNBALANCED)


def _leaks_of(
    kind: str,
    kind_keys: Keys,
    places: Places,
    codes: NDArray[np.integer],
    image_id: Keys,
    names: Sequence[str],
) -> Iterator[Leak]:
    if not len(kind_keys):
        return
    order = np.argsort(kind_keys, kind="stable")
    kind_keys, places = kind_keys[order], places[order]
    starts = np.flatnonzero(np.append(True, kind_keys[1:] != kind_keys[:-1]))
    ends = np.append(starts[1:], len(kind_keys))
    # One bit a split: which splits hold the key.
    holders = np.bitwise_or.reduceat(np.left_shift(1, codes[places].astype(np.int64)), starts)
    for first, second in combinations(range(len(names)), 2):
        both = 1 << first | 1 << second
        shared = np.flatnonzero(holders & both == both)
        if len(shared):
            examples = []
            for key in shared[:EXAMPLES]:
                held_by = places[starts[key] : ends[key]]
                pair = [held_by[codes[held_by] == code][0] for code in (first, second)]
                examples.append((f"{image_id[pair[0]]:016x}", f"{image_id[pair[1]]:016x}"))
            yield Leak(kind, (names[first], names[second]), len(shared), tuple(examples))
