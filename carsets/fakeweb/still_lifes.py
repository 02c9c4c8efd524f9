"""Draws things on tables, and pictures that are no photographs: logos, charts, patterns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PIL import ImageFont

from carsets.fakeweb.canvas import OVERSAMPLING, Canvas, Color, mix, shade, vary

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

_BRIGHT: tuple[Color, ...] = (
    (206, 52, 46),
    (40, 92, 176),
    (244, 190, 40),
    (60, 140, 80),
    (150, 70, 150),
    (236, 120, 40),
)


def _room(canvas: Canvas, ambient: float, rng: random.Random) -> float:
    """Draw a wall and a table; returns the height of the table's far edge."""
    wall = shade(
        vary(
            rng,
            rng.choice(((206, 196, 180), (170, 184, 190), (222, 218, 208), (150, 120, 104))),
            12,
        ),
        ambient,
    )
    edge = canvas.height * rng.uniform(0.42, 0.56)
    canvas.gradient(0, edge, (shade(wall, 0.85), wall))
    wood = shade(
        vary(rng, rng.choice(((150, 104, 66), (196, 160, 118), (94, 66, 48), (220, 216, 208))), 10),
        ambient,
    )
    canvas.gradient(edge, canvas.height, (shade(wood, 0.9), wood, shade(wood, 1.06)))
    for _ in range(26):
        y = edge + (canvas.height - edge) * rng.random()
        x = rng.uniform(-100, canvas.width)
        canvas.line(
            [(x, y), (x + rng.uniform(80, 300), y + rng.uniform(-3, 3))],
            shade(wood, rng.uniform(0.82, 1.12)),
            1.2,
        )
    return edge


def _soft(canvas: Canvas, x: float, y: float, half: float) -> None:
    points = [(x - half, y), (x, y - half * 0.25), (x + half * 1.1, y), (x, y + half * 0.25)]
    canvas.blurred(points, (16, 12, 10), 0.6, half * 0.14)


def _flower(canvas: Canvas, ambient: float, rng: random.Random) -> None:
    leaf = shade(vary(rng, (64, 112, 56), 20), ambient)
    canvas.gradient(0, canvas.height, (shade(leaf, 0.6), leaf, shade(leaf, 0.7)))
    for _ in range(120):
        x, y = rng.uniform(0, canvas.width), rng.uniform(0, canvas.height)
        canvas.line(
            [(x, y), (x + rng.uniform(-30, 30), y - rng.uniform(30, 90))],
            shade(leaf, rng.uniform(0.6, 1.5)),
            3,
        )
    for _ in range(rng.randrange(1, 4)):
        x, y = canvas.width * rng.uniform(0.25, 0.75), canvas.height * rng.uniform(0.25, 0.7)
        size = canvas.height * rng.uniform(0.16, 0.3)
        petal = shade(
            vary(
                rng,
                rng.choice(
                    (
                        (232, 70, 110),
                        (246, 214, 60),
                        (240, 238, 240),
                        (150, 90, 200),
                        (236, 110, 50),
                    )
                ),
                12,
            ),
            ambient,
        )
        canvas.line([(x, y), (x + 20, canvas.height)], shade(leaf, 1.3), size * 0.07)
        count = rng.randrange(5, 14)
        for number in range(count):
            a = number * math.tau / count
            tip = (x + math.cos(a) * size, y + math.sin(a) * size)
            wide = math.pi / count * 1.2
            sides = [
                (x + math.cos(a + d) * size * 0.75, y + math.sin(a + d) * size * 0.75)
                for d in (-wide, wide)
            ]
            canvas.polygon([(x, y), sides[0], tip, sides[1]], shade(petal, rng.uniform(0.82, 1.08)))
        canvas.ellipse(x, y, size * 0.26, size * 0.26, (186, 130, 40))
        canvas.ellipse(x, y, size * 0.16, size * 0.16, (120, 78, 30))


def _pizza(canvas: Canvas, ambient: float, rng: random.Random) -> None:
    _room(canvas, ambient, rng)
    x, y, r = canvas.width * 0.5, canvas.height * 0.58, canvas.height * rng.uniform(0.28, 0.36)
    _soft(canvas, x, y + r * 0.25, r * 1.2)
    canvas.ellipse(x, y, r * 1.3, r * 0.98, (236, 234, 230))
    canvas.ellipse(x, y, r * 1.2, r * 0.88, (206, 148, 76))
    canvas.ellipse(x, y, r * 1.05, r * 0.75, (206, 70, 34))
    canvas.ellipse(x, y, r * 1.01, r * 0.71, (240, 200, 100))
    for _ in range(60):
        a, d = rng.uniform(0, math.tau), rng.random() ** 0.5
        at = (x + math.cos(a) * d * r * 0.9, y + math.sin(a) * d * r * 0.62)
        tone, size = rng.choice(
            (
                ((176, 42, 30), 0.085),
                ((60, 110, 50), 0.05),
                ((248, 226, 160), 0.08),
                ((46, 36, 34), 0.04),
            )
        )
        canvas.ellipse(*at, r * size, r * size * 0.7, shade(tone, rng.uniform(0.85, 1.15)))


