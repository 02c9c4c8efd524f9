"""Parts a dataset into train, validation and test so that related images never part.

    shares = parse_shares("80/5/15")
    assignment = assign(keys, shares, salt="2026")
    assignment.codes[place]  # an index into shares.names, BRIDGE or SURPLUS

Images that share a key (near-duplicate group, author, landing page, burst: see ``groups``) or a
link make a group, and a group lies in one split. ``keys`` are those of *all* images of the
catalog, oldest first, dropped and superseded ones too: so it does not matter to an image which
others are released beside it, and a release of one class has the splits of the whole.

Shares that are not exact are kept by chance, for ever: the salted hash of a group's oldest image
decides for the group, and what comes later cannot move what is there. An image that would join
two groups of different splits is a ``BRIDGE``: it is left out, and joins neither.

Exact shares are counted out: see ``quotas``. They hold to the image, and not for ever: a grown
catalog is dealt out anew.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from hashlib import blake2b
from typing import TYPE_CHECKING

import numpy as np

from carsets.problems import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from carsets.release.groups import GroupKeys

BRIDGE = -1  # related to images of two splits: left out
SURPLUS = -2  # exact shares only: left out so that the counts come out even


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
    scale = np.lcm.reduce([part.denominator for part in parts])
    return Shares(names, tuple(int(part * int(scale)) for part in parts))


@dataclass(frozen=True, slots=True)
class ClassQuota:
    """How exact shares came out for one class."""

    class_code: int
    available: int  # images that could have been released
    counts: tuple[int, ...]  # images of each split, in the order of the names
    target: tuple[int, ...]  # what the shares of these images are
    left_out: int  # images left out to get there

    @property
    def off(self) -> int:
        """How many images lie in a wrong split; 0 when the counts are exact."""
        return (
            sum(abs(have - want) for have, want in zip(self.counts, self.target, strict=True)) // 2
        )


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which split each image belongs to."""

    shares: Shares
    codes: NDArray[np.int8]  # as long as the keys: index into the names, BRIDGE or SURPLUS
    quotas: Sequence[ClassQuota] = field(default=())  # exact shares only: one a class

    @property
    def names(self) -> tuple[str, ...]:
        """The splits, in the order of their codes."""
        return self.shares.names

    def counts(self, chosen: NDArray[np.bool_] | None = None) -> dict[str, int]:
        """Return how many images each split has, of those that are chosen."""
        codes = self.codes if chosen is None else self.codes[chosen]
        return {name: int(np.sum(codes == code)) for code, name in enumerate(self.names)}

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
    (those that a filter or a cap leaves out for this one release are among them, or that release
    would have splits of its own), ``classes`` the class of each image (-1: none), ``per_class``
    how many images of a class are wanted at most. Not chosen images get BRIDGE or any split.
    """
    raise NotImplementedError


def split_by_chance(image_id: int, shares: Shares, salt: str) -> int:
    """Return the split that the salted hash of an image's id draws."""
    draw = blake2b(image_id.to_bytes(8), key=salt_key(salt), digest_size=8).digest()
    place = int.from_bytes(draw) * sum(shares.weights) >> 64
    for code, weight in enumerate(shares.weights):
        place -= weight
        if place < 0:
            return code
    raise AssertionError  # place is below the sum of the weights


def salt_key(salt: str) -> bytes:
    """Return the salt as a key of blake2b, which may be 64 bytes long."""
    return blake2b(salt.encode("utf-8", "surrogatepass")).digest()
