"""Deals whole groups out to splits until each class has exactly its shares in each split.

Of n images of a class that are released, ``Shares.target(n)`` says how many belong to each split.
Groups of more than one image go first, the largest before all others, each to the split in which
the least of it is too much, and which lacks most; single images then fill up the rest. Where a
group brings more than is wanted, or nothing is left to fill with, images are left out until the
counts are exact: as few as this packing allows, which need not be the fewest of all (that puzzle
is NP-hard). A class that would lose more than MOST_LEFT_OUT of its images for it keeps them all,
and is reported with how far it is off: ``ClassQuota.off``. Before it comes to that, groups are
parted where few images hold them together, if leaving these out costs less.

Nothing of this is stable: one image more, and everything may be dealt out anew.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from carsets.release.draw import Draw
from carsets.release.groups import shared_keys

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from carsets.release.groups import GroupKeys, Places
    from carsets.release.shares import Shares

    Codes = NDArray[np.int8]

# The codes of images that are left out.
BRIDGE = -1  # related to images of two splits, or to two groups that are too large for one
SURPLUS = -2  # so that the counts come out even
UNDEALT = -1  # not yet
MOST_LEFT_OUT = 0.1  # of the images of a class that are wanted


@dataclass(frozen=True, slots=True)
class ClassQuota:
    """How exact shares came out for one class."""

    class_code: int
    available: int  # images that could have been released
    wanted: int  # the same, or fewer where fewer were asked for
    counts: tuple[int, ...]  # released images of each split, in the order of the names
    target: tuple[int, ...]  # what the shares of so many images are

    @property
    def left_out(self) -> int:
        """How many wanted images were left out to reach the target."""
        return self.wanted - sum(self.counts)

    @property
    def off(self) -> int:
        """How many images would have to change their split; 0 when the counts are exact."""
        pairs = zip(self.counts, self.target, strict=True)
        return sum(abs(have - want) for have, want in pairs) // 2


def deal_out(
    keys: GroupKeys,
    shares: Shares,
    salt: str,
    chosen: NDArray[np.bool_],
    classes: NDArray[np.int32],
    per_class: int | None,
) -> tuple[Codes, list[ClassQuota]]:
    """Return the code of every image, and how each class came out. See ``splits.assign``."""
    codes, quotas = _deal(keys, shares, salt, chosen, classes, per_class, None)
    if not any(quota.off for quota in quotas):
        return codes, quotas
    # Groups that hang together by few images may be too large for any split: part them there.
    most = int(chosen.sum()) * min(shares.weights) // sum(shares.weights) // 2
    others = _deal(keys, shares, salt, chosen, classes, per_class, most)
    return min((codes, quotas), others, key=lambda dealt: sum(map(_loss, dealt[1])))


def _loss(quota: ClassQuota) -> int:
    return quota.off + quota.left_out


def _deal(
    keys: GroupKeys,
    shares: Shares,
    salt: str,
    chosen: NDArray[np.bool_],
    classes: NDArray[np.int32],
    per_class: int | None,
    largest: int | None,
) -> tuple[Codes, list[ClassQuota]]:
    """Deal out, with groups as they are or, at a price, none that has grown beyond ``largest``."""
    all_roots, bridges = group_roots(keys, largest)
    places = np.flatnonzero(chosen & ~bridges)
    class_codes, class_of = np.unique(classes[chosen], return_inverse=True)
    available = np.bincount(class_of, minlength=len(class_codes))
    class_of = class_of[~bridges[chosen]]
    there = np.bincount(class_of, minlength=len(class_codes))
    wanted = there if per_class is None else np.minimum(there, per_class)
    need = np.array([shares.target(int(count)) for count in wanted], np.int64)
    need = need.reshape(len(class_codes), len(shares.names))
    chance = Draw(salt).numbers(keys.image_id[places])
    dealt = _deal_groups(all_roots[places], class_of, need, chance)
    by_class = np.lexsort((chance, class_of))
    quotas, end = [], 0
    for number, code in enumerate(class_codes.tolist()):
        begin, end = end, end + int(there[number])
        kept = _finish(dealt, by_class[begin:end], shares, int(wanted[number]))
        all_of_it = int(available[number])
        asked = all_of_it if per_class is None else min(all_of_it, per_class)
        quotas.append(ClassQuota(code, all_of_it, asked, kept, shares.target(sum(kept))))
    codes = np.full(len(keys), SURPLUS, np.int8)
    codes[bridges] = BRIDGE
    codes[places] = dealt
    return codes, quotas


def group_roots(keys: GroupKeys, largest: int | None = None) -> tuple[Places, NDArray[np.bool_]]:
    """Return the oldest image that each is related to by any number of steps, and the bridges.

    Bridges are images that would join groups to one of more than ``largest``: there are none
    when it is None.
    """
    shared = shared_keys(keys)
    parents = array("q", range(len(keys)))
    sizes = array("q", [1]) * len(keys)
    holders = array("q", [-1]) * shared.count  # an image that has the key
    bridges = np.zeros(len(keys), np.bool_)

    def root_of(place: int) -> int:
        while parents[place] != place:
            parents[place] = parents[parents[place]]
            place = parents[place]
        return place

    for place, mine in shared:
        roots = {root_of(holders[key]) for key in mine if holders[key] >= 0}
        if largest is not None and len(roots) > 1 and sum(sizes[r] for r in roots) >= largest:
            bridges[place] = True
            continue
        oldest = min(roots, default=place)
        for root in (roots | {place}) - {oldest}:
            parents[root] = oldest
            sizes[oldest] += sizes[root]
        for key in mine:
            holders[key] = place
    return _jump(np.array(parents, np.int64)), bridges


def _jump(roots: Places) -> Places:
    """Return the end of the way from each place to an ever older one."""
    while True:
        further = roots[roots]
        if np.array_equal(further, roots):
            return roots
        roots = further


def _deal_groups(
    roots: Places, class_of: Places, need: NDArray[np.int64], chance: NDArray[np.uint64]
) -> Codes:
    """Return the splits of all images in groups of more than one; UNDEALT for the others."""
    _, firsts, group_of, sizes = np.unique(
        roots, return_index=True, return_inverse=True, return_counts=True
    )
    groups = np.flatnonzero(sizes > 1)
    groups = groups[np.lexsort((chance[firsts[groups]], -sizes[groups]))]
    # How many images of which class each group has, one row a group and class.
    rows, counts = np.unique(group_of * len(need) + class_of, return_counts=True)
    starts = np.searchsorted(rows, np.arange(len(sizes) + 1) * len(need))
    split_of = np.full(len(sizes), UNDEALT, np.int8)
    missing: list[list[int]] = need.tolist()  # of each class and split; below 0: too many
    for group in groups.tolist():
        some = slice(starts[group], starts[group + 1])
        held = list(zip((rows[some] % len(need)).tolist(), counts[some].tolist(), strict=True))
        split = _best_split(held, missing, need)
        split_of[group] = split
        for class_place, count in held:
            missing[class_place][split] -= count
    return split_of[group_of]


def _best_split(
    held: list[tuple[int, int]], missing: list[list[int]], need: NDArray[np.int64]
) -> int:
    """Return where a group brings the least too many; of equal ones, the split that lacks most."""
    scores = []
    for split in range(need.shape[1]):
        too_many, lacking = 0, 0.0
        for class_place, count in held:
            room = max(missing[class_place][split], 0)
            too_many += max(count - room, 0)
            lacking += room / max(int(need[class_place, split]), 1)
        scores.append((too_many, -lacking, split))
    return min(scores)[2]


def _finish(dealt: Codes, mine: Places, shares: Shares, wanted: int) -> tuple[int, ...]:
    """Give the single images of one class (``mine``, shuffled) their splits, and even it out."""
    singles = mine[dealt[mine] == UNDEALT]
    counts = [int(np.sum(dealt[mine] == split)) for split in range(len(shares.names))]
    exact = most_exact(shares, counts, len(singles), wanted)
    kept = shares.target(exact) if exact else _nearest(shares, counts, len(singles), wanted)
    dealt[singles] = SURPLUS
    for split, (have, keep) in enumerate(zip(counts, kept, strict=True)):
        dealt[mine[dealt[mine] == split][keep:]] = SURPLUS
        more = max(keep - have, 0)
        dealt[singles[:more]] = split
        singles = singles[more:]
    return kept


def most_exact(shares: Shares, counts: list[int], singles: int, wanted: int) -> int:
    """Return how many images can be released with exact shares, 0 when that wastes too many.

    ``counts`` images lie in the splits already; ``singles`` may still go anywhere.
    """
    for size in range(wanted, int(wanted * (1 - MOST_LEFT_OUT)), -1):
        pairs = zip(shares.target(size), counts, strict=True)
        if sum(max(want - have, 0) for want, have in pairs) <= singles:
            return size
    return 0


def _nearest(shares: Shares, counts: list[int], singles: int, wanted: int) -> tuple[int, ...]:
    """Return the counts nearest to the shares of the wanted images, leaving out none of them."""
    target = shares.target(wanted)
    missing = [max(want - have, 0) for want, have in zip(target, counts, strict=True)]
    given = min(singles, sum(missing))
    ends = [
        sum(missing[: split + 1]) * given // max(sum(missing), 1) for split in range(len(missing))
    ]
    filled = [
        have + end - start for have, start, end in zip(counts, [0, *ends], ends, strict=False)
    ]
    surplus = sum(filled) - wanted
    kept = []
    for have, want in zip(filled, target, strict=True):
        less = min(surplus, max(have - want, 0))
        surplus -= less
        kept.append(have - less)
    return tuple(kept)
