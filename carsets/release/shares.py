"""How a dataset is shared out among its splits: ``80/5/15``, ``80/20`` or a preset."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING

from carsets.problems import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Shares:
    """Which splits there are, and how much each gets of the whole."""

    names: tuple[str, ...]
    weights: tuple[int, ...]  # whole numbers; what counts is their ratio
    exact: bool = False  # counted out per class, instead of kept by chance
    labels: tuple[str, ...] = ()  # exact: whose values make a class; () = the label of the release

    def target(self, count: int) -> tuple[int, ...]:
        """Return how many of ``count`` images belong to each split.

        Whole parts first; what is left goes one by one to the largest remainders, of equal ones
        to the split that is named first.
        """
        whole = sum(self.weights)
        parts = [divmod(count * weight, whole) for weight in self.weights]
        left = count - sum(quotient for quotient, _ in parts)
        order = sorted(range(len(parts)), key=lambda split: -parts[split][1])
        more = set(order[:left])
        return tuple(quotient + (split in more) for split, (quotient, _) in enumerate(parts))


PRESETS: Mapping[str, Shares] = {
    # 800,000, 50,000 and 150,000 images of ten cities.
    "instacities": Shares(("train", "validation", "test"), (80, 5, 15), exact=True),
    # One fifth of each model for testing.
    "dgcars": Shares(("train", "test"), (80, 20), exact=True, labels=("make", "model")),
    # The first edition of Open Images had so many images in each.
    "openimages": Shares(("train", "validation"), (9_011_219, 167_057)),
}
_SHARES = re.compile(r"\d{1,3}(\.\d{1,6})?(/\d{1,3}(\.\d{1,6})?){0,2}")
NAMES = {1: ("train",), 2: ("train", "test"), 3: ("train", "validation", "test")}


def parse_shares(text: str) -> Shares:
    """Return the shares behind ``80/5/15`` (train/validation/test), ``80/20`` or a preset's name.

    Raises UserError when it is neither, or the shares do not make 100.
    """
    wanted = text.strip().lower()
    if wanted in PRESETS:
        return PRESETS[wanted]
    expected = f"expected 80/5/15, 80/20 or one of {', '.join(sorted(PRESETS))}"
    if not _SHARES.fullmatch(wanted):
        raise UserError(f"--split {text[:80]!r}: {expected}")
    parts = [Fraction(part) for part in wanted.split("/")]
    names = NAMES[len(parts)]
    if sum(parts) != 100 or min(parts) <= 0:
        raise UserError(f"--split {text[:80]}: the shares must be above 0 and make 100; {expected}")
    scale = lcm(*(part.denominator for part in parts))
    return Shares(names, tuple(int(part * scale) for part in parts))
