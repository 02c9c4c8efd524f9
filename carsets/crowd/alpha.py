"""How far any number of people agree, beyond chance: Krippendorff's alpha for names.

K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011). Not everybody has to have
answered everything; an image with one answer alone says nothing.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def alpha(images: Iterable[Mapping[str, int]]) -> float | None:
    """Return alpha of ``images``: of each, how many people gave which answer.

    1 = always the same, 0 = no more than by chance; None: nobody could have disagreed.
    """
    totals: Counter[str] = Counter()
    disagreeing = 0.0  # pairs of unlike answers, each image's counted as its answers
    for counts in images:
        size = sum(counts.values())
        if size < 2:
            continue
        totals.update(counts)
        disagreeing += (size * size - sum(n * n for n in counts.values())) / (size - 1)
    all_answers = totals.total()
    by_chance = all_answers**2 - sum(n * n for n in totals.values())
    if not by_chance:
        return None
    return 1 - (all_answers - 1) * disagreeing / by_chance
