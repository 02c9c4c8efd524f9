"""Draws animals and people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carsets.fakeweb.canvas import Canvas, Color, mix, shade, vary

if TYPE_CHECKING:
    import random


def draw_shadow(canvas: Canvas, x: float, foot: float, half: float) -> None:
    """Darken the ground under a thing."""
    points = [(x - half, foot), (x, foot - half * 0.16), (x + half, foot), (x, foot + half * 0.16)]
    canvas.blurred(points, (14, 14, 16), 0.6, half * 0.1)


def _four_legs(
    canvas: Canvas, x: float, foot: float, size: float, coat: Color, slim: float, rng: random.Random
) -> tuple[float, float, float]:
    """Draw a body on four legs; returns where the head goes and which way it looks."""
    way = rng.choice((-1.0, 1.0))
    draw_shadow(canvas, x, foot, size * 0.4)
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


def draw_dog(
    canvas: Canvas, x: float, foot: float, size: float, ambient: float, rng: random.Random
) -> None:
    """Draw a dog that stands on ``foot`` and is about ``size`` pixels high."""
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


def draw_horse(
    canvas: Canvas, x: float, foot: float, size: float, ambient: float, rng: random.Random
) -> None:
    """Draw a horse that stands on ``foot`` and is about ``size`` pixels high."""
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


def draw_bird(
    canvas: Canvas, x: float, foot: float, size: float, ambient: float, rng: random.Random
) -> None:
    """Draw a bird that stands on ``foot`` and is about ``size`` pixels high."""
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


def draw_person(
    canvas: Canvas, x: float, foot: float, size: float, ambient: float, rng: random.Random
) -> None:
    """Draw a person that stands on ``foot`` and is about ``size`` pixels high."""
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
    draw_shadow(canvas, x, foot, size * 0.2)
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
