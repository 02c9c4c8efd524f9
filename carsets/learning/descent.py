"""The least value of a smooth convex function: L-BFGS (Liu and Nocedal, 1989).

The same function and start give the same point: there is no chance in it.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Point = NDArray[np.float64]

MEMORY = 10  # steps that are remembered
ENOUGH = 1e-4  # of the decrease that the slope promises, for a step to be taken
LEAST_STEP = 1e-8  # of a direction; below, rounding decides


def minimize(
    slope_at: Callable[[Point], tuple[float, Point]],
    start: Point,
    *,
    rounds: int,
    flat: float,
    advance: Callable[[int], None] = lambda _: None,
) -> Point:
    """Return where a function is least, or what ``rounds`` steps have reached.

    ``slope_at`` returns value and slope at a point (a vector). A point is good enough when no
    number of its slope is above ``flat``.
    """
    point = start
    value, slope = slope_at(point)
    memory: deque[tuple[Point, Point]] = deque(maxlen=MEMORY)
    for _ in range(rounds):
        if np.abs(slope).max() <= flat:
            break
        direction = -_bent(slope, memory)
        downhill = float(direction @ slope)
        size = 1.0 if memory else 1.0 / max(1.0, float(np.linalg.norm(slope)))
        while True:
            there = point + size * direction
            new_value, new_slope = slope_at(there)
            if new_value <= value + ENOUGH * size * downhill:
                break
            size /= 2
            if size < LEAST_STEP:
                return point
        step, change = there - point, new_slope - slope
        if step @ change > 0:  # of a convex function it is, but for rounding
            memory.append((step, change))
        point, value, slope = there, new_value, new_slope
        advance(1)
    return point


def _bent(slope: Point, memory: deque[tuple[Point, Point]]) -> Point:
    """Return the slope times what the last steps tell of the inverse curvature."""
    bent = slope.copy()
    shares = []
    for step, change in reversed(memory):
        share = (step @ bent) / (step @ change)
        bent -= share * change
        shares.append(share)
    if memory:
        step, change = memory[-1]
        bent *= (step @ change) / (change @ change)
    for (step, change), share in zip(memory, reversed(shares), strict=True):
        bent += (share - (change @ bent) / (step @ change)) * step
    return bent
