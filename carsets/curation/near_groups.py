"""Groups of copies of one picture, none of them far from the copy that stands for the group.

The best image takes all copies that are near *itself*; what is left goes on with the next best.
So no chain of small steps joins two different pictures: a group's diameter is at most twice the
distance at which two images are copies. Best is, as everywhere: the more open license, then the
larger picture, then the heavier file; then what was fetched first. Nothing depends on the order of
the rows.

People's words on pairs come first: what they call one picture is in one group, and what they call
different never is, whatever the fingerprints say.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Places = NDArray[np.int64]


class Level(IntEnum):
    """How two images were found to be copies; the surest first."""

    REPRESENTATIVE = 0
    PEOPLE = 1
    FILES = 2
    HASH = 3
    MIRROR = 4
    FEATURES = 5


OWN = (Level.FILES, Level.FEATURES)  # found for an image itself, not for all that have its hashes


@dataclass(frozen=True, slots=True)
class Edges:
    """Pairs of places that may show one picture."""

    a: Places
    b: Places
    level: NDArray[np.uint8]
    distance: NDArray[np.int16]  # bits of the pHash; -1 where none was compared

    def __len__(self) -> int:
        return len(self.a)

    @classmethod
    def of(
        cls, a: Places, b: Places, level: Level, distance: NDArray[np.uint8] | None = None
    ) -> Edges:
        """Return the edges of pairs that were all found in one way."""
        bits = np.full(len(a), -1, np.int16) if distance is None else distance.astype(np.int16)
        return cls(a, b, np.full(len(a), level, np.uint8), bits)

    def where(self, chosen: NDArray[np.bool_]) -> Edges:
        """Return some of the edges."""
        return Edges(self.a[chosen], self.b[chosen], self.level[chosen], self.distance[chosen])

    def without(self, others: Edges) -> Edges:
        """Return the edges whose pairs are not among the others."""
        most = int(max(int(one.max(initial=0)) for one in (self.b, others.b, self.a, others.a)))
        mine, theirs = self._numbers(most + 1), others._numbers(most + 1)
        return self.where(~np.isin(mine, theirs))

    def _numbers(self, count: int) -> Places:
        """Return a number for each pair, the same whichever comes first."""
        numbers: Places = np.minimum(self.a, self.b) * count + np.maximum(self.a, self.b)
        return numbers

    def found_as(self, level: Level) -> Edges:
        """Return the same pairs as found in another way."""
        return Edges(self.a, self.b, np.full(len(self), level, np.uint8), self.distance)

    def first(self, count: int) -> Edges:
        """Return the first different pairs, in their order, at most so many."""
        numbers = self._numbers(1 + int(max(self.a.max(initial=0), self.b.max(initial=0))))
        _, at = np.unique(numbers, return_index=True)
        chosen = np.sort(at)[:count]
        return Edges(self.a[chosen], self.b[chosen], self.level[chosen], self.distance[chosen])

    @classmethod
    def one_after_another(cls, some: Sequence[Edges]) -> Edges:
        """Return all edges as they stand."""
        return cls(
            np.concatenate([edges.a for edges in some]),
            np.concatenate([edges.b for edges in some]),
            np.concatenate([edges.level for edges in some]),
            np.concatenate([edges.distance for edges in some]),
        )

    @classmethod
    def joined(cls, some: Sequence[Edges]) -> Edges:
        """Return all edges, each pair once: as its surest, and then nearest, finder has it."""
        every = cls.one_after_another(some)
        low, high = np.minimum(every.a, every.b), np.maximum(every.a, every.b)
        order = np.lexsort((every.distance, every.level, high, low))
        low, high = low[order], high[order]
        first = np.ones(len(low), np.bool_)
        first[1:] = (low[1:] != low[:-1]) | (high[1:] != high[:-1])
        keep = order[first]
        return cls(low[first], high[first], every.level[keep], every.distance[keep])


@dataclass(frozen=True, slots=True)
class NearGroups:
    """The images that have copies, the representative of each group first."""

    place: Places
    leader: Places  # place of the representative
    level: NDArray[np.uint8]
    distance: NDArray[np.int16]  # to the representative; -1 where none was compared

    def __len__(self) -> int:
        return len(self.place)

    @property
    def copies(self) -> NDArray[np.bool_]:
        """Which of them are not the representative."""
        result: NDArray[np.bool_] = self.place != self.leader
        return result

    def edges(self) -> Edges:
        """Return each image with its representative."""
        return Edges(self.place, self.leader, self.level, self.distance)


def find_groups(
    edges: Edges,
    rank: NDArray[np.int64],
    same: Iterable[tuple[int, int]] = (),
    different: Iterable[tuple[int, int]] = (),
    twins: Places | None = None,
) -> NearGroups:
    """Return the groups. ``rank`` orders all places, 0 the best; no two share one.

    ``twins`` names for every place the one among those with the same hashes that has their edges.
    ``same`` and ``different`` are people's words on pairs of places. Where they contradict each
    other through a third image, "different" holds.
    """
    apart: dict[int, set[int]] = {}
    for one, two in different:
        apart.setdefault(one, set()).add(two)
        apart.setdefault(two, set()).add(one)
    units = _units(same, apart)
    neighbors = _Neighbors(edges, np.arange(len(rank)) if twins is None else twins)
    leaders = neighbors.known() | set(units)
    group_of: dict[int, int] = {}
    rows: list[tuple[int, int, int, int]] = []
    for leader in sorted(leaders, key=lambda place: int(rank[place])):
        if leader in group_of:
            continue
        members = {leader: (int(Level.REPRESENTATIVE), 0)}
        for place in units.get(leader, ()):
            members.setdefault(place, (int(Level.PEOPLE), -1))
        near = sorted(neighbors.of(leader), key=lambda edge: (edge[1], edge[2], int(rank[edge[0]])))
        for place, level, distance in near:
            unit = units.get(place, (place,))
            if place in members or any(one in group_of for one in unit):
                continue
            if any(apart.get(one, set()) & members.keys() for one in unit):
                continue
            members[place] = (level, distance)
            for one in unit:
                members.setdefault(one, (int(Level.PEOPLE), -1))
        if len(members) > 1:
            rows += [(place, leader, *how) for place, how in members.items()]
            group_of.update(dict.fromkeys(members, leader))
    table = np.array(rows, np.int64).reshape(-1, 4)
    return NearGroups(
        place=table[:, 0],
        leader=table[:, 1],
        level=table[:, 2].astype(np.uint8),
        distance=table[:, 3].astype(np.int16),
    )


def _units(
    same: Iterable[tuple[int, int]], apart: dict[int, set[int]]
) -> dict[int, tuple[int, ...]]:
    """Return what people call one picture: all images of it, for each of them."""
    unit_of: dict[int, set[int]] = {}
    for one, two in sorted(same):
        left, right = unit_of.get(one, {one}), unit_of.get(two, {two})
        if any(apart.get(place, set()) & right for place in left):
            continue
        together = left | right
        unit_of.update(dict.fromkeys(together, together))
    return {place: tuple(sorted(unit)) for place, unit in unit_of.items()}


class _Neighbors:
    """The edges of each place, found by bisection; what hashes say of one twin holds for all."""

    def __init__(self, edges: Edges, twins: Places) -> None:
        places = np.concatenate((edges.a, edges.b))
        order = np.argsort(places, kind="stable")
        self.places = places[order]
        self.others = np.concatenate((edges.b, edges.a))[order]
        self.levels = np.concatenate((edges.level, edges.level))[order]
        self.distances = np.concatenate((edges.distance, edges.distance))[order]
        self.twins_of: dict[int, list[int]] = {}  # by the one that has the edges
        self.bearer: dict[int, int] = {}
        bearers, counts = np.unique(twins, return_counts=True)
        several = np.zeros(len(twins), np.bool_)
        several[bearers[counts > 1]] = True
        for place in np.flatnonzero(several[twins]).tolist():
            bearer = self.bearer[place] = int(twins[place])
            self.twins_of.setdefault(bearer, []).append(place)

    def known(self) -> set[int]:
        return {*np.unique(self.places).tolist(), *self.bearer}

    def of(self, place: int) -> list[tuple[int, int, int]]:
        """Return place, level and distance of all that is near a place; some more than once."""
        near = self._edges(place)
        bearer = self.bearer.get(place)
        if bearer is not None:
            near = [edge for edge in near if edge[1] in OWN]
            near.append((bearer, int(Level.HASH), 0))
            near += [edge for edge in self._edges(bearer) if edge[1] != Level.FEATURES]
        spread = [
            (twin, level, distance)
            for other, level, distance in near
            if level != Level.FEATURES
            for twin in self.twins_of.get(other, ())
            if twin != place
        ]
        return near + spread

    def _edges(self, place: int) -> list[tuple[int, int, int]]:
        start, end = np.searchsorted(self.places, (place, place + 1))
        some = slice(int(start), int(end))
        return list(
            zip(
                self.others[some].tolist(),
                self.levels[some].tolist(),
                self.distances[some].tolist(),
                strict=True,
            )
        )
