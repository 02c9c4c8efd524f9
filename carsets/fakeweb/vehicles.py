"""Draws one vehicle: its outline is extruded to a solid, lit, and seen through a camera."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from carsets.fakeweb.body_shapes import SHAPES, Outline, Shape
from carsets.fakeweb.cabins import draw_glass_house, draw_open_cabin
from carsets.fakeweb.canvas import Canvas, Color, mix, shade
from carsets.fakeweb.outlines import reach_top, rounded
from carsets.fakeweb.vehicle_ends import draw_cargo_rear, draw_front, draw_rear
from carsets.fakeweb.wheels import draw_arch, draw_tread, draw_wheel

if TYPE_CHECKING:
    import random

    from carsets.fakeweb.projection import Camera, Vector

TRIM = (22, 23, 26)
_SUN: Vector = (0.35, 0.45, 0.82)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paint:
    """How a vehicle is to be painted."""

    color: Color
    sky: Color  # what glass and roofs reflect
    lamps_on: bool
    plate: str


class VehicleArtist:
    """Draws one vehicle onto a canvas."""

    def __init__(self, canvas: Canvas, camera: Camera, body: str, paint: Paint) -> None:
        self.canvas = canvas
        self.camera = camera
        self.shape: Shape = SHAPES[body]
        self.paint = paint
        self.half = self.shape.width / 2
        self.deck = rounded(self.shape.deck)
        self.cabin = rounded(self.shape.cabin, 1)
        eye = camera.position
        self.side = 1.0 if eye[1] >= 0 else -1.0  # the side that is nearer
        self.front_seen = eye[0] > self.deck[0][0]
        self.rear_seen = eye[0] < self.deck[-1][0]
        self.side_seen = abs(eye[1]) > self.half

    def face(self, points: list[Vector], color: Color) -> None:
        """Fill a flat face as it is, whichever way it is turned."""
        self.canvas.polygon([self.camera.project(point) for point in points], color)

    def lit(self, normal: Vector, color: Color) -> Color:
        """Return a paint's color on a face with this normal."""
        sun = max(0.0, sum(n * s for n, s in zip(normal, _SUN, strict=True)))
        color = shade(color, 0.52 + 0.5 * sun)
        return mix(color, self.paint.sky, 0.32 * max(0.0, normal[2]) ** 2)

    def draw(self) -> None:
        """Draw everything, from the ground up and from far to near."""
        self.shadow()
        for x in self.shape.axles:
            for side in (-self.side, self.side):
                draw_tread(
                    self.canvas, self.camera, (x, side * (self.half - 0.02)), self.shape.wheel
                )
        if self.shape.cargo and not self.rear_seen:
            self.cargo_box()
        self.lower_body()
        if self.shape.bed:
            self.load_bed()
        if self.shape.open_top:
            draw_open_cabin(self)
        else:
            draw_glass_house(self)
        if self.shape.cargo and self.rear_seen:
            self.cargo_box()
        self.ends()
        # Seen nearly from its edge a wheel is all tread.
        if abs(self.camera.sine) > 0.3:
            for x in self.shape.axles:
                hub = (x, self.side * (self.half + 0.005))
                if not self.shape.cargo or x > 0:
                    draw_arch(self.canvas, self.camera, hub, self.shape.wheel)
                draw_wheel(self.canvas, self.camera, hub, self.shape.wheel)

    def shadow(self) -> None:
        """Darken the ground below."""
        front, rear = self.deck[0][0], self.deck[-1][0]
        if self.shape.cargo:
            rear = self.shape.cargo[1]
        corners = [(front, 1.0), (front, -1.0), (rear, -1.0), (rear, 1.0)]
        points = [self.camera.project((x * 1.04, y * self.half * 1.12, 0.0)) for x, y in corners]
        scale = self.camera.focal / self.camera.distance
        self.canvas.blurred(points, (12, 12, 16), 0.75, 0.22 * scale)

    def strips(self, outline: Outline, inner: float, outer: float, shrink: float) -> None:
        """Draw the top and the ends of an extruded outline, with beveled edges."""
        cx = sum(x for x, _ in outline) / len(outline)
        cz = sum(z for _, z in outline) / len(outline)
        small = [
            (cx + (x - cx) * (1 - shrink / 3), cz + (z - cz) * (1 - shrink)) for x, z in outline
        ]
        faces: list[tuple[float, list[Vector], Vector]] = []
        for (a, b), (sa, sb) in zip(
            itertools.pairwise(outline),
            itertools.pairwise(small),
            strict=True,
        ):
            dx, dz = b[0] - a[0], b[1] - a[1]
            size = math.hypot(dx, dz) or 1.0
            nx, nz = dz / size, -dx / size  # outward: outlines run from front to rear over the top
            flat: Vector = (nx, 0.0, nz)
            middle: Vector = ((a[0] + b[0]) / 2, 0.0, (a[1] + b[1]) / 2)
            if self.camera.sees(flat, middle):
                quad: list[Vector] = [
                    (a[0], -inner, a[1]),
                    (a[0], inner, a[1]),
                    (b[0], inner, b[1]),
                    (b[0], -inner, b[1]),
                ]
                faces.append((middle[0], quad, flat))
            for y in (-1.0, 1.0):
                edge: Vector = (nx * 0.7, y * 0.7, nz * 0.7)
                bevel: list[Vector] = [
                    (a[0], y * inner, a[1]),
                    (b[0], y * inner, b[1]),
                    (sb[0], y * outer, sb[1]),
                    (sa[0], y * outer, sa[1]),
                ]
                if self.camera.sees(edge, bevel[0]):
                    faces.append((middle[0], bevel, edge))
        faces.sort(key=lambda face: face[0] * (1.0 if self.camera.position[0] > 0 else -1.0))
        for _, points, normal in faces:
            self.face(points, self.lit(normal, self.paint.color))

    def lower_body(self) -> None:
        """Draw hood, deck, both ends and the near side."""
        if self.shape.cargo:  # the frame that carries the box
            x0, x1, z, _ = self.shape.cargo
            y = self.side * (self.half - 0.3)
            self.face([(x0, y, z - 0.25), (x1, y, z - 0.25), (x1, y, z), (x0, y, z)], (40, 40, 44))
        self.strips(self.deck, self.half - 0.12, self.half, 0.07)
        if not self.side_seen:
            return
        y = self.side * self.half
        cx = sum(x for x, _ in self.deck) / len(self.deck)
        cz = sum(z for _, z in self.deck) / len(self.deck)
        outline: list[Vector] = [
            (cx + (x - cx) * (1 - 0.07 / 3), y, cz + (z - cz) * 0.93) for x, z in self.deck
        ]
        front, rear = self.deck[0][0], self.deck[-1][0]
        outline += [(rear + 0.1, y, self.shape.floor), (front - 0.1, y, self.shape.floor)]
        color = shade(self.paint.color, 0.96)
        stops = (
            mix(shade(color, 1.08, 10), self.paint.sky, 0.16),
            shade(color, 1.0),
            shade(color, 0.92),
            shade(color, 0.72),
            shade(color, 0.62),
            shade(color, 0.48),
        )
        self.canvas.gradient_polygon([self.camera.project(point) for point in outline], stops)
        self.side_details(y)

    def side_details(self, y: float) -> None:
        """Draw sills, doors, handles and the crease on the near side."""
        scale = self.camera.focal / self.camera.distance
        belt = min(z for _, z in (self.shape.cabin[0], self.shape.cabin[-1])) - 0.03
        floor = self.shape.floor
        front, rear = self.shape.axles[0], self.shape.axles[-1]
        if not self.shape.cargo:
            sill: list[Vector] = [(front, y, floor), (rear, y, floor)]
            sill += [(rear, y, floor + 0.07), (front, y, floor + 0.07)]
            self.face(sill, TRIM)
        dark = shade(self.paint.color, 0.42)
        thin = max(0.6, 0.014 * scale)
        for x in self.shape.doors:
            ends: list[Vector] = [(x, y, belt), (x - 0.03, y, floor + 0.09)]
            self.canvas.line([self.camera.project(point) for point in ends], dark, thin)
        for x in self.shape.doors[1:]:
            z = belt - 0.16
            grip: list[Vector] = [(x + 0.10, y, z), (x + 0.30, y, z)]
            grip += [(x + 0.30, y, z + 0.035), (x + 0.10, y, z + 0.035)]
            self.face(grip, shade(self.paint.color, 1.25, 25))
        crease: list[Vector] = [(self.deck[0][0] - 0.5, y, belt - 0.24)]
        crease.append((self.deck[-1][0] + 0.4, y, belt - 0.20))
        points = [self.camera.project(point) for point in crease]
        self.canvas.line(points, shade(self.paint.color, 0.80), thin)

    def load_bed(self) -> None:
        """Draw the inside of a pickup's bed as far as it is seen from above."""
        if self.shape.bed is None:
            return
        front, rear = self.shape.bed
        z = reach_top(self.deck, (front + rear) / 2) + 0.005
        y = self.half - 0.16
        if self.camera.height > z:
            self.face([(front, -y, z), (front, y, z), (rear, y, z), (rear, -y, z)], (30, 31, 34))

    def cargo_box(self) -> None:
        """Draw a truck's box: near side and the end that is seen."""
        if self.shape.cargo is None:
            return
        x0, x1, low, high = self.shape.cargo
        y = self.half + 0.06
        color = mix(self.paint.color, (226, 226, 222), 0.62)
        end = x0 if self.front_seen else x1
        if self.front_seen or self.rear_seen:
            self.face(
                [(end, -y, low), (end, y, low), (end, y, high), (end, -y, high)], shade(color, 0.85)
            )
        if self.rear_seen:
            ends: list[Vector] = [(x1, 0.0, low), (x1, 0.0, high)]
            self.canvas.line([self.camera.project(p) for p in ends], shade(color, 0.5), 1.2)
        if self.side_seen:
            near = self.side * y
            side: list[Vector] = [
                (x0, near, low),
                (x1, near, low),
                (x1, near, high),
                (x0, near, high),
            ]
            stops = (shade(color, 1.05), color, shade(color, 0.88))
            self.canvas.gradient_polygon([self.camera.project(point) for point in side], stops)
            stripe: list[Vector] = [(x0, near, low), (x1, near, low)]
            stripe += [(x1, near, low + 0.16), (x0, near, low + 0.16)]
            self.face(stripe, shade(self.paint.color, 0.9))

    def ends(self) -> None:
        """Draw lamps, grille and number plate of the end that is seen."""
        if self.front_seen:
            draw_front(self)
        elif self.rear_seen and self.shape.cargo:
            draw_cargo_rear(self)
        elif self.rear_seen:
            draw_rear(self)


def random_plate(rng: random.Random) -> str:
    """Return letters and digits for a number plate."""
    letters = "".join(rng.choice("ABCDEFGHKLMNPRSTUVWXYZ") for _ in range(3))
    return f"{letters} {rng.randrange(1000):03d}"
