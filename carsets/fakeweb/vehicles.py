"""Draws one vehicle: its outline is extruded to a solid, lit, and seen through a camera."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from carsets.fakeweb.body_shapes import SHAPES, Outline, Shape
from carsets.fakeweb.canvas import Canvas, Color, mix, shade
from carsets.fakeweb.projection import Camera, Vector
from carsets.fakeweb.wheels import draw_arch, draw_tread, draw_wheel

GLASS = (34, 44, 54)
TRIM = (22, 23, 26)
_SUN: Vector = (0.35, 0.45, 0.82)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paint:
    """How a vehicle is to be painted."""

    color: Color
    sky: Color  # what glass and roofs reflect
    lamps_on: bool
    plate: str


def rounded(outline: Outline, rounds: int = 2) -> Outline:
    """Return an open outline with its corners cut (Chaikin), ends kept."""
    for _ in range(rounds):
        points = [outline[0]]
        for (ax, az), (bx, bz) in zip(outline, outline[1:], strict=False):
            points.append((ax * 0.75 + bx * 0.25, az * 0.75 + bz * 0.25))
            points.append((ax * 0.25 + bx * 0.75, az * 0.25 + bz * 0.75))
        points.append(outline[-1])
        outline = tuple(points)
    return outline


def reach(outline: Outline, z: float, *, front: bool) -> float:
    """Return the x of an outline's front (or rear) end at a height."""
    found = [
        ax + (bx - ax) * (z - az) / (bz - az)
        for (ax, az), (bx, bz) in zip(outline, outline[1:], strict=False)
        if min(az, bz) <= z <= max(az, bz) and az != bz
    ]
    if not found:
        found = [x for x, _ in outline]
    return max(found) if front else min(found)


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
            self.open_cabin()
        else:
            self.glass_house()
        if self.shape.cargo and self.rear_seen:
            self.cargo_box()
        self.ends()
        if self.side_seen:
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
            zip(outline, outline[1:], strict=False),
            zip(small, small[1:], strict=False),
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

    def lean(self, z: float) -> float:
        """Return the half width of the cabin at a height."""
        low = min(point[1] for point in self.shape.cabin)
        high = max(point[1] for point in self.shape.cabin)
        return self.half - 0.06 - self.shape.roof_inset * (z - low) / (high - low)

    def glass(self, points: list[Vector]) -> None:
        """Draw a window: dark, with the sky in its upper part."""
        stops = (mix(GLASS, self.paint.sky, 0.52), mix(GLASS, self.paint.sky, 0.22), GLASS, GLASS)
        self.canvas.gradient_polygon([self.camera.project(point) for point in points], stops)

    def glass_house(self) -> None:
        """Draw roof, pillars and windows."""
        for a, b in zip(self.cabin, self.cabin[1:], strict=False):
            dx, dz = b[0] - a[0], b[1] - a[1]
            size = math.hypot(dx, dz) or 1.0
            normal: Vector = (dz / size, 0.0, -dx / size)
            if self.camera.sees(normal, (a[0], 0.0, a[1])):
                wa, wb = self.lean(a[1]), self.lean(b[1])
                quad: list[Vector] = [(a[0], -wa, a[1]), (a[0], wa, a[1])]
                quad += [(b[0], wb, b[1]), (b[0], -wb, b[1])]
                self.face(quad, self.lit(normal, self.paint.color))
        self.slope_window(self.shape.cabin[0], self.shape.cabin[1])
        if self.shape.glass_until < -5:
            self.slope_window(self.shape.cabin[-1], self.shape.cabin[-2])
        if self.side_seen:
            self.side_windows()
        if self.shape.roof_rails:
            high = self.shape.cabin[2][1] + 0.03
            y = self.side * (self.lean(high) - 0.03)
            rail: list[Vector] = [(self.shape.cabin[1][0] - 0.2, y, high)]
            rail.append((self.shape.cabin[-2][0] + 0.1, y, high))
            scale = self.camera.focal / self.camera.distance
            self.canvas.line([self.camera.project(p) for p in rail], (150, 152, 156), 0.03 * scale)

    def slope_window(self, foot: tuple[float, float], top: tuple[float, float]) -> None:
        """Draw the windshield or the rear window when it is seen."""
        dx, dz = top[0] - foot[0], top[1] - foot[1]
        sign = 1.0 if foot[0] > 0 else -1.0
        normal: Vector = (sign * abs(dz), 0.0, abs(dx))
        if not self.camera.sees(normal, (foot[0], 0.0, foot[1])):
            return
        corners: list[Vector] = []
        for share, inset in ((0.10, 0.10), (0.90, 0.09)):
            x, z = foot[0] + dx * share, foot[1] + dz * share
            y = self.lean(z) - inset
            corners += [(x, -y, z), (x, y, z)] if share < 0.5 else [(x, y, z), (x, -y, z)]
        self.glass(corners)

    def side_windows(self) -> None:
        """Draw the near side of the cabin: metal first, then the windows in it."""
        side: list[Vector] = [(x, self.side * self.lean(z), z) for x, z in self.cabin]
        stops = (shade(self.paint.color, 1.04, 8), shade(self.paint.color, 0.86))
        self.canvas.gradient_polygon([self.camera.project(point) for point in side], stops)
        low = min(z for _, z in self.shape.cabin) + 0.05
        high = max(z for _, z in self.shape.cabin) - 0.09
        edges = [x for x in self.shape.pillars if x > self.shape.glass_until]
        front = max(x for x, _ in self.shape.cabin)
        rear = max(min(x for x, _ in self.shape.cabin), self.shape.glass_until)
        for start, end in zip([front, *edges], [*edges, rear], strict=True):
            self.side_window(start - 0.035, end + 0.035, low, high)
        mirror = self.shape.cabin[0]
        x, z = mirror[0] - 0.28, mirror[1] + 0.16
        center = self.camera.project((x, self.side * (self.half + 0.08), z))
        scale = self.camera.focal / self.camera.distance
        self.canvas.ellipse(*center, 0.10 * scale, 0.075 * scale, shade(self.paint.color, 0.7))

    def side_window(self, start: float, end: float, low: float, high: float) -> None:
        """Draw one window between two pillars, cut off by the slopes of front and rear."""
        steps = 8
        tops: list[Vector] = []
        bottoms: list[Vector] = []
        for step in range(steps + 1):
            x = start + (end - start) * step / steps
            z = min(high, self.roof_over(x) - 0.09)
            if z > low + 0.02:
                tops.append((x, self.side * self.lean(z), z))
                bottoms.append((x, self.side * self.lean(low), low))
        if len(tops) > 1:
            self.glass(tops + bottoms[::-1])

    def roof_over(self, x: float) -> float:
        """Return the height of the cabin's outline over a place."""
        found = [
            az + (bz - az) * (x - ax) / (bx - ax)
            for (ax, az), (bx, bz) in zip(self.cabin, self.cabin[1:], strict=False)
            if min(ax, bx) <= x <= max(ax, bx) and ax != bx
        ]
        return max(found, default=0.0)

    def open_cabin(self) -> None:
        """Draw a windshield frame, seats and an opening instead of a roof."""
        (fx, fz), (tx, tz) = self.shape.cabin[0], self.shape.cabin[1]
        rear_x, rear_z = self.shape.cabin[-1]
        y = self.half - 0.16
        hole: list[Vector] = [(fx - 0.1, -y, fz + 0.02), (fx - 0.1, y, fz + 0.02)]
        hole += [(rear_x, y, rear_z + 0.02), (rear_x, -y, rear_z + 0.02)]
        self.face(hole, (38, 30, 28))
        seat = (96, 62, 40)
        for x in (-0.35, -0.95):
            for where in sorted((-0.38, 0.38), key=lambda at: at * self.side):
                back: list[Vector] = [(x, where - 0.24, fz - 0.02), (x, where + 0.24, fz - 0.02)]
                back += [(x - 0.12, where + 0.20, fz + 0.24), (x - 0.12, where - 0.20, fz + 0.24)]
                self.face(back, seat)
                flank: list[Vector] = [(x + 0.05, where, fz - 0.02), (x - 0.2, where, fz - 0.02)]
                flank += [(x - 0.2, where, fz + 0.25), (x - 0.08, where, fz + 0.25)]
                self.face(flank, shade(seat, 0.8))
        frame: list[Vector] = [(fx, -y, fz), (tx, -y + 0.14, tz), (tx, y - 0.14, tz), (fx, y, fz)]
        points = [self.camera.project(point) for point in frame]
        self.canvas.polygon(points, mix(GLASS, self.paint.sky, 0.45))
        scale = self.camera.focal / self.camera.distance
        self.canvas.line(points, shade(self.paint.color, 0.6), 0.05 * scale)

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
        from carsets.fakeweb.vehicle_ends import draw_front, draw_rear

        if self.front_seen:
            draw_front(self)
        elif self.rear_seen:
            draw_rear(self)


def reach_top(outline: Outline, x: float) -> float:
    """Return the greatest height of an outline at a place."""
    found = [
        az + (bz - az) * (x - ax) / (bx - ax)
        for (ax, az), (bx, bz) in zip(outline, outline[1:], strict=False)
        if min(ax, bx) <= x <= max(ax, bx) and ax != bx
    ]
    return max(found, default=0.0)


def random_plate(rng: random.Random) -> str:
    """Return letters and digits for a number plate."""
    letters = "".join(rng.choice("ABCDEFGHKLMNPRSTUVWXYZ") for _ in range(3))
    return f"{letters} {rng.randrange(1000):03d}"
