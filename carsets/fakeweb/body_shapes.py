"""The shapes of ten kinds of vehicles, in meters: x forward from the middle, z up."""

from __future__ import annotations

from dataclasses import dataclass, replace

Outline = tuple[tuple[float, float], ...]  # (x, z) points


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One body style."""

    width: float
    deck: Outline  # the lower body without its floor, from the front bumper to the rear one
    cabin: Outline  # the glass house: windshield foot, roof..., foot of the rear window
    axles: tuple[float, ...]  # x of each
    wheel: float  # radius
    floor: float = 0.24  # height of the sills
    roof_inset: float = 0.24  # by how much each side leans in
    doors: tuple[float, ...] = ()  # x of the door edges
    pillars: tuple[float, ...] = ()  # x of the pillars between the side windows
    glass_until: float = -9.0  # side windows end here: what is behind is sheet metal
    open_top: bool = False
    bed: tuple[float, float] | None = None  # x range of an open load bed
    cargo: tuple[float, float, float, float] | None = None  # x range, floor and roof of a box
    roof_rails: bool = False


_SEDAN = Shape(
    width=1.82,
    deck=(
        (2.30, 0.26),
        (2.38, 0.42),
        (2.34, 0.68),
        (2.05, 0.80),
        (0.98, 0.95),
        (-1.55, 1.00),
        (-2.20, 0.98),
        (-2.36, 0.86),
        (-2.38, 0.45),
        (-2.28, 0.28),
    ),
    cabin=((1.12, 0.93), (0.35, 1.42), (-0.75, 1.45), (-1.70, 0.98)),
    axles=(1.42, -1.36),
    wheel=0.33,
    doors=(0.92, -0.08, -1.05),
    pillars=(-0.10, -0.98),
)

SHAPES: dict[str, Shape] = {
    "sedan": _SEDAN,
    "hatchback": replace(
        _SEDAN,
        width=1.78,
        deck=(
            (1.95, 0.26),
            (2.03, 0.44),
            (1.98, 0.72),
            (1.72, 0.85),
            (0.92, 0.99),
            (-1.70, 1.04),
            (-1.98, 0.98),
            (-2.04, 0.45),
            (-1.94, 0.28),
        ),
        cabin=((1.05, 0.97), (0.32, 1.46), (-1.05, 1.50), (-1.55, 1.40), (-1.96, 1.00)),
        axles=(1.24, -1.28),
        wheel=0.32,
        doors=(0.85, -0.15, -1.05),
        pillars=(-0.16, -1.12),
    ),
    "wagon": replace(
        _SEDAN,
        deck=(
            (2.30, 0.26),
            (2.38, 0.42),
            (2.34, 0.68),
            (2.05, 0.80),
            (0.98, 0.95),
            (-2.20, 1.00),
            (-2.38, 0.90),
            (-2.40, 0.45),
            (-2.30, 0.28),
        ),
        cabin=((1.12, 0.93), (0.35, 1.44), (-1.70, 1.47), (-2.05, 1.42), (-2.36, 0.98)),
        pillars=(-0.10, -1.05),
        roof_rails=True,
    ),
    "suv": replace(
        _SEDAN,
        width=1.92,
        deck=(
            (2.20, 0.38),
            (2.32, 0.55),
            (2.32, 0.88),
            (2.12, 1.02),
            (1.02, 1.14),
            (-2.05, 1.18),
            (-2.28, 1.08),
            (-2.32, 0.58),
            (-2.20, 0.40),
        ),
        cabin=((1.12, 1.12), (0.52, 1.72), (-1.75, 1.76), (-2.02, 1.70), (-2.28, 1.14)),
        axles=(1.42, -1.40),
        wheel=0.40,
        floor=0.36,
        doors=(0.92, -0.12, -1.10),
        pillars=(-0.14, -1.18),
        roof_rails=True,
    ),
    "pickup": replace(
        _SEDAN,
        width=1.96,
        deck=(
            (2.58, 0.42),
            (2.70, 0.58),
            (2.70, 0.98),
            (2.55, 1.10),
            (1.35, 1.18),
            (-0.55, 1.20),
            (-2.62, 1.20),
            (-2.68, 1.10),
            (-2.70, 0.58),
            (-2.62, 0.44),
        ),
        cabin=((1.42, 1.16), (0.86, 1.76), (-0.42, 1.79), (-0.66, 1.19)),
        axles=(1.72, -1.62),
        wheel=0.41,
        floor=0.42,
        doors=(1.22, 0.28, -0.60),
        pillars=(0.26,),
        bed=(-0.78, -2.60),
    ),
    "van": replace(
        _SEDAN,
        width=1.98,
        deck=(
            (2.45, 0.30),
            (2.56, 0.48),
            (2.52, 0.86),
            (2.30, 1.06),
            (1.80, 1.24),
            (-2.45, 1.28),
            (-2.56, 1.15),
            (-2.58, 0.48),
            (-2.48, 0.32),
        ),
        cabin=((1.98, 1.20), (1.18, 2.12), (0.70, 2.28), (-2.46, 2.30), (-2.56, 1.22)),
        axles=(1.62, -1.55),
        wheel=0.35,
        floor=0.28,
        roof_inset=0.14,
        doors=(1.62, 0.55, -0.80),
        pillars=(0.62,),
        glass_until=0.55,
    ),
    "coupe": replace(
        _SEDAN,
        width=1.86,
        deck=(
            (2.26, 0.22),
            (2.36, 0.38),
            (2.28, 0.62),
            (1.95, 0.74),
            (0.72, 0.88),
            (-1.30, 0.94),
            (-2.10, 0.96),
            (-2.26, 0.82),
            (-2.28, 0.40),
            (-2.18, 0.24),
        ),
        cabin=((0.86, 0.86), (0.02, 1.26), (-0.70, 1.28), (-1.85, 0.95)),
        axles=(1.40, -1.34),
        wheel=0.35,
        floor=0.20,
        doors=(0.66, -0.72),
        pillars=(-0.80,),
        roof_inset=0.28,
    ),
    "convertible": replace(
        _SEDAN,
        width=1.82,
        deck=(
            (2.14, 0.24),
            (2.24, 0.40),
            (2.18, 0.66),
            (1.85, 0.78),
            (0.72, 0.90),
            (-1.20, 0.92),
            (-1.90, 0.96),
            (-2.12, 0.84),
            (-2.16, 0.42),
            (-2.06, 0.26),
        ),
        cabin=((0.84, 0.88), (0.30, 1.26), (-0.62, 1.26), (-1.30, 0.93)),
        axles=(1.32, -1.28),
        wheel=0.33,
        floor=0.21,
        doors=(0.66, -0.62),
        open_top=True,
    ),
    "minivan": replace(
        _SEDAN,
        width=1.94,
        deck=(
            (2.36, 0.28),
            (2.46, 0.46),
            (2.40, 0.78),
            (2.12, 0.94),
            (1.42, 1.08),
            (-2.25, 1.12),
            (-2.44, 1.02),
            (-2.46, 0.46),
            (-2.36, 0.30),
        ),
        cabin=((1.60, 1.05), (0.62, 1.68), (-1.85, 1.76), (-2.20, 1.68), (-2.42, 1.08)),
        axles=(1.52, -1.42),
        wheel=0.34,
        floor=0.26,
        roof_inset=0.20,
        doors=(1.10, 0.10, -1.00),
        pillars=(1.00, 0.08, -1.05),
        roof_rails=True,
    ),
    "truck": replace(
        _SEDAN,
        width=2.36,
        deck=(
            (3.60, 0.50),
            (3.72, 0.70),
            (3.72, 1.30),
            (3.66, 1.56),
            (3.55, 1.62),
            (1.82, 1.62),
            (1.78, 1.52),
            (1.78, 0.62),
            (1.84, 0.52),
        ),
        cabin=((3.62, 1.58), (3.28, 2.52), (1.95, 2.62), (1.80, 1.60)),
        axles=(2.72, -2.00, -2.95),
        wheel=0.50,
        floor=0.52,
        roof_inset=0.12,
        doors=(3.40, 2.20),
        pillars=(),
        cargo=(1.62, -3.75, 0.98, 3.20),
    ),
}
