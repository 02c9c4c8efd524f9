"""Draws the front and the rear of a vehicle: lamps, grille, bumpers, number plates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import ImageFont

from carsets.fakeweb.canvas import Color, mix, shade
from carsets.fakeweb.outlines import reach

if TYPE_CHECKING:
    from carsets.fakeweb.projection import Vector
    from carsets.fakeweb.vehicles import VehicleArtist

_LAMP: Color = (222, 228, 234)
_TAIL: Color = (150, 14, 18)


def _panel(artist: VehicleArtist, y0: float, y1: float, z0: float, z1: float, color: Color) -> None:
    """Fill a rectangle on the end of the body, following its slope."""
    front = artist.front_seen
    out = 0.012 if front else -0.012
    low, high = (reach(artist.deck, z, front=front) + out for z in (z0, z1))
    quad: list[Vector] = [(low, y0, z0), (low, y1, z0), (high, y1, z1), (high, y0, z1)]
    artist.face(quad, color)


def _levels(artist: VehicleArtist) -> tuple[float, float]:
    """Return the heights between which the end of the body stands upright."""
    points = artist.shape.deck
    edge = points[:4] if artist.front_seen else points[-4:]
    heights = sorted(z for _, z in edge)
    return heights[0], heights[-1]


def draw_front(artist: VehicleArtist) -> None:
    """Draw headlights, grille, lower intake and plate."""
    low, high = _levels(artist)
    size = high - low
    half = artist.half
    _panel(artist, -half * 0.50, half * 0.50, low + size * 0.56, low + size * 0.80, (20, 21, 24))
    for bar in (0.62, 0.68, 0.74):
        z = low + size * bar
        _panel(artist, -half * 0.48, half * 0.48, z, z + 0.012, (128, 131, 136))
    _panel(artist, -half * 0.08, half * 0.08, low + size * 0.64, low + size * 0.74, (190, 192, 196))
    _panel(artist, -half * 0.72, half * 0.72, low + size * 0.06, low + size * 0.26, (26, 27, 30))
    for side in (-1.0, 1.0):
        y0, y1 = side * half * 0.55, side * half * 0.90
        _panel(artist, y0, y1, low + size * 0.56, low + size * 0.82, (52, 55, 60))
        bright: Color = (255, 250, 226) if artist.paint.lamps_on else _LAMP
        _panel(
            artist,
            side * half * 0.58,
            side * half * 0.87,
            low + size * 0.60,
            low + size * 0.79,
            bright,
        )
        if artist.paint.lamps_on:
            _glow(artist, side * half * 0.72, low + size * 0.7, (255, 244, 200))
    _plate(artist, low + size * 0.30)


def draw_rear(artist: VehicleArtist) -> None:
    """Draw tail lights, the edge of the lid, bumper and plate."""
    low, high = _levels(artist)
    size = high - low
    half = artist.half
    _panel(artist, -half * 0.80, half * 0.80, low + size * 0.04, low + size * 0.20, (34, 35, 38))
    _panel(
        artist,
        -half * 0.86,
        half * 0.86,
        low + size * 0.40,
        low + size * 0.42,
        shade(artist.paint.color, 0.4),
    )
    for side in (-1.0, 1.0):
        color: Color = (255, 40, 34) if artist.paint.lamps_on else _TAIL
        _panel(
            artist,
            side * half * 0.58,
            side * half * 0.92,
            low + size * 0.56,
            low + size * 0.84,
            shade(color, 0.7),
        )
        _panel(
            artist,
            side * half * 0.61,
            side * half * 0.90,
            low + size * 0.62,
            low + size * 0.80,
            color,
        )
        if artist.paint.lamps_on:
            _glow(artist, side * half * 0.75, low + size * 0.7, (255, 60, 40))
    _plate(artist, low + size * 0.48)


def draw_cargo_rear(artist: VehicleArtist) -> None:
    """Draw the bar with lamps below the box of a truck."""
    if artist.shape.cargo is None:
        return
    x, half, floor = artist.shape.cargo[1] - 0.02, artist.half, artist.shape.cargo[2]

    def panel(y0: float, y1: float, z0: float, z1: float, color: Color) -> None:
        artist.face([(x, y0, z0), (x, y1, z0), (x, y1, z1), (x, y0, z1)], color)

    panel(-half, half, floor - 0.42, floor - 0.02, (44, 45, 48))
    panel(-half * 0.9, half * 0.9, floor - 0.52, floor - 0.42, (196, 198, 200))
    panel(-0.27, 0.27, floor - 0.32, floor - 0.18, (236, 236, 228))
    color: Color = (255, 40, 34) if artist.paint.lamps_on else _TAIL
    for side in (-1.0, 1.0):
        panel(side * half * 0.62, side * half * 0.94, floor - 0.36, floor - 0.12, color)


def _glow(artist: VehicleArtist, y: float, z: float, color: Color) -> None:
    x, top = artist.camera.project((reach(artist.deck, z, front=artist.front_seen), y, z))
    radius = 0.16 * artist.camera.focal / artist.camera.distance
    points = [(x - radius, top), (x, top - radius), (x + radius, top), (x, top + radius)]
    artist.canvas.blurred(points, color, 0.85, radius * 0.9)


def _plate(artist: VehicleArtist, z: float) -> None:
    """Draw the number plate; its text only where it is large enough to be read."""
    _panel(artist, -0.27, 0.27, z, z + 0.12, (236, 236, 228))
    x = reach(artist.deck, z, front=artist.front_seen)
    left, top = artist.camera.project((x, 0.23 if not artist.front_seen else -0.23, z + 0.11))
    right, bottom = artist.camera.project((x, -0.23 if not artist.front_seen else 0.23, z + 0.01))
    height = bottom - top
    if height < 7 or abs(right - left) < height * 2.5:
        return
    font = ImageFont.load_default(size=height * 2)
    at = (min(left, right) * 2, top * 2)
    artist.canvas.draw.text(
        at, artist.paint.plate, fill=mix((20, 20, 40), (0, 0, 0), 0.5), font=font
    )
