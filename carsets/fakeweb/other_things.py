"""Draws what is not a vehicle: the pictures that a search for cars also brings."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from carsets.fakeweb.canvas import Canvas, mix, shade, vary
from carsets.fakeweb.creatures import draw_bird, draw_dog, draw_horse, draw_person, draw_shadow
from carsets.fakeweb.scenery import LIGHTS, draw_scenery
from carsets.fakeweb.still_lifes import STILL_LIFES

if TYPE_CHECKING:
    from carsets.fakeweb.scene import Scene

_PLACES = {"boat": ("beach",), "plane": ("field", "city", "beach"), "horse": ("field", "beach")}


def draw_other(canvas: Canvas, scene: Scene, rng: random.Random) -> None:
    """Draw the thing that the scene names, where such things are found."""
    ambient = LIGHTS[scene.light].ambient
    if scene.subject in STILL_LIFES:
        STILL_LIFES[scene.subject](canvas, max(0.7, ambient), rng)
        return
    places = _PLACES.get(scene.subject, ())
    place = scene.background if not places or scene.background in places else rng.choice(places)
    horizon = canvas.height * rng.uniform(0.36, 0.52)
    draw_scenery(canvas, place, scene.light, horizon, rng)
    if scene.subject == "empty":
        return
    size = canvas.height * {"near": 0.8, "middle": 0.6, "far": 0.36}[scene.distance]
    foot = canvas.height * rng.uniform(0.82, 0.93)
    x = canvas.width * rng.uniform(0.38, 0.62)
    _THINGS[scene.subject](canvas, x, foot, size, ambient, rng)


def _tree(
    canvas: Canvas, x: float, foot: float, size: float, ambient: float, rng: random.Random
) -> None:
    draw_shadow(canvas, x, foot, size * 0.35)
    bark = shade((86, 62, 44), ambient)
    canvas.polygon(
        [
            (x - size * 0.07, foot),
            (x - size * 0.03, foot - size * 0.6),
            (x + size * 0.04, foot - size * 0.6),
            (x + size * 0.08, foot),
        ],
        bark,
    )
    leaf = shade(
        vary(rng, rng.choice(((58, 112, 48), (96, 124, 44), (176, 104, 40), (200, 160, 60))), 16),
        ambient,
    )
    for layer in range(70):
        angle, r = rng.uniform(0, math.tau), rng.random() ** 0.5
        dx, dy = math.cos(angle) * r * size * 0.38, math.sin(angle) * r * size * 0.30
        tone = shade(leaf, 0.6 + 0.6 * layer / 70 - dy / size * 0.5)
        canvas.ellipse(x + dx, foot - size * 0.72 + dy, size * 0.085, size * 0.07, tone)


def _house(
    canvas: Canvas, x: float, foot: float, size: float, ambient: float, rng: random.Random
) -> None:
    w, h = size * 0.62, size * 0.5
    wall = shade(
        vary(
            rng, rng.choice(((226, 214, 190), (184, 110, 90), (206, 214, 220), (236, 226, 170))), 10
        ),
        ambient,
    )
    canvas.gradient_polygon(
        [(x - w, foot), (x - w, foot - h), (x + w, foot - h), (x + w, foot)],
        (wall, shade(wall, 0.85)),
    )
    roof = shade(vary(rng, rng.choice(((132, 58, 44), (72, 74, 80), (106, 82, 62))), 10), ambient)
    canvas.polygon(
        [
            (x - w * 1.1, foot - h),
            (x - w * 0.5, foot - h * 1.75),
            (x + w * 0.5, foot - h * 1.75),
            (x + w * 1.1, foot - h),
        ],
        roof,
    )
    canvas.box(x + w * 0.3, foot - h * 1.95, x + w * 0.45, foot - h * 1.5, shade(roof, 0.8))
    pane = (246, 214, 140) if ambient < 0.8 else (96, 124, 150)
    for at in (-0.68, -0.28, 0.5):
        for level in (0.78,):
            cx, cy = x + at * w, foot - h * level
            canvas.box(cx - w * 0.13, cy, cx + w * 0.13, cy + h * 0.34, (240, 240, 236))
            canvas.box(cx - w * 0.11, cy + h * 0.02, cx + w * 0.11, cy + h * 0.32, pane)
            canvas.line([(cx, cy), (cx, cy + h * 0.34)], (240, 240, 236), 3)
    canvas.box(x + w * 0.02, foot - h * 0.62, x + w * 0.26, foot, shade((110, 62, 40), ambient))
    canvas.ellipse(x + w * 0.22, foot - h * 0.3, 3, 3, (220, 200, 120))


def _boat(
    canvas: Canvas, x: float, foot: float, size: float, ambient: float, rng: random.Random
) -> None:
    sea = shade((40, 98, 132), ambient)
    top = canvas.height * 0.55
    canvas.gradient(top, canvas.height, (sea, shade(sea, 0.7)))
    for _ in range(90):
        y, at = rng.uniform(top, canvas.height), rng.uniform(0, canvas.width)
        canvas.line(
            [(at, y), (at + rng.uniform(12, 60), y)],
            mix(sea, (236, 244, 248), rng.uniform(0.1, 0.5)),
            1.2,
        )
    hull = shade(
        vary(rng, rng.choice(((232, 232, 228), (150, 40, 40), (36, 60, 110))), 10), ambient
    )
    y = foot - size * 0.12
    canvas.polygon(
        [
            (x - size * 0.62, y - size * 0.16),
            (x + size * 0.68, y - size * 0.2),
            (x + size * 0.44, y + size * 0.04),
            (x - size * 0.48, y + size * 0.04),
        ],
        hull,
    )
    canvas.polygon(
        [
            (x - size * 0.5, y),
            (x + size * 0.5, y - size * 0.01),
            (x + size * 0.44, y + size * 0.05),
            (x - size * 0.48, y + size * 0.05),
        ],
        shade(hull, 0.5),
    )
    if rng.random() < 0.6:
        canvas.line([(x, y - size * 0.17), (x, y - size * 1.05)], (120, 96, 70), size * 0.02)
        canvas.polygon(
            [
                (x + size * 0.03, y - size * 1.0),
                (x + size * 0.03, y - size * 0.26),
                (x + size * 0.5, y - size * 0.28),
            ],
            shade((240, 238, 230), ambient),
        )
        canvas.polygon(
            [
                (x - size * 0.03, y - size * 0.92),
                (x - size * 0.03, y - size * 0.26),
                (x - size * 0.36, y - size * 0.26),
            ],
            shade((222, 220, 214), ambient),
        )
    else:
        canvas.box(
            x - size * 0.28,
            y - size * 0.42,
            x + size * 0.16,
            y - size * 0.18,
            shade((236, 236, 232), ambient),
        )
        for pane in range(3):
            canvas.box(
                x - size * (0.24 - pane * 0.13),
                y - size * 0.37,
                x - size * (0.15 - pane * 0.13),
                y - size * 0.28,
                (60, 84, 104),
            )


def _plane(
    canvas: Canvas, x: float, foot: float, size: float, ambient: float, rng: random.Random
) -> None:
    y, way = canvas.height * rng.uniform(0.22, 0.42), rng.choice((-1.0, 1.0))
    white = shade((232, 234, 238), max(0.7, ambient))
    accent = shade(
        vary(rng, rng.choice(((190, 40, 44), (36, 76, 160), (230, 140, 40))), 12), ambient
    )
    canvas.polygon(
        [
            (x - way * size * 0.5, y),
            (x - way * size * 0.66, y - size * 0.26),
            (x - way * size * 0.56, y - size * 0.26),
            (x - way * size * 0.34, y - size * 0.04),
        ],
        accent,
    )
    canvas.polygon(
        [
            (x + way * size * 0.08, y - size * 0.02),
            (x - way * size * 0.1, y - size * 0.24),
            (x - way * size * 0.18, y - size * 0.24),
            (x - way * size * 0.12, y),
        ],
        shade(white, 0.8),
    )
    canvas.ellipse(x, y, size * 0.62, size * 0.075, white)
    canvas.box(x - size * 0.4, y + size * 0.01, x + size * 0.4, y + size * 0.03, accent)
    for pane in range(14):
        canvas.ellipse(
            x + (pane - 7) * size * 0.055, y - size * 0.02, size * 0.01, size * 0.013, (60, 72, 88)
        )
    canvas.polygon(
        [
            (x + way * size * 0.12, y + size * 0.03),
            (x - way * size * 0.24, y + size * 0.34),
            (x - way * size * 0.34, y + size * 0.34),
            (x - way * size * 0.16, y + size * 0.03),
        ],
        shade(white, 0.9),
    )
    canvas.ellipse(
        x - way * size * 0.02, y + size * 0.14, size * 0.075, size * 0.035, shade(white, 0.6)
    )


_Thing = Callable[[Canvas, float, float, float, float, random.Random], None]
_THINGS: dict[str, _Thing] = {
    "tree": _tree,
    "house": _house,
    "dog": draw_dog,
    "horse": draw_horse,
    "bird": draw_bird,
    "person": draw_person,
    "boat": _boat,
    "plane": _plane,
}