def _fruit(canvas: Canvas, ambient: float, rng: random.Random) -> None:
    edge = _room(canvas, ambient, rng)
    for _ in range(rng.randrange(3, 8)):
        x = canvas.width * rng.uniform(0.2, 0.8)
        r = canvas.height * rng.uniform(0.09, 0.15)
        y = edge + (canvas.height - edge) * rng.uniform(0.2, 0.65)
        skin = shade(
            vary(
                rng, rng.choice(((190, 30, 36), (236, 140, 30), (130, 170, 50), (240, 206, 60))), 12
            ),
            ambient,
        )
        _soft(canvas, x, y + r * 0.9, r)
        for step in range(10):
            share = 1 - step / 11
            canvas.ellipse(
                x - r * 0.03 * step,
                y - r * 0.03 * step,
                r * share,
                r * share * 0.95,
                shade(skin, 0.68 + step * 0.06),
            )
        canvas.ellipse(x - r * 0.38, y - r * 0.4, r * 0.13, r * 0.1, (255, 250, 240))
        canvas.line([(x, y - r * 0.85), (x + r * 0.1, y - r * 1.15)], (80, 56, 36), r * 0.08)


def _mug(canvas: Canvas, ambient: float, rng: random.Random) -> None:
    edge = _room(canvas, ambient, rng)
    color = shade(vary(rng, rng.choice((*_BRIGHT, (238, 236, 230))), 12), ambient)
    x, w = canvas.width * rng.uniform(0.36, 0.6), canvas.height * rng.uniform(0.18, 0.24)
    foot = edge + (canvas.height - edge) * rng.uniform(0.5, 0.7)
    top = foot - w * 2.2
    _soft(canvas, x, foot + w * 0.1, w * 1.3)
    canvas.ring(x + w * 1.15, (top + foot) / 2, w * 0.58, shade(color, 0.8), w * 0.2)
    canvas.ellipse(x, foot, w, w * 0.28, shade(color, 0.7))
    for step in range(24):
        share = step / 24
        tone = shade(color, 0.62 + 0.55 * math.sin(math.pi * (share * 0.8 + 0.1)))
        canvas.box(x - w + 2 * w * share, top, x - w + 2 * w * (share + 1 / 23), foot, tone)
    canvas.ellipse(x, foot, w * 0.99, w * 0.26, shade(color, 0.75))
    canvas.ellipse(x, top, w, w * 0.28, shade(color, 1.15))
    canvas.ellipse(x, top + w * 0.03, w * 0.9, w * 0.22, (64, 38, 24))


def _chair(canvas: Canvas, ambient: float, rng: random.Random) -> None:
    edge = _room(canvas, ambient, rng)
    wood = shade(
        vary(rng, rng.choice(((120, 74, 44), (50, 46, 44), (190, 50, 48), (206, 176, 120))), 10),
        ambient,
    )
    x, size = canvas.width * rng.uniform(0.35, 0.6), canvas.height * 0.72
    foot = min(canvas.height * 0.95, edge + size * 0.5)
    seat = foot - size * 0.42
    _soft(canvas, x, foot, size * 0.32)
    thick = size * 0.045
    for at, low in ((-0.2, -0.06), (0.24, -0.06), (-0.26, 0.0), (0.18, 0.0)):
        canvas.line(
            [(x + at * size, seat), (x + at * size * 1.06, foot + low * size)],
            shade(wood, 0.85),
            thick,
        )
    for at in (-0.2, 0.24):
        canvas.line([(x + at * size, seat), (x + at * size * 1.05, seat - size * 0.5)], wood, thick)
    for rail in (0.2, 0.33, 0.46):
        y = seat - size * rail
        canvas.polygon(
            [
                (x - size * 0.21, y),
                (x + size * 0.25, y),
                (x + size * 0.25, y + size * 0.06),
                (x - size * 0.21, y + size * 0.06),
            ],
            shade(wood, 1.05),
        )
    canvas.polygon(
        [
            (x - size * 0.29, seat + size * 0.05),
            (x - size * 0.21, seat - size * 0.05),
            (x + size * 0.27, seat - size * 0.05),
            (x + size * 0.21, seat + size * 0.05),
        ],
        shade(wood, 1.2),
    )


