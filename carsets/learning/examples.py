"""Which images a head learns from, and by which it is tested: no group of images on both sides.

Parts and groups are those of a release: with the same shares and salt, an image lies in the same
split here and there. Labels are as people have corrected them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from carsets.permissions import Mode
from carsets.problems import UserError
from carsets.release.caps import within_cap
from carsets.release.draw import Draw
from carsets.release.groups import read_keys
from carsets.release.leaks import refuse_leaks
from carsets.release.options import read_options
from carsets.release.quotas import BRIDGE, group_roots
from carsets.release.selection import select
from carsets.release.shares import parse_shares
from carsets.release.splits import assign

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from carsets.catalog.curation_rows import CurationRows
    from carsets.release.shares import Shares

    Places = NDArray[np.int64]

LEAST_CLASS = 10  # images of a value that can be learnt, and
LEAST_GROUPS = 5  # groups of them: of one photographer, nobody could tell car from photographer
MOST_LEARNT = 100_000  # images; more make a head better by next to nothing
MOST_TESTED = 50_000  # of each other part: leaves a margin of 0.4 %


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineOptions:
    """What is to be learnt. Raises UserError, by ``checked``, for what cannot be meant."""

    label: str = "make"  # one or several of release.labels, apart by blanks
    split: str = "80/5/15"
    salt: str  # of all draws
    where: str = ""
    features: str = ""  # the network; "" = the only one there is

    def shares(self) -> Shares:
        """Return how the images are parted: what is learnt from first, what tests last."""
        shares = parse_shares(self.split)
        if len(shares.names) < 2:
            raise UserError(
                f"--split {self.split}: nothing would be left to test with, use 80/5/15"
            )
        return shares


@dataclass(frozen=True, slots=True)
class Examples:
    """The images that are looked at, one place in every array each."""

    seq: Places  # growing
    codes: NDArray[np.int32]  # index into ``names``
    parts: NDArray[np.int8]  # index into ``part_names``
    groups: Places  # what belongs together has one number
    names: tuple[str, ...]
    part_names: tuple[str, ...]
    left_out: Mapping[str, int]  # reason: images

    def part(self, number: int) -> Places:
        """Return the places of one part; -1 is the last, which tests."""
        return np.flatnonzero(self.parts == range(len(self.part_names))[number])


def read_examples(
    rows: CurationRows,
    options: BaselineOptions,
    featured: Places,
    advance: Callable[[int], None] = lambda _: None,
) -> Examples:
    """Return today's images with that label, parted. ``featured``: those that have features.

    Raises UserError where there is too little to learn from, or to test with.
    """
    shares = options.shares()
    # The whole dataset, whatever its licenses: nothing is handed out.
    release = read_options(
        "csv",
        Path("baseline"),
        {"label": options.label, "where": options.where, "mode": Mode.INTERNAL},
    )
    selection = select(rows, release, progress=advance)
    keys = read_keys(rows.grouping(), rows.near_groups())
    chosen, classes = selection.chosen, selection.classes
    parts = assign(keys, shares, options.salt, chosen=chosen, classes=classes).codes
    roots, _ = group_roots(keys)
    # Bridges are left out: what they join is apart without them.
    groups = roots * len(shares.names) + np.maximum(parts, 0)
    left_out = {"have no such label": int((chosen & (classes < 0)).sum())}
    fit = chosen & (classes >= 0)
    seen = np.isin(selection.seq, featured, assume_unique=True)
    left_out["have no features of the network"] = int((fit & ~seen).sum())
    fit &= seen
    left_out["are related to images of two parts"] = int((fit & (parts == BRIDGE)).sum())
    left_out["are surplus of exact shares"] = int((fit & (parts < 0) & (parts != BRIDGE)).sum())
    fit &= parts >= 0
    large = _large_enough(classes, groups, fit, len(selection.names) + 1)  # the last one: none
    names = tuple(name for name, is_large in zip(selection.names, large, strict=False) if is_large)
    small = fit & ~large[classes]
    left_out["are of classes that are too small to learn"] = int(small.sum())
    fit &= ~small
    _refuse_too_little(options, selection.names, names, left_out, int(chosen.sum()))
    places = np.flatnonzero(fit)
    places = places[_not_too_many(keys.image_id[places], parts[places], options.salt)]
    left_out["are more than needed"] = int(fit.sum()) - len(places)
    released = np.full(len(keys), -1, np.int8)
    released[places] = parts[places]
    refuse_leaks(keys, released, shares.names)
    renumbered = (np.cumsum(large) - 1).astype(np.int32)
    examples = Examples(
        seq=selection.seq[places],
        codes=renumbered[classes[places]],
        parts=parts[places],
        groups=groups[places],
        names=names,
        part_names=shares.names,
        left_out={reason: count for reason, count in left_out.items() if count},
    )
    _refuse_empty_parts(options, examples)
    return examples


def _large_enough(
    classes: NDArray[np.int32], groups: Places, fit: NDArray[np.bool_], count: int
) -> NDArray[np.bool_]:
    images = np.bincount(classes[fit], minlength=count)
    pairs = np.unique(np.stack((classes[fit], groups[fit]), axis=1), axis=0)
    apart = np.bincount(pairs[:, 0], minlength=count)
    return np.asarray((images >= LEAST_CLASS) & (apart >= LEAST_GROUPS))


def _not_too_many(ids: NDArray[np.uint64], parts: NDArray[np.int8], salt: str) -> NDArray[np.bool_]:
    if len(ids) <= MOST_TESTED:
        return np.ones(len(ids), np.bool_)
    drawn = Draw(f"baseline {salt}").numbers(ids)
    learnt = parts == 0
    kept = within_cap(parts, drawn, MOST_TESTED)
    kept[learnt] = within_cap(parts[learnt], drawn[learnt], MOST_LEARNT)
    return kept


def _refuse_too_little(
    options: BaselineOptions,
    values: tuple[str, ...],
    names: tuple[str, ...],
    left_out: Mapping[str, int],
    chosen: int,
) -> None:
    if len(names) >= 2:
        return
    what = f"--label {options.label}"
    why = "; ".join(f"{count:,} {reason}" for reason, count in left_out.items() if count)
    if not chosen:
        raise UserError(f"{what}: no image of the dataset fits" + (why and f" ({why})"))
    if len(values) < 2:
        have = f"all images have the one value {values[0]!r}" if values else "no image has it"
        raise UserError(f"{what}: {have}, and a head needs two to tell apart; use another --label")
    raise UserError(
        f"{what}: of {len(values):,} values {len(names)} have {LEAST_CLASS} images of "
        f"{LEAST_GROUPS} unrelated groups each, and a head needs two; collect more ({why})"
    )


def _refuse_empty_parts(options: BaselineOptions, examples: Examples) -> None:
    for number, name in enumerate(examples.part_names):
        if not len(examples.part(number)):
            raise UserError(
                f"--split {options.split}: too few groups of related images, none of them is in "
                f"{name}; use another --seed or larger shares"
            )
    if len(np.unique(examples.codes[examples.part(0)])) < 2:
        raise UserError(f"--split {options.split}: only one class is in the part that is learnt")
