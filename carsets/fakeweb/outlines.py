"""Outlines of vehicles as lines in the plane: rounding them, measuring them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from carsets.fakeweb.body_shapes import Outline


def rounded(outline: Outline, rounds: int = 2) -> Outline:
    """Return an open outline with its corners cut (Chaikin), ends kept."""
    for _ in range(rounds):
        points = [outline[0]]
        for (ax, az), (bx, bz) in itertools.pairwise(outline):
            points.append((ax * 0.75 + bx * 0.25, az * 0.75 + bz * 0.25))
            points.append((ax * 0.25 + bx * 0.75, az * 0.25 + bz * 0.75))
        points.append(outline[-1])
        outline = tuple(points)
    return outline


def reach(outline: Outline, z: float, *, front: bool) -> float:
    """Return the x of an outline's front (or rear) end at a height."""
    found = [
        ax + (bx - ax) * (z - az) / (bz - az)
        for (ax, az), (bx, bz) in itertools.pairwise(outline)
        if min(az, bz) <= z <= max(az, bz) and az != bz
    ]
    if not found:
        found = [x for x, _ in outline]
    return max(found) if front else min(found)


def reach_top(outline: Outline, x: float) -> float:
    """Return the greatest height of an outline at a place."""
    found = [
        az + (bz - az) * (x - ax) / (bx - ax)
        for (ax, az), (bx, bz) in itertools.pairwise(outline)
        if min(ax, bx) <= x <= max(ax, bx) and ax != bx
    ]
    return max(found, default=0.0)
