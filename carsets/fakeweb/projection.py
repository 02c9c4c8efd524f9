"""A camera that looks at a vehicle: meters become pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from carsets.fakeweb.canvas import Point

Vector = tuple[float, float, float]  # meters: forward, left, up


@dataclass(frozen=True, slots=True)
class Camera:
    """Stands at an azimuth around the origin (0 sees a front, 90 a left side), looks level."""

    azimuth: float  # degrees
    distance: float  # meters
    height: float  # meters above the ground
    focal: float  # pixels
    center: float  # pixels: x of the origin in the picture
    horizon: float  # pixels: y of the horizon

    @property
    def position(self) -> Vector:
        """Return where the camera stands."""
        angle = math.radians(self.azimuth)
        return self.distance * math.cos(angle), self.distance * math.sin(angle), self.height

    @property
    def sine(self) -> float:
        """Return how much of a side is seen: 0 from the front, 1 or -1 straight at a side."""
        return math.sin(math.radians(self.azimuth))

    def project(self, point: Vector) -> Point:
        """Return the pixel of a point."""
        angle = math.radians(self.azimuth)
        cos, sin = math.cos(angle), math.sin(angle)
        depth = max(0.3, self.distance - (point[0] * cos + point[1] * sin))
        across = -point[0] * sin + point[1] * cos
        scale = self.focal / depth
        return self.center + across * scale, self.horizon + (self.height - point[2]) * scale

    def sees(self, normal: Vector, point: Vector) -> bool:
        """Return whether a face at a point with an outward normal is turned to the camera."""
        eye = self.position
        return sum(n * (e - p) for n, e, p in zip(normal, eye, point, strict=True)) > 0

    def ground_y(self, meters_nearer: float) -> float:
        """Return the height in the picture of ground that much nearer than the origin."""
        depth = max(0.3, self.distance - meters_nearer)
        return self.horizon + self.height * self.focal / depth


def fit_camera(
    azimuth: float,
    *,
    length: float,
    width: float,
    height: float,
    share: float,
    picture: tuple[int, int],
    eye: float,
    offset: float,
) -> Camera:
    """Return the camera that makes a box fill a share of the picture's width (or height).

    ``eye`` is the camera's height in meters, ``offset`` moves the box sideways in picture widths.
    """
    angle = math.radians(azimuth)
    span = abs(length * math.sin(angle)) + abs(width * math.cos(angle))
    distance = 5.5 + length * 0.9
    nearest = distance - (abs(length * math.cos(angle)) + abs(width * math.sin(angle))) / 2
    focal = min(
        share * picture[0] / span * (distance + nearest) / 2,
        share * 0.72 * picture[1] / height * nearest,
    )
    # The wheels that are nearest stand a little above the lower edge, the nearer the lower.
    foot = (0.74 + 0.20 * share) * picture[1]
    horizon = foot - eye * focal / nearest
    return Camera(azimuth, distance, eye, focal, picture[0] * (0.5 + offset), horizon)
