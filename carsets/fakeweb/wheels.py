"""Draws the wheels of a vehicle."""

from __future__ import annotations

import math

from carsets.fakeweb.canvas import Canvas, Color, Point
from carsets.fakeweb.projection import Camera

_TIRE: Color = (24, 24, 27)
_RIM: Color = (176, 180, 186)
_CIRCLE = [(math.cos(a * math.tau / 28), math.sin(a * math.tau / 28)) for a in range(28)]
_SPOKES = 5


def disc(camera: Camera, x: float, y: float, z: float, radius: float) -> list[Point]:
    """Return the outline of an upright disc that stands along the vehicle."""
    return [camera.project((x + c * radius, y, z + s * radius)) for c, s in _CIRCLE]


def draw_tread(canvas: Canvas, camera: Camera, hub: tuple[float, float], radius: float) -> None:
    """Draw a tire as seen from its end: what shows below the bumpers."""
    x, y = hub
    inward = -0.22 if y > 0 else 0.22
    for step in range(5):
        canvas.polygon(disc(camera, x, y + inward * (1 - step / 4), radius, radius), (18, 18, 20))


def draw_arch(canvas: Canvas, camera: Camera, hub: tuple[float, float], radius: float) -> None:
    """Cut the dark hole of the wheel arch."""
    canvas.polygon(disc(camera, hub[0], hub[1], radius * 1.02, radius * 1.16), (12, 12, 14))


def draw_wheel(canvas: Canvas, camera: Camera, hub: tuple[float, float], radius: float) -> None:
    """Draw the outer face of a wheel: tire, rim, spokes."""
    x, y = hub
    canvas.polygon(disc(camera, x, y, radius, radius), _TIRE)
    canvas.polygon(disc(camera, x, y, radius, radius * 0.93), (34, 34, 38))
    canvas.polygon(disc(camera, x, y, radius, radius * 0.68), (120, 124, 130))
    canvas.polygon(disc(camera, x, y, radius, radius * 0.62), (30, 31, 34))
    width = max(0.8, 0.11 * radius * camera.focal / camera.distance)
    center = camera.project((x, y, radius))
    for spoke in range(_SPOKES):
        angle = spoke * math.tau / _SPOKES + x
        tip = (x + math.cos(angle) * radius * 0.64, y, radius + math.sin(angle) * radius * 0.64)
        canvas.line([center, camera.project(tip)], _RIM, width)
    canvas.polygon(disc(camera, x, y, radius, radius * 0.16), _RIM)
