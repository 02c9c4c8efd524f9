"""Draws images for people to look at: a random sample of the dataset, stratum by stratum.

Each image has a number that its id and the seed give it, and those with the smallest numbers are
taken: the same seed draws the same images on every machine, and whatever the crawl adds later
takes the place of few of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from carsets.catalog.fingerprints import KEPT
from carsets.problems import UserError
from carsets.release.draw import Draw
from carsets.release.groups import id_number
from carsets.release.label_texts import read_labels
from carsets.release.labels import LABELS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from carsets.catalog.release_rows import LightRow, ReleaseRows

FACTS = ("source", "license", "view", "verdict")
STRATA = (*FACTS, *LABELS)  # by what a sample can be stratified
NONE = "(none)"
OTHERS = "(others)"  # strata too small for one image each, together
MOST_IMAGES = 1_000_000


@dataclass(frozen=True, slots=True)
class Population:
    """The images that a sample is drawn from; one place in every array each."""

    seq: NDArray[np.int64]
    key: NDArray[np.uint64]  # the first 64 bits of the id
    stratum: NDArray[np.int32]
    names: list[str]  # of the strata


@dataclass(frozen=True, slots=True)
class Sample:
    """Images in the order in which they are looked at: wherever one stops, it is a sample."""

    seq: NDArray[np.int64]
    stratum: NDArray[np.int64]
    names: list[str]
    sizes: list[int]  # images of each stratum

    def plan(self, strata: tuple[str, ...], seed: str, least: int) -> dict[str, Any]:
        """Return what draws it again, and what each of its images stands for."""
        return {
            "strata": list(strata),
            "seed": seed,
            "least": least,
            "names": self.names,
            "sizes": self.sizes,
            "stratum": self.stratum.tolist(),
        }


def read_strata(text: str) -> tuple[str, ...]:
    """Return the names of ``source,make``; () for "none". Raises UserError for unknown ones."""
    names = tuple(dict.fromkeys(text.replace(",", " ").split()))
    if names == ("none",):
        return ()
    unknown = [name for name in names if name not in STRATA]
    if unknown or not names:
        raise UserError(
            f"--strata {text[:80]!r}: expected some of {', '.join(STRATA)}, or none alone"
        )
    return names


def read_population(
    rows: ReleaseRows,
    strata: tuple[str, ...],
    *,
    with_review: bool = False,
    advance: Callable[[int], None] = lambda _: None,
) -> Population:
    """Return today's dataset as the machines made it, whatever people said of it since.

    So what people find wrong is what was wrong with the machines' word, and they can go on
    correcting the dataset without spoiling the estimate.
    """
    wanted = KEPT if with_review else ("keep",)
    seq: list[NDArray[np.int64]] = [np.empty(0, np.int64)]
    key: list[NDArray[np.uint64]] = [np.empty(0, np.uint64)]
    stratum: list[NDArray[np.int32]] = [np.empty(0, np.int32)]
    names: dict[str, int] = {}
    for chunk in rows.light():
        some = [row for row in chunk if row.verdict in wanted]
        seq.append(np.array([row.seq for row in some], np.int64))
        key.append(np.array([id_number(row.image_id) for row in some], np.uint64))
        codes = [names.setdefault(_name(row, strata), len(names)) for row in some]
        stratum.append(np.array(codes, np.int32))
        advance(len(chunk))
    return Population(
        np.concatenate(seq), np.concatenate(key), np.concatenate(stratum), list(names)
    )


def _name(row: LightRow, strata: tuple[str, ...]) -> str:
    labels = read_labels(row.labels)
    values = (getattr(row, name) if name in FACTS else labels.get(name) for name in strata)
    return " / ".join(value or NONE for value in values) or "all"


def draw_sample(population: Population, count: int, seed: str, least: int = 0) -> Sample:
    """Draw ``count`` images, from each stratum in proportion, but ``least`` where it has them.

    With ``least`` 0, strata that would get less than one image are one stratum together. Raises
    UserError when there are no images, or too many strata for so few.
    """
    if not len(population.seq):
        raise UserError("no image is in the dataset yet: there is nothing to check")
    count = min(count, len(population.seq))
    stratum, names = _named(population, count, merge=not least)
    sizes = np.bincount(stratum, minlength=len(names))
    taken = allocate(sizes, count, least)
    order = np.lexsort((population.key, Draw(f"spotcheck {seed}").numbers(population.key)))
    # Of the images of a stratum, in the order of their numbers, the first ones.
    by_stratum = order[np.argsort(stratum[order], kind="stable")]
    starts = np.cumsum(sizes) - sizes
    rank = np.arange(len(by_stratum)) - np.repeat(starts, sizes)
    chosen = np.zeros(len(stratum), np.bool_)
    chosen[by_stratum[rank < np.repeat(taken, sizes)]] = True
    picked = order[chosen[order]]
    return Sample(population.seq[picked], stratum[picked], names, sizes.tolist())


def _named(
    population: Population, count: int, *, merge: bool
) -> tuple[NDArray[np.int64], list[str]]:
    """Return the strata in the order of their names; small ones as one, if they are to be."""
    sizes = np.bincount(population.stratum, minlength=len(population.names))
    small = sizes * count < sizes.sum() if merge else np.zeros(len(sizes), np.bool_)
    if small.sum() == 1:  # nothing to put it together with
        small[:] = False
    last = int(small.sum() > 0)
    kept = sorted(np.flatnonzero(~small).tolist(), key=lambda code: population.names[code])
    number = np.full(len(sizes), len(kept), np.int64)
    number[kept] = np.arange(len(kept))
    names = [population.names[code] for code in kept] + [OTHERS] * last
    return number[population.stratum], names


def allocate(sizes: NDArray[np.int64], count: int, least: int) -> NDArray[np.int64]:
    """Return how many images each stratum gives, ``count`` in all.

    In proportion by largest remainders, the first of equal ones first, after ``least`` of each.
    Raises UserError when ``least`` of each are more than ``count``.
    """
    taken = np.minimum(sizes, least)
    if taken.sum() > count:
        raise UserError(
            f"{len(sizes):,} strata of at least {least:,} images are {int(taken.sum()):,}, and "
            f"{count:,} are wanted: ask for more (-n), or for fewer strata"
        )
    whole = sizes * count
    target: NDArray[np.int64] = np.maximum(taken, np.minimum(whole // sizes.sum(), sizes))
    while target.sum() > count:  # the least of small strata is taken from the large ones
        over = np.argmax(np.where(target > taken, target / sizes, -1.0))
        target[over] -= 1
    remainder = np.where(target < sizes, whole / sizes.sum() - target, -np.inf)
    while target.sum() < count:
        under = int(np.argmax(remainder))
        target[under] += 1
        remainder[under] = remainder[under] - 1 if target[under] < sizes[under] else -np.inf
    return target


def check_id(plan: dict[str, Any], image_ids: list[str]) -> str:
    """Return the name of a sample: the same for the same images, drawn for the same strata."""
    text = repr((plan["strata"], plan["names"], plan["sizes"], image_ids))
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
