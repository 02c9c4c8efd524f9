"""Draws scenes, deterministically from an integer: vehicles, parts of them, and other things."""

from __future__ import annotations

import random

from PIL import Image, ImageOps

from carsets.fakeweb.body_shapes import SHAPES
from carsets.fakeweb.canvas import Canvas, mix, shade, vary
from carsets.fakeweb.other_things import draw_other
from carsets.fakeweb.parts import draw_dashboard, draw_part
from carsets.fakeweb.projection import Camera, fit_camera
from carsets.fakeweb.scene import COLORS, Scene, describe_scene
from carsets.fakeweb.scenery import INDOORS, LIGHTS, draw_scenery
from carsets.fakeweb.vehicles import Paint, VehicleArtist, random_plate

__all__ = ["Scene", "describe_scene", "draw_scene", "paint_scene"]

_SHARES = {"near": (0.74, 0.90), "middle": (0.52, 0.70), "far": (0.28, 0.42)}
_AZIMUTHS = {
    "side-left": ((78.0, 102.0),),
    "side-right": ((-102.0, -78.0),),
    "front": ((-12.0, 12.0),),
    "rear": ((168.0, 192.0),),
    "three-quarter": ((28.0, 62.0), (-62.0, -28.0), (118.0, 150.0), (-150.0, -118.0)),
}


def draw_scene(
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
) -> Image.Image:
    """Return an RGB picture of the scene that ``describe_scene`` describes for these arguments.

    Sizes are pixels. Raises ValueError for a value that the lists of ``scene`` do not have.
    """
    return paint_scene(
        describe_scene(
            seed,
            kind=kind,
            subject=subject,
            body=body,
            color=color,
            view=view,
            background=background,
            light=light,
            distance=distance,
            size=size,
        )
    )


def paint_scene(scene: Scene) -> Image.Image:
    """Return the RGB picture of a scene."""
    rng = random.Random(f"strokes {scene.seed}")
    canvas = Canvas(scene.width, scene.height, rng)
    light = LIGHTS[scene.light]
    if scene.kind == "vehicle":
        _draw_vehicle(canvas, scene, rng)
    elif scene.kind == "interior":
        draw_dashboard(canvas, scene, rng)
    elif scene.kind == "part":
        draw_part(canvas, scene, rng)
    else:
        draw_other(canvas, scene, rng)
    image = canvas.finish(grain=rng.choice((4, 6, 8)), tint=light.tint)
    return image if scene.kind in {"vehicle", "other"} else _closer(image, rng)


def _closer(image: Image.Image, rng: random.Random) -> Image.Image:
    """Return a cut-out of a picture at its old size, perhaps mirrored.

    Parts and interiors are drawn in one place each: without this all would look like copies.
    """
    share = rng.uniform(0.62, 1.0)
    width, height = image.width * share, image.height * share
    left, top = rng.uniform(0, image.width - width), rng.uniform(0, image.height - height)
    box = (left, top, left + width, top + height)
    cut = image.resize(image.size, Image.Resampling.BILINEAR, box)
    return ImageOps.mirror(cut) if rng.random() < 0.5 else cut


def _draw_vehicle(canvas: Canvas, scene: Scene, rng: random.Random) -> None:
    light = LIGHTS[scene.light]
    indoors = scene.background in INDOORS
    camera = _camera(scene, rng)
    draw_scenery(canvas, scene.background, scene.light, camera.horizon, rng)
    ambient = max(0.75, light.ambient) if indoors else light.ambient
    # The name of a color must stay true: it varies a little, and darkens less than the scene.
    color = shade(vary(rng, COLORS[scene.color], 7), 0.35 + 0.65 * ambient)
    sky = (228, 230, 234) if indoors else mix(light.sky[1], (255, 255, 255), 0.15)
    paint = Paint(
        color=color, sky=sky, lamps_on=light.lamps and not indoors, plate=random_plate(rng)
    )
    VehicleArtist(canvas, camera, scene.body, paint).draw()


def _camera(scene: Scene, rng: random.Random) -> Camera:
    shape = SHAPES[scene.body]
    xs = [x for x, _ in shape.deck] + list(shape.cargo[:2] if shape.cargo else ())
    height = max([z for _, z in shape.cabin] + [shape.cargo[3] if shape.cargo else 0.0])
    ranges = _AZIMUTHS[scene.view]
    return fit_camera(
        rng.uniform(*rng.choice(ranges)),
        length=max(xs) - min(xs),
        width=shape.width,
        height=height,
        share=rng.uniform(*_SHARES[scene.distance]),
        picture=(scene.width, scene.height),
        eye=rng.uniform(1.25, 2.1),
        offset=rng.uniform(-0.05, 0.05),
    )
