"""Draws what is not a vehicle: the pictures that a search for cars also brings."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from carsets.fakeweb.canvas import Canvas, Color, mix, shade, vary
from carsets.fakeweb.scene import Scene
from carsets.fakeweb.scenery import LIGHTS, draw_scenery
from carsets.fakeweb.still_lifes import STILL_LIFES


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


def _shadow(canvas: Canvas, x: float, foot: float, half: float) -> None:
    points = [(x - half, foot), (x, foot - half * 0.16), (x + half, foot), (x, foot + half * 0.16)]
    canvas.blurred(points, (14, 14, 16), 0.6, half * 0.1)


def _tree(
    canvas: Canvas, x: float, foot: float, size: float, ambient: float, rng: random.Random
) -> None:
    _shadow(canvas, x, foot, size * 0.35)
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


def _four_legs(
    canvas: Canvas, x: float, foot: float, size: float, coat: Color, slim: float, rng: random.Random
) -> tuple[float, float, float]:
    """Draw a body on four legs; returns where the head goes and which way it looks."""
    way = rng.choice((-1.0, 1.0))
    _shadow(canvas, x, foot, size * 0.4)
    belly = foot - size * 0.34 * slim
    for at, tone in ((-0.26, 0.7), (0.2, 0.7), (-0.2, 0.92), (0.26, 0.92)):
        lx = x + at * size
        canvas.line(
            [(lx, belly - size * 0.08), (lx + rng.uniform(-0.03, 0.03) * size, foot)],
            shade(coat, tone),
            size * 0.06,
        )
    canvas.ellipse(x, belly - size * 0.1, size * 0.36, size * 0.15, coat)
    canvas.ellipse(x, belly - size * 0.14, size * 0.32, size * 0.09, shade(coat, 1.15))
    tail = [
        (x - way * size * 0.32, belly - size * 0.14),
        (x - way * size * 0.46, belly - size * 0.2),
        (x - way * size * 0.48, belly + size * 0.02),
    ]
    canvas.line(tail, shade(coat, 0.75), size * 0.035)
    return x + way * size * 0.36, belly - size * 0.22, way


def _dog(
    canvas: Canvas, x: float, foot: float, size: float, ambient: float, rng: random.Random
) -> None:
    size *= 0.8
    coat = shade(
        vary(rng, rng.choice(((146, 98, 56), (60, 54, 50), (208, 180, 136), (230, 226, 218))), 12),
        ambient,
    )
    hx, hy, way = _four_legs(canvas, x, foot, size, coat, 0.8, rng)
    canvas.line(
        [(hx - way * size * 0.1, hy + size * 0.1), (hx, hy - size * 0.06)], coat, size * 0.13
    )
    canvas.ellipse(
        hx + way * size * 0.02, hy - size * 0.1, size * 0.12, size * 0.105, shade(coat, 1.06)
    )
    canvas.ellipse(
        hx + way * size * 0.13, hy - size * 0.07, size * 0.08, size * 0.05, shade(coat, 0.95)
    )
    canvas.ellipse(
        hx + way * size * 0.20, hy - size * 0.09, size * 0.022, size * 0.018, (20, 18, 18)
    )
    canvas.ellipse(
        hx - way * size * 0.06, hy - size * 0.08, size * 0.045, size * 0.1, shade(coat, 0.6)
    )
    canvas.ellipse(
        hx + way * size * 0.05, hy - size * 0.13, size * 0.015, size * 0.018, (16, 14, 14)
    )


def _horse(
    canvas: Canvas, x: float, foot: float, size: float, ambient: float, rng: random.Random
) -> None:
    coat = shade(vary(rng, rng.choice(((112, 66, 38), (54, 44, 40), (198, 186, 172))), 10), ambient)
    hx, hy, way = _four_legs(canvas, x, foot, size, coat, 1.25, rng)
    neck = [
        (hx - way * size * 0.12, hy + size * 0.16),
        (hx - way * size * 0.02, hy + size * 0.12),
        (hx + way * size * 0.14, hy - size * 0.2),
        (hx + way * size * 0.02, hy - size * 0.26),
    ]
    canvas.polygon(neck, coat)
    canvas.line(
        [(hx + way * size * 0.06, hy - size * 0.22), (hx + way * size * 0.24, hy - size * 0.08)],
        shade(coat, 1.05),
        size * 0.085,
    )
    canvas.line(
        [(hx + way * size * 0.0, hy - size * 0.27), (hx - way * size * 0.12, hy + size * 0.08)],
        shade(coat, 0.45),
        size * 0.05,
    )
    canvas.polygon(
        [
            (hx + way * size * 0.03, hy - size * 0.24),
            (hx + way * size * 0.05, hy - size * 0.33),
            (hx + way * size * 0.08, hy - size * 0.24),
        ],
        coat,
    )
    canvas.ellipse(hx + way * size * 0.11, hy - size * 0.2, 2.5, 2.5, (14, 12, 12))


def _bird(
    canvas: Canvas, x: float, foot: float, size: float, ambient: float, rng: random.Random
) -> None:
    size *= 0.55
    y = foot - size * rng.uniform(0.5, 1.2)
    coat = shade(
        vary(rng, rng.choice(((72, 110, 176), (190, 70, 52), (120, 100, 80), (240, 236, 226))), 14),
        ambient,
    )
    way = rng.choice((-1.0, 1.0))
    canvas.polygon(
        [
            (x - way * size * 0.35, y),
            (x - way * size * 0.85, y + size * 0.22),
            (x - way * size * 0.78, y + size * 0.02),
        ],
        shade(coat, 0.7),
    )
    canvas.ellipse(x, y, size * 0.42, size * 0.27, coat)
    canvas.ellipse(
        x + way * size * 0.06,
        y + size * 0.08,
        size * 0.32,
        size * 0.18,
        mix(coat, (240, 226, 200), 0.6),
    )
    canvas.ellipse(x + way * size * 0.38, y - size * 0.2, size * 0.19, size * 0.18, coat)
    canvas.polygon(
        [
            (x - way * size * 0.4, y + size * 0.05),
            (x + way * size * 0.15, y - size * 0.15),
            (x + way * size * 0.1, y + size * 0.15),
        ],
        shade(coat, 0.62),
    )
    canvas.polygon(
        [
            (x + way * size * 0.55, y - size * 0.22),
            (x + way * size * 0.74, y - size * 0.15),
            (x + way * size * 0.54, y - size * 0.11),
        ],
        (226, 166, 50),
    )
    canvas.ellipse(x + way * size * 0.44, y - size * 0.24, size * 0.03, size * 0.03, (12, 12, 12))
    for leg in (-0.08, 0.1):
        canvas.line(
            [(x + leg * size, y + size * 0.24), (x + leg * size, y + size * 0.45)],
            (190, 130, 60),
            2,
        )
    canvas.line(
        [(x - size * 1.1, y + size * 0.46), (x + size * 1.1, y + size * 0.42)],
        (92, 70, 50),
        size * 0.06,
    )


def _person(
    canvas: Canvas, x: float, foot: float, size: float, ambient: float, rng: random.Random
) -> None:
    skin = shade(rng.choice(((236, 196, 164), (198, 150, 112), (120, 82, 58))), ambient)
    shirt = shade(
        vary(
            rng,
            rng.choice(
                ((176, 40, 44), (50, 84, 156), (238, 238, 232), (60, 120, 74), (230, 180, 60))
            ),
            16,
        ),
        ambient,
    )
    legs = shade(vary(rng, rng.choice(((46, 56, 86), (70, 66, 62), (150, 132, 100))), 10), ambient)
    _shadow(canvas, x, foot, size * 0.2)
    for side in (-1, 1):
        canvas.line(
            [
                (x + side * size * 0.05, foot - size * 0.48),
                (x + side * size * 0.075, foot - size * 0.02),
            ],
            legs,
            size * 0.085,
        )
        canvas.ellipse(
            x + side * size * 0.09, foot - size * 0.01, size * 0.06, size * 0.022, (40, 36, 34)
        )
        elbow = (x + side * size * rng.uniform(0.16, 0.22), foot - size * 0.58)
        canvas.line(
            [
                (x + side * size * 0.11, foot - size * 0.78),
                elbow,
                (x + side * size * 0.17, foot - size * 0.44),
            ],
            shade(shirt, 0.88),
            size * 0.058,
        )
        canvas.ellipse(x + side * size * 0.17, foot - size * 0.43, size * 0.03, size * 0.035, skin)
    canvas.gradient_polygon(
        [
            (x - size * 0.13, foot - size * 0.8),
            (x + size * 0.13, foot - size * 0.8),
            (x + size * 0.1, foot - size * 0.44),
            (x - size * 0.1, foot - size * 0.44),
        ],
        (shirt, shade(shirt, 0.8)),
    )
    canvas.box(
        x - size * 0.03, foot - size * 0.84, x + size * 0.03, foot - size * 0.79, shade(skin, 0.85)
    )
    canvas.ellipse(x, foot - size * 0.9, size * 0.065, size * 0.08, skin)
    hair = shade(
        rng.choice(((46, 34, 28), (120, 84, 46), (206, 176, 110), (110, 108, 106))), ambient
    )
    canvas.ellipse(x, foot - size * 0.95, size * 0.07, size * 0.045, hair)


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
    "dog": _dog,
    "horse": _horse,
    "bird": _bird,
    "person": _person,
    "boat": _boat,
    "plane": _plane,
}
