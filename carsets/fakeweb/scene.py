"""What a drawn scene shows: the truth, known without drawing anything."""

from __future__ import annotations

import random
from dataclasses import dataclass

BODIES = (
    "sedan",
    "hatchback",
    "wagon",
    "suv",
    "pickup",
    "van",
    "coupe",
    "convertible",
    "minivan",
    "truck",
)
COLORS: dict[str, tuple[int, int, int]] = {
    "white": (236, 236, 233),
    "black": (26, 26, 30),
    "silver": (182, 187, 192),
    "gray": (98, 101, 106),
    "red": (186, 22, 28),
    "blue": (26, 70, 165),
    "brown": (98, 60, 34),
    "yellow": (238, 196, 28),
    "green": (24, 104, 56),
    "orange": (232, 106, 20),
}
VIEWS = ("side-left", "side-right", "front", "rear", "three-quarter")
BACKGROUNDS = ("street", "field", "garage", "showroom", "city", "beach")
LIGHTS = ("day", "overcast", "dusk", "night")
DISTANCES = ("near", "middle", "far")
OTHERS = (
    "tree",
    "house",
    "dog",
    "horse",
    "bird",
    "person",
    "flower",
    "pizza",
    "fruit",
    "mug",
    "chair",
    "table",
    "boat",
    "plane",
    "logo",
    "chart",
    "empty",
    "abstract",
)
PARTS = ("wheel", "headlight", "badge")
KINDS = ("vehicle", "other", "part", "interior")

_LIGHT_SHARES = (55, 20, 13, 12)
_DISTANCE_SHARES = (45, 40, 15)
_VIEW_SHARES = (17, 17, 14, 12, 40)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The truth about one drawn scene. Fields that do not apply are empty."""

    seed: int
    kind: str  # one of KINDS
    subject: str  # the body style of a vehicle, or which other thing or part
    body: str  # vehicles only
    color: str  # vehicles, parts and interiors
    view: str  # vehicles only, one of VIEWS
    background: str  # one of BACKGROUNDS, or "" for plain ones
    light: str
    distance: str
    width: int  # pixels
    height: int  # pixels


def describe_scene(
    seed: int,
    *,
    kind: str = "vehicle",
    subject: str | None = None,
    body: str | None = None,
    color: str | None = None,
    view: str | None = None,
    background: str | None = None,
    light: str | None = None,
    distance: str | None = None,
    size: tuple[int, int] = (800, 600),
) -> Scene:
    """Return what ``draw_scene`` with the same arguments shows; cheap, nothing is drawn.

    What is not given is chosen from the seed; giving one fact does not change the others.
    Raises ValueError for a value that is not in the lists above.
    """
    # Every fact is drawn in a fixed order whether it is given or not: see the docstring.
    rng = random.Random(f"scene {seed}")
    chosen_body = rng.choice(BODIES)
    chosen_color = rng.choice(tuple(COLORS))
    chosen_view = rng.choices(VIEWS, _VIEW_SHARES)[0]
    chosen_background = rng.choice(BACKGROUNDS)
    chosen_light = rng.choices(LIGHTS, _LIGHT_SHARES)[0]
    chosen_distance = rng.choices(DISTANCES, _DISTANCE_SHARES)[0]
    chosen_other = rng.choice(OTHERS)
    chosen_part = rng.choice(PARTS)
    vehicle = kind == "vehicle"
    truth = Scene(
        seed=seed,
        kind=kind,
        subject={
            "vehicle": body or chosen_body,
            "other": subject or chosen_other,
            "part": subject or chosen_part,
            "interior": "dashboard",
        }.get(kind, ""),
        body=(body or chosen_body) if vehicle else "",
        color=(color or chosen_color) if kind != "other" else "",
        view=(view or chosen_view) if vehicle else "",
        background=background or chosen_background,
        light=light or chosen_light,
        distance=distance or chosen_distance,
        width=size[0],
        height=size[1],
    )
    _check(truth)
    return truth


def _check(scene: Scene) -> None:
    subjects = {"vehicle": BODIES, "other": OTHERS, "part": PARTS, "interior": ("dashboard",)}
    allowed = (
        ("kind", scene.kind, KINDS),
        ("subject", scene.subject, subjects.get(scene.kind, ())),
        ("color", scene.color, (*COLORS, "")),
        ("view", scene.view, (*VIEWS, "")),
        ("background", scene.background, BACKGROUNDS),
        ("light", scene.light, LIGHTS),
        ("distance", scene.distance, DISTANCES),
    )
    for name, value, values in allowed:
        if value not in values:
            raise ValueError(f"{name}={value!r} is not one of {', '.join(map(repr, values))}")
