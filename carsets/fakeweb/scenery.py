"""Draws where a scene takes place: sky, ground and what stands in the distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from carsets.fakeweb.canvas import Canvas, Color, mix, shade, vary

if TYPE_CHECKING:
    import random

INDOORS = ("garage", "showroom")


@dataclass(frozen=True, slots=True)
class Light:
    """How a time of day colors a scene."""

    sky: tuple[Color, ...]  # from the zenith to the horizon
    ambient: float  # factor on everything that does not shine
    tint: Color  # multiplied over the finished picture
    lamps: bool


LIGHTS: dict[str, Light] = {
    "day": Light(((84, 142, 214), (146, 188, 232), (206, 224, 240)), 1.0, (255, 255, 255), False),
    "overcast": Light(
        ((168, 174, 182), (196, 200, 205), (216, 218, 220)), 0.9, (246, 250, 255), False
    ),
    "dusk": Light(((58, 66, 118), (190, 118, 112), (246, 184, 110)), 0.78, (255, 232, 212), True),
    "night": Light(((8, 10, 24), (16, 20, 42), (38, 40, 62)), 0.48, (206, 214, 240), True),
}


def draw_scenery(
    canvas: Canvas, background: str, light: str, horizon: float, rng: random.Random
) -> None:
    """Fill the canvas with one of BACKGROUNDS; ``horizon`` in pixels from the top."""
    horizon = min(canvas.height * 0.8, max(canvas.height * 0.12, horizon))
    _PLACES[background](canvas, LIGHTS[light], horizon, rng)


def _sky(canvas: Canvas, light: Light, horizon: float, rng: random.Random) -> None:
    canvas.gradient(0, horizon + 2, light.sky)
    if light.ambient < 0.6:
        for _ in range(40):
            x, y = rng.uniform(0, canvas.width), rng.uniform(0, horizon)
            canvas.ellipse(x, y, 0.8, 0.8, (200, 204, 220))
        return
    for _ in range(rng.randrange(4)):
        x, y = rng.uniform(0, canvas.width), rng.uniform(0, horizon * 0.7)
        size = rng.uniform(0.06, 0.16) * canvas.width
        points = [
            (x - size, y),
            (x - size * 0.4, y - size * 0.25),
            (x + size * 0.5, y - size * 0.2),
            (x + size, y),
        ]
        canvas.blurred(points, mix((255, 255, 255), light.sky[-1], 0.3), 0.8, size * 0.12)


def _speckle(canvas: Canvas, y0: float, color: Color, count: int, rng: random.Random) -> None:
    """Scatter short dashes over the ground, larger towards the viewer."""
    for _ in range(count):
        y = y0 + (canvas.height - y0) * rng.random() ** 0.7
        near = (y - y0) / max(1.0, canvas.height - y0)
        x = rng.uniform(0, canvas.width)
        tone = shade(color, rng.uniform(0.72, 1.25))
        canvas.box(x, y, x + 2 + near * rng.uniform(2, 14), y + 0.6 + near * 1.8, tone)


def _tree(
    canvas: Canvas, x: float, foot: float, size: float, leaf: Color, rng: random.Random
) -> None:
    canvas.box(x - size * 0.05, foot - size * 0.5, x + size * 0.05, foot, (72, 52, 38))
    for _ in range(9):
        dx, dy = rng.uniform(-0.28, 0.28) * size, rng.uniform(-0.95, -0.45) * size
        tone = shade(leaf, rng.uniform(0.75, 1.2))
        canvas.ellipse(x + dx, foot + dy, size * 0.20, size * 0.17, tone)


def _building(
    canvas: Canvas, x: float, width: float, top: float, foot: float, light: Light
) -> None:
    rng = canvas.rng
    wall = shade(
        vary(
            rng, rng.choice(((158, 120, 98), (150, 148, 142), (186, 172, 146), (112, 118, 128))), 14
        ),
        light.ambient,
    )
    canvas.box(x, top, x + width, foot, wall)
    columns, rows = max(1, int(width / 26)), max(1, int((foot - top) / 32))
    dark = shade((62, 76, 92), light.ambient)
    for column in range(columns):
        for row in range(rows):
            lit = light.lamps and rng.random() < 0.4
            pane = (244, 210, 130) if lit else shade(dark, rng.uniform(0.8, 1.35))
            left = x + (column + 0.25) * width / columns
            upper = top + (row + 0.25) * (foot - top) / rows
            canvas.box(
                left, upper, left + width / columns * 0.5, upper + (foot - top) / rows * 0.52, pane
            )


def _road(canvas: Canvas, light: Light, top: float, rng: random.Random) -> None:
    asphalt = shade(vary(rng, (104, 104, 108), 10), light.ambient)
    canvas.gradient(top, canvas.height, (shade(asphalt, 1.06), asphalt, shade(asphalt, 0.84)))
    _speckle(canvas, top, asphalt, 260, rng)
    y = top + (canvas.height - top) * rng.uniform(0.74, 0.9)
    dash = canvas.width * 0.16
    start = rng.uniform(-dash, 0)
    while start < canvas.width and rng.random() < 0.95:
        canvas.polygon(
            [
                (start, y),
                (start + dash * 0.6, y),
                (start + dash * 0.57, y + 7),
                (start - dash * 0.03, y + 7),
            ],
            shade((214, 210, 196), light.ambient),
        )
        start += dash


def _street(canvas: Canvas, light: Light, horizon: float, rng: random.Random) -> None:
    _sky(canvas, light, horizon, rng)
    foot = horizon + canvas.height * 0.06
    x = -rng.uniform(0, 60)
    while x < canvas.width:
        width = rng.uniform(0.16, 0.34) * canvas.width
        _building(canvas, x, width, horizon - rng.uniform(0.16, 0.42) * canvas.height, foot, light)
        x += width
    for _ in range(rng.randrange(4)):
        leaf = shade(vary(rng, (56, 104, 48), 18), light.ambient)
        _tree(
            canvas,
            rng.uniform(0, canvas.width),
            foot + 4,
            rng.uniform(0.2, 0.34) * canvas.height,
            leaf,
            rng,
        )
    walk = shade((176, 172, 164), light.ambient)
    canvas.gradient(foot, foot + canvas.height * 0.05, (walk, shade(walk, 0.9)))
    _road(canvas, light, foot + canvas.height * 0.045, rng)


def _field(canvas: Canvas, light: Light, horizon: float, rng: random.Random) -> None:
    _sky(canvas, light, horizon, rng)
    for layer in range(3):
        base = horizon - (2 - layer) * canvas.height * 0.025
        tone = shade(mix((110, 138, 150), (70, 112, 62), layer / 2), light.ambient)
        points = [(0.0, canvas.height * 1.0)]
        for step in range(13):
            points.append((canvas.width * step / 12, base - rng.uniform(0, 0.05) * canvas.height))
        canvas.polygon([*points, (canvas.width, canvas.height)], tone)
    grass = shade(
        vary(rng, rng.choice(((92, 140, 58), (150, 146, 74), (118, 150, 66))), 14), light.ambient
    )
    canvas.gradient(horizon, canvas.height, (shade(grass, 1.08), grass, shade(grass, 0.8)))
    for _ in range(rng.randrange(2, 7)):
        leaf = shade(vary(rng, (48, 96, 44), 16), light.ambient)
        _tree(
            canvas,
            rng.uniform(0, canvas.width),
            horizon + 6,
            rng.uniform(0.1, 0.26) * canvas.height,
            leaf,
            rng,
        )
    _speckle(canvas, horizon, grass, 420, rng)


def _garage(canvas: Canvas, light: Light, horizon: float, rng: random.Random) -> None:
    dim = 0.62 + 0.38 * light.ambient
    wall = shade(
        vary(rng, rng.choice(((150, 148, 142), (122, 128, 130), (168, 158, 140))), 10), dim
    )
    foot = horizon + canvas.height * 0.12
    canvas.gradient(0, foot, (shade(wall, 0.55), wall, shade(wall, 0.9)))
    brick = shade(wall, 0.86)
    for row in range(int(foot // 22)):
        canvas.line([(0, row * 22), (canvas.width, row * 22)], brick, 1)
    for _ in range(rng.randrange(1, 4)):
        x, y = rng.uniform(0, canvas.width), rng.uniform(0.15, 0.5) * foot
        width = rng.uniform(0.14, 0.26) * canvas.width
        for shelf in range(3):
            top = y + shelf * foot * 0.17
            canvas.box(x, top, x + width, top + 4, shade((88, 70, 50), dim))
            at = x + 4
            while at < x + width - 10:
                size = rng.uniform(8, 26)
                tone = shade(
                    vary(
                        rng,
                        rng.choice(((140, 40, 36), (44, 72, 122), (196, 170, 90), (60, 62, 66))),
                        12,
                    ),
                    dim,
                )
                canvas.box(at, top - size * rng.uniform(0.7, 1.3), at + size * 0.8, top, tone)
                at += size
    lamp = rng.uniform(0.25, 0.75) * canvas.width
    canvas.box(lamp - 70, 10, lamp + 70, 20, (250, 250, 240))
    canvas.blurred(
        [(lamp - 80, 8), (lamp + 80, 8), (lamp + 150, foot * 0.6), (lamp - 150, foot * 0.6)],
        (255, 252, 230),
        0.28,
        60,
    )
    floor = shade(vary(rng, (128, 126, 122), 10), dim)
    canvas.gradient(foot, canvas.height, (shade(floor, 0.82), floor, shade(floor, 1.04)))
    _speckle(canvas, foot, floor, 160, rng)


def _showroom(canvas: Canvas, light: Light, horizon: float, rng: random.Random) -> None:
    wall = vary(rng, rng.choice(((226, 228, 232), (206, 210, 218), (196, 190, 184))), 8)
    foot = horizon + canvas.height * 0.10
    canvas.gradient(0, foot, (shade(wall, 0.9), wall, shade(wall, 0.96)))
    panes = rng.randrange(3, 7)
    outside = light.sky[1]
    for pane in range(panes):
        x = canvas.width * pane / panes
        canvas.box(
            x + 10,
            foot * 0.22,
            x + canvas.width / panes - 10,
            foot * 0.94,
            mix(outside, (240, 244, 248), 0.35),
        )
        canvas.box(
            x + 10, foot * 0.72, x + canvas.width / panes - 10, foot * 0.94, shade(outside, 0.7)
        )
    for spot in range(rng.randrange(3, 8)):
        canvas.ellipse(canvas.width * (spot + 0.5) / 7, foot * 0.08, 14, 5, (255, 255, 250))
    floor = vary(rng, rng.choice(((206, 206, 208), (170, 172, 178), (92, 94, 100))), 8)
    canvas.gradient(foot, canvas.height, (shade(floor, 1.12), floor, shade(floor, 0.82)))
    for pane in range(panes):
        x = canvas.width * (pane + 0.5) / panes
        canvas.blurred(
            [
                (x - 30, foot),
                (x + 30, foot),
                (x + 44, foot + canvas.height * 0.25),
                (x - 44, foot + canvas.height * 0.25),
            ],
            (244, 246, 250),
            0.4,
            18,
        )


def _city(canvas: Canvas, light: Light, horizon: float, rng: random.Random) -> None:
    _sky(canvas, light, horizon, rng)
    foot = horizon + canvas.height * 0.03
    for _ in range(14):
        width = rng.uniform(0.05, 0.12) * canvas.width
        top = horizon - rng.uniform(0.15, 0.75) * horizon
        tone = mix(shade((92, 102, 118), light.ambient), light.sky[-1], rng.uniform(0.3, 0.6))
        x = rng.uniform(-40, canvas.width)
        canvas.box(x, top, x + width, foot, tone)
    x = -rng.uniform(0, 40)
    while x < canvas.width:
        width = rng.uniform(0.10, 0.2) * canvas.width
        _building(canvas, x, width, horizon - rng.uniform(0.1, 0.6) * horizon, foot, light)
        x += width * rng.uniform(1.0, 1.4)
    _road(canvas, light, foot, rng)


def _beach(canvas: Canvas, light: Light, horizon: float, rng: random.Random) -> None:
    _sky(canvas, light, horizon, rng)
    shore = horizon + canvas.height * rng.uniform(0.05, 0.10)
    sea = shade((44, 112, 146), light.ambient)
    canvas.gradient(horizon, shore, (sea, mix(sea, light.sky[-1], 0.25)))
    for _ in range(30):
        y, x = rng.uniform(horizon, shore), rng.uniform(0, canvas.width)
        canvas.line([(x, y), (x + rng.uniform(10, 60), y)], mix(sea, (240, 246, 248), 0.5), 1)
    sand = shade(vary(rng, (214, 192, 148), 10), light.ambient)
    canvas.gradient(shore, canvas.height, (shade(sand, 1.05), sand, shade(sand, 0.86)))
    _speckle(canvas, shore, sand, 360, rng)
    for _ in range(rng.randrange(3)):
        x, size = rng.uniform(0, canvas.width), rng.uniform(0.3, 0.5) * canvas.height
        top = (x + size * 0.15, shore - size * 0.8)
        canvas.line(
            [(x, shore + 8), (x + size * 0.05, shore - size * 0.4), top],
            shade((112, 88, 62), light.ambient),
            size * 0.035,
        )
        for leaf in range(7):
            dx = (leaf - 3) / 3 * size * 0.34
            tip = (top[0] + dx, top[1] + abs(dx) * 0.6 - size * 0.03)
            canvas.line(
                [top, (top[0] + dx * 0.5, top[1] - size * 0.06), tip],
                shade((46, 106, 56), light.ambient),
                size * 0.03,
            )


_PLACES = {
    "street": _street,
    "field": _field,
    "garage": _garage,
    "showroom": _showroom,
    "city": _city,
    "beach": _beach,
}
