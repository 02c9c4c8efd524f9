"""Parts a dataset into train, validation and test so that related images never part.

    shares = parse_shares("80/5/15")
    assignment = assign(keys, shares, salt="2026")
    assignment.codes[place]  # an index into shares.names, BRIDGE or SURPLUS

Images that share a key (near-duplicate group, author, landing page, burst: see ``groups``) or a
link make a group, and a group lies in one split. ``keys`` are those of *all* images of the
catalog, oldest first, dropped and superseded ones too: so it does not matter to an image which
others are released beside it, and a release of one class has the splits of the whole.

Shares that are not exact are kept by chance, for ever: the salted hash of what the oldest image of
a group is known by (its author, or else its page, or else its id) decides for the group, and what
comes later cannot move what is there. An image that would join two groups of different splits is a
``BRIDGE``: it is left out, and joins neither. What is removed moves nothing either, unless it was
the oldest of its group and the next one is known by another author or page.

Exact shares are counted out: see ``quotas``. They hold to the image, and not for ever: a grown
catalog is dealt out anew.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from carsets.release.draw import Draw
from carsets.release.groups import CHUNK, shared_keys
from carsets.release.quotas import BRIDGE, SURPLUS, deal_out
from carsets.release.shares import Shares, parse_shares

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from carsets.release.groups import GroupKeys
    from carsets.release.quotas import ClassQuota

__all__ = ["BRIDGE", "SURPLUS", "Assignment", "Shares", "assign", "parse_shares"]

NOBODY_YET = -1  # owns a key


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which split each image belongs to."""

    shares: Shares
    codes: NDArray[np.int8]  # as long as the keys: index into the names, BRIDGE or SURPLUS
    quotas: Sequence[ClassQuota] = ()  # exact shares only: one a class

    @property
    def names(self) -> tuple[str, ...]:
        """The splits, in the order of their codes."""
        return self.shares.names

    def counts(self, chosen: NDArray[np.bool_] | None = None) -> dict[str, int]:
        """Return how many images each split has, of those that are chosen."""
        codes = self.codes if chosen is None else self.codes[chosen]
        return {name: int(np.sum(codes == code)) for code, name in enumerate(self.names)}

    def bridges(self, chosen: NDArray[np.bool_] | None = None) -> int:
        """Return how many images are left out as bridges, of those that are chosen."""
        codes = self.codes if chosen is None else self.codes[chosen]
        return int(np.sum(codes == BRIDGE))

    def inexact(self) -> list[ClassQuota]:
        """Return the classes whose exact counts could not be reached."""
        return [quota for quota in self.quotas if quota.off]


def assign(
    keys: GroupKeys,
    shares: Shares,
    salt: str,
    *,
    chosen: NDArray[np.bool_] | None = None,
    classes: NDArray[np.int32] | None = None,
    per_class: int | None = None,
) -> Assignment:
    """Return the split of every image; deterministic, whatever the machine.

    The other arguments are for exact shares: ``chosen`` are the images that may be released
    (what a filter leaves out for one release belongs among them, or that release would have splits
    of its own; the others get any code), ``classes`` the class of each image (-1: none), and
    ``per_class`` how many images of a class are wanted at most.
    """
    if not shares.exact:
        return Assignment(shares, by_chance(keys, shares, salt))
    if chosen is None:
        chosen = np.ones(len(keys), np.bool_)
    if classes is None:
        classes = np.zeros(len(keys), np.int32)
    codes, class_quotas = deal_out(keys, shares, salt, chosen, classes, per_class)
    return Assignment(shares, codes, class_quotas)


def by_chance(keys: GroupKeys, shares: Shares, salt: str) -> NDArray[np.int8]:
    """Return the split of each image, as every older image without it has decided.

    A key belongs to the split of the first image that has it. So two groups of one split that
    meet in an image become one without further ado.
    """
    draw = Draw(salt)
    shared = shared_keys(keys)
    seeds = keys.seeds()
    codes = np.empty(len(keys), np.int8)
    alone = np.ones(len(keys), np.bool_)
    alone[shared.places] = False
    singles = np.flatnonzero(alone)
    for start in range(0, len(singles), CHUNK):
        some = singles[start : start + CHUNK]
        codes[some] = [draw.split(seed, shares) for seed in seeds[some].tolist()]
    owners = array("b", [NOBODY_YET]) * shared.count
    for place, mine in shared:
        known = {owners[key] for key in mine} - {NOBODY_YET}
        if len(known) > 1:
            codes[place] = BRIDGE
            continue
        code = known.pop() if known else draw.split(int(seeds[place]), shares)
        codes[place] = code
        for key in mine:
            owners[key] = code
    return codes
