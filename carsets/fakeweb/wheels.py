"""Draws the wheels of a vehicle."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from carsets.fakeweb.canvas import Canvas, Color, Point
    from carsets.fakeweb.projection import Camera

_TIRE: Color = (24, 24, 27)
_TREAD: Color = (18, 18, 20)
_TIRE_WIDTH = 0.22  # meters
_RIM: Color = (176, 180, 186)
_CIRCLE = [(math.cos(a * math.tau / 28), math.sin(a * math.tau / 28)) for a in range(28)]
_SPOKES = 5


def disc(camera: Camera, x: float, y: float, z: float, radius: float) -> list[Point]:
    """Return the outline of an upright disc that stands along the vehicle."""
    return [camera.project((x + c * radius, y, z + s * radius)) for c, s in _CIRCLE]


def draw_tread(canvas: Canvas, camera: Camera, hub: tuple[float, float], radius: float) -> None:
    """Draw a tire as seen from its end: what shows below the bumpers."""
    x, y = hub
    inner = disc(camera, x, y - math.copysign(_TIRE_WIDTH, y), radius, radius)
    outer = disc(camera, x, y, radius, radius)
    canvas.polygon(inner, _TREAD)
    for number, point in enumerate(outer):
        canvas.polygon([outer[number - 1], point, inner[number], inner[number - 1]], _TREAD)
    canvas.polygon(outer, _TREAD)


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
