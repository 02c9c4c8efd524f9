"""Draws parts of vehicles seen from close by, and the inside of one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from carsets.fakeweb.canvas import Canvas, Color, mix, shade, vary
from carsets.fakeweb.scene import COLORS, Scene
from carsets.fakeweb.scenery import LIGHTS, draw_scenery

if TYPE_CHECKING:
    import random


def draw_part(canvas: Canvas, scene: Scene, rng: random.Random) -> None:
    """Draw the wheel, the headlight or the badge that the scene names."""
    color = shade(vary(rng, COLORS[scene.color], 7), 0.4 + 0.6 * LIGHTS[scene.light].ambient)
    {"wheel": _wheel, "headlight": _headlight, "badge": _badge}[scene.subject](canvas, color, rng)


def _sheet(canvas: Canvas, color: Color) -> None:
    stops = (shade(color, 1.15, 14), color, shade(color, 0.82), shade(color, 0.55))
    canvas.gradient(0, canvas.height, stops)


def _wheel(canvas: Canvas, color: Color, rng: random.Random) -> None:
    _sheet(canvas, color)
    ground = canvas.height * 0.9
    canvas.gradient(ground, canvas.height, ((84, 84, 86), (66, 66, 70)))
    x, radius = canvas.width * rng.uniform(0.42, 0.58), canvas.height * rng.uniform(0.36, 0.43)
    y = ground - radius + 4
    canvas.ellipse(x, y - radius * 0.03, radius * 1.16, radius * 1.14, (14, 14, 16))
    canvas.ellipse(x, y, radius, radius, (30, 30, 33))
    canvas.ring(x, y, radius * 0.92, (44, 44, 48), radius * 0.02)
    canvas.ellipse(x, y, radius * 0.72, radius * 0.72, (186, 190, 196))
    canvas.ellipse(x, y, radius * 0.66, radius * 0.66, (34, 35, 39))
    canvas.ellipse(x, y, radius * 0.44, radius * 0.44, (92, 92, 96))
    spokes, turn = rng.randrange(5, 11), rng.uniform(0, 1)
    for spoke in range(spokes):
        angle = (spoke + turn) * math.tau / spokes
        points = [
            (x + math.cos(angle + d) * radius * r, y + math.sin(angle + d) * radius * r)
            for d, r in ((-0.30, 0.18), (-0.11, 0.70), (0.11, 0.70), (0.30, 0.18))
        ]
        canvas.polygon(points, shade((178, 182, 188), rng.uniform(0.9, 1.06)))
    canvas.ellipse(x, y, radius * 0.17, radius * 0.17, (200, 203, 208))
    for bolt in range(5):
        angle = bolt * math.tau / 5
        canvas.ellipse(
            x + math.cos(angle) * radius * 0.11,
            y + math.sin(angle) * radius * 0.11,
            3,
            3,
            (60, 60, 64),
        )


def _headlight(canvas: Canvas, color: Color, rng: random.Random) -> None:
    _sheet(canvas, color)
    x, y = canvas.width * rng.uniform(0.4, 0.6), canvas.height * 0.46
    width, height = canvas.width * 0.36, canvas.height * 0.2
    shape = [
        (x - width, y + height * 0.3),
        (x - width * 0.5, y - height),
        (x + width, y - height * 0.8),
        (x + width * 0.9, y + height * 0.8),
        (x - width * 0.4, y + height),
    ]
    canvas.polygon(shape, (30, 32, 36))
    for dx, size in ((-0.3, 0.8), (0.4, 0.7)):
        cx, radius = x + dx * width, height * size
        for share, tone in (
            (1.0, (150, 156, 164)),
            (0.8, (90, 96, 106)),
            (0.55, (210, 222, 232)),
            (0.25, (250, 252, 255)),
        ):
            canvas.ellipse(cx, y, radius * share, radius * share, tone)
    low = canvas.height * 0.76
    canvas.polygon(
        [(0, low), (canvas.width, low - 30), (canvas.width, canvas.height), (0, canvas.height)],
        (24, 25, 28),
    )
    for bar in range(8):
        top = low + bar * 18
        canvas.line([(0, top), (canvas.width, top - 28)], (92, 95, 100), 3)
    canvas.line(
        [(0, canvas.height * 0.16), (canvas.width, canvas.height * 0.10)], shade(color, 0.5), 3
    )


def _badge(canvas: Canvas, color: Color, rng: random.Random) -> None:
    _sheet(canvas, color)
    x, y, size = canvas.width / 2, canvas.height / 2, canvas.height * 0.24
    for width, tone in ((1.0, (232, 234, 238)), (0.9, (130, 134, 140)), (0.82, shade(color, 0.35))):
        canvas.ellipse(x, y, size * 1.5 * width, size * width, tone)
    points = rng.randrange(3, 7)
    star = []
    for corner in range(points * 2):
        radius = size * (0.7 if corner % 2 == 0 else 0.26)
        angle = corner * math.pi / points - math.pi / 2
        star.append((x + math.cos(angle) * radius * 1.3, y + math.sin(angle) * radius))
    canvas.polygon(star, (222, 225, 230))
    canvas.line([(0, y + size * 1.5), (canvas.width, y + size * 1.4)], shade(color, 0.45), 4)


def draw_dashboard(canvas: Canvas, scene: Scene, rng: random.Random) -> None:
    """Draw steering wheel, dials and windshield as the driver sees them."""
    draw_scenery(canvas, scene.background, scene.light, canvas.height * 0.34, rng)
    w, h = canvas.width, canvas.height
    pillar = (34, 34, 38)
    canvas.polygon([(0, 0), (w * 0.08, 0), (w * 0.02, h * 0.5), (0, h * 0.5)], pillar)
    canvas.polygon([(0, 0), (w, 0), (w, h * 0.06), (0, h * 0.05)], pillar)
    canvas.box(w * 0.52, h * 0.05, w * 0.68, h * 0.13, (26, 26, 30))
    trim = mix(COLORS[scene.color], (40, 38, 38), 0.72)
    top = h * 0.46
    canvas.gradient_polygon(
        [(0, top + h * 0.03), (w * 0.3, top - h * 0.04), (w, top), (w, h), (0, h)],
        ((62, 60, 60), (36, 36, 40), (22, 22, 25)),
    )
    canvas.polygon([(w * 0.55, h * 0.62), (w, h * 0.60), (w, h * 0.66), (w * 0.55, h * 0.68)], trim)
    canvas.box(w * 0.56, h * 0.5, w * 0.76, h * 0.66, (12, 16, 22))
    canvas.box(w * 0.57, h * 0.515, w * 0.75, h * 0.645, (30, 62, 92))
    for vent in (0.48, 0.8, 0.9):
        for slat in range(4):
            y = h * (0.53 + slat * 0.02)
            canvas.line([(w * vent, y), (w * (vent + 0.06), y)], (80, 82, 86), 2)
    cx = w * rng.uniform(0.26, 0.32)
    for dial in (-0.075, 0.075):
        x, y, r = cx + dial * w, h * 0.56, h * 0.085
        canvas.ellipse(x, y, r, r, (14, 14, 17))
        canvas.ring(x, y, r, (170, 172, 176), 2)
        for tick in range(11):
            a = math.pi * (0.75 + tick * 0.15)
            canvas.line(
                [
                    (x + math.cos(a) * r * 0.8, y + math.sin(a) * r * 0.8),
                    (x + math.cos(a) * r * 0.92, y + math.sin(a) * r * 0.92),
                ],
                (236, 236, 236),
                1.5,
            )
        a = math.pi * rng.uniform(0.8, 2.1)
        canvas.line(
            [(x, y), (x + math.cos(a) * r * 0.8, y + math.sin(a) * r * 0.8)], (230, 60, 40), 2.5
        )
    radius = h * 0.33
    y = h * 0.82
    for tone, share in (((18, 18, 20), 1.0), ((48, 47, 48), 0.95)):
        canvas.ring(cx, y, radius * share, tone, radius * (0.14 if share == 1.0 else 0.03))
    canvas.polygon(
        [
            (cx - radius * 0.95, y - 8),
            (cx + radius * 0.95, y - 8),
            (cx + radius * 0.3, y + radius * 0.3),
            (cx - radius * 0.3, y + radius * 0.3),
        ],
        (26, 26, 29),
    )
    canvas.ellipse(cx, y + 6, radius * 0.26, radius * 0.24, (38, 38, 41))
    canvas.ellipse(cx, y + 6, radius * 0.09, radius * 0.08, (188, 190, 194))
