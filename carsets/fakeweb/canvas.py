"""A canvas of twice the final size: what is drawn on it comes out with smooth edges."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence


Color = tuple[int, int, int]
Point = tuple[float, float]

OVERSAMPLING = 2
_SHEET = 768  # pixels: side of the sheet of film grain that is laid over every picture
_GRAY = 128


def shade(color: Color, factor: float, add: float = 0.0) -> Color:
    """Return the color times a factor plus an amount, within 0..255."""
    red, green, blue = (min(255, max(0, int(part * factor + add))) for part in color)
    return red, green, blue


def mix(one: Color, other: Color, share: float) -> Color:
    """Return a color between two: share 0 is the first, 1 the second."""
    red, green, blue = (int(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def vary(rng: random.Random, color: Color, amount: int = 12) -> Color:
    """Return a color near the given one."""
    red, green, blue = (min(255, max(0, part + rng.randint(-amount, amount))) for part in color)
    return red, green, blue


class Canvas:
    """Shapes in final pixel coordinates, drawn at OVERSAMPLING times the size."""

    def __init__(self, width: int, height: int, rng: random.Random) -> None:
        self.width = width
        self.height = height
        self.rng = rng
        size = (width * OVERSAMPLING, height * OVERSAMPLING)
        self.image = Image.new("RGB", size, (128, 128, 128))
        self.draw = ImageDraw.Draw(self.image)

    def polygon(self, points: Sequence[Point], color: Color) -> None:
        """Fill a polygon."""
        scaled = [(x * OVERSAMPLING, y * OVERSAMPLING) for x, y in points]
        if len(scaled) > 1:
            self.draw.polygon(scaled, fill=color)

    def line(self, points: Sequence[Point], color: Color, width: float = 1.0) -> None:
        """Draw a line of the given width in final pixels."""
        scaled = [(x * OVERSAMPLING, y * OVERSAMPLING) for x, y in points]
        self.draw.line(scaled, fill=color, width=max(1, round(width * OVERSAMPLING)), joint="curve")

    def ellipse(self, x: float, y: float, rx: float, ry: float, color: Color) -> None:
        """Fill an ellipse around a center."""
        s = OVERSAMPLING
        if rx > 0 and ry > 0:
            self.draw.ellipse(((x - rx) * s, (y - ry) * s, (x + rx) * s, (y + ry) * s), fill=color)

    def box(self, x0: float, y0: float, x1: float, y1: float, color: Color) -> None:
        """Fill an upright rectangle; the corners may come in any order."""
        s = OVERSAMPLING
        (x0, x1), (y0, y1) = sorted((x0, x1)), sorted((y0, y1))
        self.draw.rectangle((x0 * s, y0 * s, x1 * s, y1 * s), fill=color)

    def ring(self, x: float, y: float, radius: float, color: Color, width: float) -> None:
        """Draw a circle's outline."""
        s = OVERSAMPLING
        box = ((x - radius) * s, (y - radius) * s, (x + radius) * s, (y + radius) * s)
        self.draw.ellipse(box, outline=color, width=max(1, round(width * s)))

    def gradient(self, y0: float, y1: float, stops: Sequence[Color]) -> None:
        """Fill the whole width between two heights with colors running downwards."""
        top, bottom = (min(self.height, max(0, round(y))) * OVERSAMPLING for y in (y0, y1))
        if bottom > top:
            strip = column(tuple(stops), bottom - top)
            self.image.paste(
                strip.resize((self.image.width, bottom - top), Image.Resampling.NEAREST), (0, top)
            )

    def gradient_polygon(self, points: Sequence[Point], stops: Sequence[Color]) -> None:
        """Fill a polygon with colors running downwards from its top to its bottom."""
        s = OVERSAMPLING
        xs = [x * s for x, _ in points]
        ys = [y * s for _, y in points]
        left, top = max(0, int(min(xs))), int(min(ys))
        right, bottom = min(self.image.width, int(max(xs)) + 1), int(max(ys)) + 1
        if right <= left or bottom <= top:
            return
        size = (right - left, bottom - top)
        mask = Image.new("L", size, 0)
        ImageDraw.Draw(mask).polygon(
            [(x - left, y - top) for x, y in zip(xs, ys, strict=True)], 255
        )
        self.image.paste(
            column(tuple(stops), size[1]).resize(size, Image.Resampling.NEAREST), (left, top), mask
        )

    def blurred(self, points: Sequence[Point], color: Color, opacity: float, blur: float) -> None:
        """Fill a polygon with soft edges: shadows and glows. ``blur`` in final pixels."""
        coarse = 4  # softness hides the low resolution, and it is 16 times cheaper
        size = (max(1, self.width // coarse), max(1, self.height // coarse))
        mask = Image.new("L", size, 0)
        ImageDraw.Draw(mask).polygon(
            [(x / coarse, y / coarse) for x, y in points], int(255 * opacity)
        )
        mask = mask.filter(ImageFilter.BoxBlur(max(0.5, blur / coarse)))
        box = mask.getbbox()
        if box is None:
            return
        scale = coarse * OVERSAMPLING
        area = (box[0] * scale, box[1] * scale, box[2] * scale, box[3] * scale)
        part = mask.crop(box).resize(
            (area[2] - area[0], area[3] - area[1]), Image.Resampling.BILINEAR
        )
        self.image.paste(Image.new("RGB", part.size, color), area[:2], part)

    def finish(self, *, grain: int = 6, tint: Color = (255, 255, 255)) -> Image.Image:
        """Return the picture at its final size, tinted (white changes nothing) and with grain."""
        small = self.image.reduce(OVERSAMPLING)
        if tint != (255, 255, 255):
            small = ImageChops.multiply(small, Image.new("RGB", small.size, tint))
        sheet = _grain(grain)
        noise = Image.new("RGB", small.size)
        left, top = self.rng.randrange(_SHEET), self.rng.randrange(_SHEET)
        for x in range(-left, small.width, _SHEET):
            for y in range(-top, small.height, _SHEET):
                noise.paste(sheet, (x, y))
        return ImageChops.add(small, noise, 1, -_GRAY)


@lru_cache(maxsize=8)
def _grain(strength: int) -> Image.Image:
    """Return a sheet of film grain: fine and coarse noise together around a middle gray."""
    rng = np.random.default_rng(strength)
    fine = rng.standard_normal((_SHEET, _SHEET), dtype=np.float32)
    coarse = rng.standard_normal((_SHEET // 3, _SHEET // 3), dtype=np.float32)
    coarse = np.repeat(np.repeat(coarse, 3, axis=0), 3, axis=1)
    sheet = fine * (strength * 0.7) + coarse * (strength * 0.6) + _GRAY
    gray = Image.fromarray(np.clip(np.rint(sheet), 0, 255).astype(np.uint8))
    return gray.convert("RGB")


@lru_cache(maxsize=256)
def column(stops: tuple[Color, ...], height: int) -> Image.Image:
    """Return a one pixel wide strip whose color runs through the stops."""
    at = np.linspace(0, len(stops) - 1, max(1, height))
    table = np.asarray(stops, dtype=np.float32)
    values = np.stack([np.interp(at, np.arange(len(stops)), table[:, k]) for k in range(3)], axis=1)
    return Image.fromarray(values.astype(np.uint8)[:, None, :])
