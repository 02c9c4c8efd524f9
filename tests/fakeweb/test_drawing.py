"""Scenes are drawn the same every time, and show what is said about them."""

import subprocess
import sys
from hashlib import sha256
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from carsets.fakeweb.drawing import describe_scene, draw_scene
from carsets.fakeweb.scene import BODIES, COLORS, OTHERS, PARTS, VIEWS

SMALL = (320, 240)


def pixels(image: Image.Image) -> str:
    return sha256(image.tobytes()).hexdigest()


@pytest.mark.parametrize("kind", ["vehicle", "other", "part", "interior"])
def test_same_seed_gives_the_same_pixels_in_another_process(kind):
    here = pixels(draw_scene(41, kind=kind, size=SMALL))
    code = (
        "from carsets.fakeweb.drawing import draw_scene; from hashlib import sha256;"
        f"print(sha256(draw_scene(41, kind={kind!r}, size={SMALL}).tobytes()).hexdigest())"
    )
    there = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert there == here


def test_other_seeds_give_other_pictures():
    assert len({pixels(draw_scene(seed, size=SMALL)) for seed in range(30)}) == 30


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("view", VIEWS)
def test_every_body_is_drawn_in_every_view(body, view):
    empty = draw_scene(5, kind="other", subject="empty", background="field", size=SMALL)
    drawn = draw_scene(5, body=body, view=view, background="field", light="day", size=SMALL)
    difference = np.abs(np.asarray(drawn, np.int16) - np.asarray(empty, np.int16)).max(axis=2)
    assert drawn.size == SMALL
    assert (difference > 40).mean() > 0.02


@pytest.mark.parametrize("subject", OTHERS)
def test_every_other_thing_is_drawn(subject):
    assert draw_scene(3, kind="other", subject=subject, size=SMALL).size == SMALL


@pytest.mark.parametrize("subject", PARTS)
def test_every_part_is_drawn(subject):
    assert draw_scene(3, kind="part", subject=subject, size=SMALL).size == SMALL


@pytest.mark.parametrize(("color", "channel"), [("red", 0), ("green", 1), ("blue", 2)])
def test_color_of_a_vehicle_is_the_color_that_is_said(color, channel):
    drawn = np.asarray(
        draw_scene(
            2, color=color, view="side-left", light="day", background="showroom", distance="near"
        ),
        np.int16,
    )
    others = np.delete(drawn, channel, axis=2).max(axis=2)
    assert ((drawn[:, :, channel] - others) > 25).mean() > 0.08


def test_description_tells_what_is_drawn():
    scene = describe_scene(9, body="van", color="orange", size=(640, 480))
    assert (scene.body, scene.color, scene.width, scene.height) == ("van", "orange", 640, 480)
    assert describe_scene(9, body="van").view == describe_scene(9).view
    assert describe_scene(9, body="van").background == describe_scene(9).background


@pytest.mark.parametrize(
    "wrong", [{"body": "tank"}, {"color": "pink"}, {"kind": "thing"}, {"view": "top"}]
)
def test_unknown_value_is_an_error_that_names_the_known_ones(wrong):
    with pytest.raises(ValueError, match="is not one of"):
        describe_scene(1, **wrong)


def test_colors_and_bodies_all_occur_by_themselves():
    scenes = [describe_scene(seed) for seed in range(400)]
    assert {scene.body for scene in scenes} == set(BODIES)
    assert {scene.color for scene in scenes} == set(COLORS)
    assert {scene.view for scene in scenes} == set(VIEWS)


def test_files_have_the_size_of_photos():
    for seed in range(6):
        stream = BytesIO()
        draw_scene(seed, size=(800, 600)).save(stream, "JPEG", quality=85)
        assert 30_000 < len(stream.getvalue()) < 150_000
