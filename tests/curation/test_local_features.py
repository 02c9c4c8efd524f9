"""Points that fit each other: pairs whose plane is known, and pictures that have none in common."""

import csv
from itertools import combinations

import numpy as np
import pytest
from PIL import Image

from carsets.curation.local_features import (
    LEAST_FITTING,
    Look,
    compare,
    fitting,
    points_of,
    show_the_same,
)
from carsets.fakeweb.drawing import draw_scene
from carsets.vision.inspection import Limits, inspect

cv2 = pytest.importorskip("cv2", reason="needs OpenCV (pip install opencv-python-headless)")


def scene(number):
    return np.asarray(draw_scene(number, kind="vehicle", size=(360, 256)))


@pytest.mark.parametrize("number", [11, 12, 13])
def test_a_picture_seen_from_the_side_fits_and_another_does_not(number):
    pixels = scene(number)
    corners = np.array([[0, 0], [360, 0], [360, 256], [0, 256]], np.float32)
    moved = np.array([[25, 12], [330, 0], [345, 240], [8, 250]], np.float32)
    plane = cv2.getPerspectiveTransform(corners, moved)
    seen = cv2.warpPerspective(pixels, plane, (360, 256))
    assert fitting(points_of(pixels), points_of(seen)) >= 2 * LEAST_FITTING
    assert fitting(points_of(pixels), points_of(scene(number + 100))) < LEAST_FITTING


def test_crops_and_watermarks_fit():
    picture = Image.fromarray(scene(5))
    crop = np.asarray(picture.crop((30, 20, 320, 240)).resize((200, 150)))
    assert show_the_same(points_of(np.asarray(picture)), points_of(crop))


def test_the_points_of_a_mirrored_picture_are_foretold_from_its_own():
    pixels = scene(11)
    told = points_of(pixels).mirrored()
    seen = points_of(np.ascontiguousarray(pixels[:, ::-1]))
    far = np.linalg.norm(told.places[:, None] - seen.places[None], axis=2)
    beside = np.flatnonzero(far.min(1) < 2)
    assert len(beside) > 0.8 * len(told)
    differ = told.descriptions[beside].astype(int) - seen.descriptions[far.argmin(1)[beside]]
    assert np.median(np.linalg.norm(differ, axis=1)) < 20
    assert compare(points_of(pixels), seen) == Look.SAME


def test_few_points_refute_nothing_and_many_do():
    flat = np.full((256, 384, 3), 127, np.uint8)
    assert compare(points_of(scene(5)), points_of(flat)) == Look.CANNOT_TELL
    assert compare(points_of(scene(11)), points_of(scene(111))) == Look.DIFFERENT


def test_two_cars_of_one_drawing_share_points_and_are_no_copies():
    one, other = (
        points_of(np.asarray(draw_scene(seed, body="coupe", color="white", size=(360, 256))))
        for seed in (3_000_000_000, 3_000_000_006)
    )
    assert fitting(one, other) >= LEAST_FITTING
    assert compare(one, other) == Look.DIFFERENT


def test_a_flat_picture_has_no_points_and_fits_nothing():
    flat = points_of(np.full((256, 384, 3), 127, np.uint8))
    assert len(flat) == 0
    assert fitting(flat, flat) == 0
    assert fitting(flat, points_of(scene(5))) == 0


def test_the_same_two_pictures_have_the_same_answer():
    one, other = points_of(scene(21)), points_of(scene(22))
    assert len({fitting(one, other) for _ in range(3)}) == 1


def test_real_copies_fit_and_real_look_alikes_do_not(shared):
    folder = shared / "data" / "near_duplicates"
    with (folder / "pairs.csv").open(encoding="utf-8", newline="") as file:
        pairs = list(csv.DictReader(file))
    seen = {}

    def points(name):
        if name not in seen:
            found = inspect((folder / name).read_bytes(), Limits())
            seen[name] = points_of(np.frombuffer(found.small, np.uint8).reshape(found.small_shape))
        return seen[name]

    copies = [row for row in pairs if row["expected"] == "duplicate"][::40]
    others = [row for row in pairs if row["expected"] == "different"]
    assert all(show_the_same(points(row["a"]), points(row["b"])) for row in copies)
    assert not any(show_the_same(points(row["a"]), points(row["b"])) for row in others)


def test_unrelated_real_photos_do_not_fit(shared):
    folder = shared / "data" / "photos"
    files = sorted((folder / "car").iterdir())[::25] + sorted((folder / "other").iterdir())[::40]
    limits = Limits(formats=("JPEG", "PNG", "WEBP", "GIF", "BMP"))
    found = [inspect(path.read_bytes(), limits) for path in files]
    points = [
        points_of(np.frombuffer(one.small, np.uint8).reshape(one.small_shape)) for one in found
    ]
    fits = [fitting(one, other) for one, other in combinations(points, 2)]
    assert len(fits) > 60
    assert max(fits) < LEAST_FITTING