def _table(canvas: Canvas, ambient: float, rng: random.Random) -> None:
    edge = _room(canvas, ambient, rng)
    wood = shade(vary(rng, (104, 66, 40), 14), ambient)
    x, w, y = canvas.width * 0.5, canvas.width * rng.uniform(0.26, 0.36), edge + 10
    foot = canvas.height * 0.92
    for at in (-0.7, 0.8, -0.9, 0.92):
        canvas.box(
            x + at * w - 8,
            y,
            x + at * w + 8,
            foot - (40 if abs(at) < 0.85 else 0),
            shade(wood, 0.8),
        )
    canvas.polygon(
        [
            (x - w * 1.05, y + 30),
            (x - w * 0.8, y - 26),
            (x + w * 0.86, y - 26),
            (x + w * 1.08, y + 30),
        ],
        shade(wood, 1.25),
    )
    canvas.box(x - w * 1.05, y + 30, x + w * 1.08, y + 48, shade(wood, 0.9))
    canvas.ellipse(x, y - 30, 26, 44, shade(rng.choice(_BRIGHT), ambient))
    for _ in range(12):
        a = rng.uniform(-2.6, -0.5)
        tip = (x + math.cos(a) * 80, y - 50 + math.sin(a) * 100)
        canvas.line([(x, y - 60), tip], (70, 120, 60), 3)
        canvas.ellipse(*tip, 11, 11, shade(rng.choice(_BRIGHT), ambient))


def _logo(canvas: Canvas, ambient: float, rng: random.Random) -> None:
    paper = rng.choice(((250, 250, 248), (24, 26, 34), (238, 230, 210)))
    canvas.gradient(0, canvas.height, (paper, shade(paper, 0.94)))
    x, y, r = canvas.width / 2, canvas.height * 0.42, canvas.height * 0.24
    color = rng.choice(_BRIGHT)
    if rng.random() < 0.5:
        canvas.ellipse(x, y, r, r, color)
        canvas.ellipse(x, y, r * 0.72, r * 0.72, paper)
    corners = rng.randrange(3, 8)
    turn = rng.uniform(0, 1)
    points = [
        (
            x + math.cos((k + turn) * math.tau / corners) * r * 0.6,
            y + math.sin((k + turn) * math.tau / corners) * r * 0.6,
        )
        for k in range(corners)
    ]
    canvas.polygon(points, rng.choice(_BRIGHT))
    _words(canvas, x, canvas.height * 0.76, mix(color, (0, 0, 0), 0.3), canvas.height * 0.1, rng)


def _words(
    canvas: Canvas, x: float, y: float, color: Color, size: float, rng: random.Random
) -> None:
    text = " ".join(
        "".join(rng.choice("aeioulmnrstbdk") for _ in range(rng.randrange(3, 8))) for _ in range(2)
    ).title()
    font = ImageFont.load_default(size=size * OVERSAMPLING)
    canvas.draw.text((x * OVERSAMPLING, y * OVERSAMPLING), text, fill=color, font=font, anchor="mm")


def _chart(canvas: Canvas, ambient: float, rng: random.Random) -> None:
    canvas.gradient(0, canvas.height, ((252, 252, 252), (246, 247, 249)))
    w, h = canvas.width, canvas.height
    for line in range(6):
        y = h * (0.2 + line * 0.12)
        canvas.line([(w * 0.12, y), (w * 0.92, y)], (216, 218, 222), 1)
    canvas.line([(w * 0.12, h * 0.15), (w * 0.12, h * 0.8), (w * 0.92, h * 0.8)], (60, 62, 66), 2)
    count = rng.randrange(5, 12)
    bars = rng.random() < 0.6
    points = []
    for bar in range(count):
        x, top = w * (0.15 + 0.74 * bar / count), h * rng.uniform(0.25, 0.75)
        points.append((x + w * 0.03, top))
        if bars:
            canvas.box(x, top, x + w * 0.5 / count, h * 0.8, _BRIGHT[bar % len(_BRIGHT)])
    if not bars:
        canvas.line(points, rng.choice(_BRIGHT), 4)
        for at in points:
            canvas.ellipse(*at, 7, 7, (40, 60, 110))
    _words(canvas, w / 2, h * 0.09, (40, 42, 48), h * 0.06, rng)
    _words(canvas, w / 2, h * 0.9, (90, 92, 98), h * 0.035, rng)


def _abstract(canvas: Canvas, ambient: float, rng: random.Random) -> None:
    canvas.gradient(0, canvas.height, (rng.choice(_BRIGHT), rng.choice(_BRIGHT)))
    for _ in range(rng.randrange(12, 40)):
        x, y, r = rng.uniform(0, canvas.width), rng.uniform(0, canvas.height), rng.uniform(10, 130)
        color = vary(rng, rng.choice(_BRIGHT), 40)
        if rng.random() < 0.5:
            canvas.ellipse(x, y, r, r * rng.uniform(0.4, 1.2), color)
        else:
            canvas.polygon(
                [(x + rng.uniform(-r, r), y + rng.uniform(-r, r)) for _ in range(4)], color
            )


STILL_LIFES: dict[str, Callable[[Canvas, float, random.Random], None]] = {
    "flower": _flower,
    "pizza": _pizza,
    "fruit": _fruit,
    "mug": _mug,
    "chair": _chair,
    "table": _table,
    "logo": _logo,
    "chart": _chart,
    "abstract": _abstract,
}
