"""Draws what is above the doors: roof, pillars and windows, or the open cabin."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from carsets.fakeweb.canvas import mix, shade
from carsets.fakeweb.outlines import reach_top

if TYPE_CHECKING:
    from carsets.fakeweb.projection import Vector
    from carsets.fakeweb.vehicles import VehicleArtist

GLASS = (34, 44, 54)


def _lean(artist: VehicleArtist, z: float) -> float:
    """Return the half width of the cabin at a height."""
    low = min(point[1] for point in artist.shape.cabin)
    high = max(point[1] for point in artist.shape.cabin)
    return artist.half - 0.06 - artist.shape.roof_inset * (z - low) / (high - low)


def _glass(artist: VehicleArtist, points: list[Vector]) -> None:
    """Draw a window: dark, with the sky in its upper part."""
    stops = (mix(GLASS, artist.paint.sky, 0.52), mix(GLASS, artist.paint.sky, 0.22), GLASS, GLASS)
    artist.canvas.gradient_polygon([artist.camera.project(point) for point in points], stops)


def draw_glass_house(artist: VehicleArtist) -> None:
    """Draw roof, pillars and windows."""
    for a, b in zip(artist.cabin, artist.cabin[1:], strict=False):
        dx, dz = b[0] - a[0], b[1] - a[1]
        size = math.hypot(dx, dz) or 1.0
        normal: Vector = (dz / size, 0.0, -dx / size)
        if artist.camera.sees(normal, (a[0], 0.0, a[1])):
            wa, wb = _lean(artist, a[1]), _lean(artist, b[1])
            quad: list[Vector] = [(a[0], -wa, a[1]), (a[0], wa, a[1])]
            quad += [(b[0], wb, b[1]), (b[0], -wb, b[1])]
            artist.face(quad, artist.lit(normal, artist.paint.color))
    _slope_window(artist, artist.shape.cabin[0], artist.shape.cabin[1])
    if artist.shape.glass_until < -5:
        _slope_window(artist, artist.shape.cabin[-1], artist.shape.cabin[-2])
    if artist.side_seen:
        _side_windows(
            artist,
        )
    if artist.shape.roof_rails:
        high = artist.shape.cabin[2][1] + 0.03
        y = artist.side * (_lean(artist, high) - 0.03)
        rail: list[Vector] = [(artist.shape.cabin[1][0] - 0.2, y, high)]
        rail.append((artist.shape.cabin[-2][0] + 0.1, y, high))
        scale = artist.camera.focal / artist.camera.distance
        artist.canvas.line([artist.camera.project(p) for p in rail], (150, 152, 156), 0.03 * scale)


def _slope_window(
    artist: VehicleArtist, foot: tuple[float, float], top: tuple[float, float]
) -> None:
    """Draw the windshield or the rear window when it is seen."""
    dx, dz = top[0] - foot[0], top[1] - foot[1]
    sign = 1.0 if foot[0] > 0 else -1.0
    normal: Vector = (sign * abs(dz), 0.0, abs(dx))
    if not artist.camera.sees(normal, (foot[0], 0.0, foot[1])):
        return
    corners: list[Vector] = []
    for share, inset in ((0.10, 0.10), (0.90, 0.09)):
        x, z = foot[0] + dx * share, foot[1] + dz * share
        y = _lean(artist, z) - inset
        corners += [(x, -y, z), (x, y, z)] if share < 0.5 else [(x, y, z), (x, -y, z)]
    _glass(artist, corners)


def _side_windows(artist: VehicleArtist) -> None:
    """Draw the near side of the cabin: metal first, then the windows in it."""
    side: list[Vector] = [(x, artist.side * _lean(artist, z), z) for x, z in artist.cabin]
    stops = (shade(artist.paint.color, 1.04, 8), shade(artist.paint.color, 0.86))
    artist.canvas.gradient_polygon([artist.camera.project(point) for point in side], stops)
    low = min(z for _, z in artist.shape.cabin) + 0.05
    high = max(z for _, z in artist.shape.cabin) - 0.09
    edges = [x for x in artist.shape.pillars if x > artist.shape.glass_until]
    front = max(x for x, _ in artist.shape.cabin)
    rear = max(min(x for x, _ in artist.shape.cabin), artist.shape.glass_until)
    for start, end in zip([front, *edges], [*edges, rear], strict=True):
        _side_window(artist, start - 0.035, end + 0.035, low, high)
    mirror = artist.shape.cabin[0]
    x, z = mirror[0] - 0.28, mirror[1] + 0.16
    center = artist.camera.project((x, artist.side * (artist.half + 0.08), z))
    scale = artist.camera.focal / artist.camera.distance
    artist.canvas.ellipse(*center, 0.10 * scale, 0.075 * scale, shade(artist.paint.color, 0.7))


def _side_window(artist: VehicleArtist, start: float, end: float, low: float, high: float) -> None:
    """Draw one window between two pillars, cut off by the slopes of front and rear."""
    steps = 8
    tops: list[Vector] = []
    bottoms: list[Vector] = []
    for step in range(steps + 1):
        x = start + (end - start) * step / steps
        z = min(high, reach_top(artist.cabin, x) - 0.09)
        if z > low + 0.02:
            tops.append((x, artist.side * _lean(artist, z), z))
            bottoms.append((x, artist.side * _lean(artist, low), low))
    if len(tops) > 1:
        _glass(artist, tops + bottoms[::-1])


def draw_open_cabin(artist: VehicleArtist) -> None:
    """Draw a windshield frame, seats and an opening instead of a roof."""
    (fx, fz), (tx, tz) = artist.shape.cabin[0], artist.shape.cabin[1]
    rear_x, rear_z = artist.shape.cabin[-1]
    y = artist.half - 0.16
    hole: list[Vector] = [(fx - 0.1, -y, fz + 0.02), (fx - 0.1, y, fz + 0.02)]
    hole += [(rear_x, y, rear_z + 0.02), (rear_x, -y, rear_z + 0.02)]
    artist.face(hole, (38, 30, 28))
    seat = (96, 62, 40)
    for x in (-0.35, -0.95):
        for where in sorted((-0.38, 0.38), key=lambda at: at * artist.side):
            back: list[Vector] = [(x, where - 0.24, fz - 0.02), (x, where + 0.24, fz - 0.02)]
            back += [(x - 0.12, where + 0.20, fz + 0.24), (x - 0.12, where - 0.20, fz + 0.24)]
            artist.face(back, seat)
            flank: list[Vector] = [(x + 0.05, where, fz - 0.02), (x - 0.2, where, fz - 0.02)]
            flank += [(x - 0.2, where, fz + 0.25), (x - 0.08, where, fz + 0.25)]
            artist.face(flank, shade(seat, 0.8))
    frame: list[Vector] = [(fx, -y, fz), (tx, -y + 0.14, tz), (tx, y - 0.14, tz), (fx, y, fz)]
    points = [artist.camera.project(point) for point in frame]
    artist.canvas.polygon(points, mix(GLASS, artist.paint.sky, 0.45))
    scale = artist.camera.focal / artist.camera.distance
    artist.canvas.line(points, shade(artist.paint.color, 0.6), 0.05 * scale)
