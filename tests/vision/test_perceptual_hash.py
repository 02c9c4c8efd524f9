"""Fingerprints of the same picture lie together, those of different ones apart."""

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter, ImageOps

from carsets.vision.perceptual_hash import fingerprints

EDITS = {
    "half the size": lambda image: image.resize((320, 240)),
    "a third of the size": lambda image: image.resize((213, 160), Image.Resampling.LANCZOS),
    "twice the size": lambda image: image.resize((1280, 960)),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.15),
    "less contrast": lambda image: ImageEnhance.Contrast(image).enhance(0.8),
    "sharper": lambda image: image.filter(ImageFilter.SHARPEN),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(2)),
    "gray": lambda image: image.convert("L").convert("RGB"),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
@pytest.mark.parametrize("seed", range(3))
def test_an_edited_picture_keeps_its_fingerprints(draw, edit, seed):
    scene = draw.scene(seed=seed)
    for one, other in zip(fingerprints(scene), fingerprints(edit(scene)), strict=True):
        assert (one ^ other).bit_count() <= 4


@pytest.mark.parametrize("edit", [ImageOps.mirror, ImageOps.flip])
def test_a_mirrored_picture_is_another(draw, edit):
    scene = draw.scene()
    for one, other in zip(fingerprints(scene), fingerprints(edit(scene)), strict=True):
        assert (one ^ other).bit_count() > 12


def test_different_pictures_lie_apart(draw):
    hashes = [fingerprints(draw.scene(seed=seed)) for seed in range(30)]
    for kind in (0, 1):
        distances = [
            (one[kind] ^ other[kind]).bit_count()
            for place, one in enumerate(hashes)
            for other in hashes[:place]
        ]
        assert min(distances) > 12
        assert np.mean(distances) == pytest.approx(32, abs=4)


def test_the_first_bit_of_the_dhash_is_the_upper_left_step():
    image = Image.new("L", (9, 8), 100)
    image.putpixel((1, 0), 101)
    assert fingerprints(image)[1] == 1 << 63


def test_half_of_the_bits_of_a_phash_are_set(draw):
    for seed in range(10):
        assert fingerprints(draw.scene(seed=seed))[0].bit_count() == 32
