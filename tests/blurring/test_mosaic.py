"""What is hidden cannot be read, and what is not hidden stays as it was."""

import numpy as np
from PIL import Image, ImageDraw

from carsets.blurring.boxes import Box
from carsets.blurring.mosaic import CELLS, MARGIN, hide


def plate(text):
    """Return a picture with a plate in its middle, and where that lies."""
    picture = Image.effect_noise((400, 200), 80).convert("RGB")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((120, 80, 280, 120), "white")
    draw.text((130, 82), text, "black", font_size=32)
    return picture, Box(0.3, 0.4, 0.7, 0.6)


PLACE = Box(0.3, 0.4, 0.7, 0.6)


def inside(picture, box=PLACE):
    width, height = picture.size
    return np.asarray(picture, np.int16)[
        round(box.top * height) : round(box.bottom * height),
        round(box.left * width) : round(box.right * width),
    ]


def test_a_hidden_plate_has_no_detail_left():
    picture, box = plate("AB 123 CD")
    before = np.abs(np.diff(inside(picture), axis=1)).mean()
    assert hide(picture, [box]) == 1
    after = np.abs(np.diff(inside(picture), axis=1)).mean()
    assert after < before / 20
    # Nine colors and what lies between them: the smaller picture tells all that is left.
    part = Image.fromarray(inside(picture).astype(np.uint8))
    few = part.resize((CELLS, CELLS)).resize(part.size, Image.Resampling.BILINEAR)
    assert np.abs(np.asarray(few, int) - np.asarray(part, int)).mean() < 6


def test_two_plates_of_the_same_colors_look_the_same_when_hidden():
    hidden = []
    for text in ("AB 123 CD", "CD 321 AB"):  # the same characters, elsewhere
        picture, box = plate(text)
        hide(picture, [box.grown(-0.1)])
        hidden.append(inside(picture, box.grown(-0.1)))
    assert np.abs(hidden[0] - hidden[1]).max() < 40


def test_nothing_outside_of_the_box_and_its_margin_is_touched():
    picture, box = plate("AB 123 CD")
    before = np.asarray(picture).copy()
    hide(picture, [box])
    changed = (np.asarray(picture) != before).any(2)
    grown = box.grown(MARGIN)
    rows, columns = np.nonzero(changed)
    assert rows.min() >= int(grown.top * 200)
    assert rows.max() <= int(grown.bottom * 200)
    assert columns.min() >= int(grown.left * 400)
    assert columns.max() <= int(grown.right * 400)


def test_boxes_at_the_edges_are_cut_and_boxes_outside_are_passed_over():
    picture = Image.new("RGB", (40, 30), "red")
    boxes = [Box(-1, -1, 0.2, 0.2), Box(0.9, 0.9, 3, 3), Box(1.5, 0, 1.9, 1), Box(0, -2, 1, -1.5)]
    assert hide(picture, boxes) == 2
