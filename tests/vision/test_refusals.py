"""What a look at an image refuses, and with which outcome."""

import struct
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from carsets.outcomes import Outcome
from carsets.vision.inspection import MIME, Limits, Refusal, inspect

ALL = Limits(formats=tuple(MIME))


def refusal(body: bytes, limits: Limits = ALL) -> Outcome:
    """Return the outcome with which a look at these bytes ends."""
    with pytest.raises(Refusal) as caught:
        inspect(body, limits)
    return caught.value.outcome


def test_no_bytes_are_empty():
    assert refusal(b"") is Outcome.EMPTY


@pytest.mark.parametrize("format", ["GIF", "PNG", "WEBP", "AVIF"])
def test_more_than_one_frame_is_animated(draw, format):
    frames = [draw.scene(200, 150, seed) for seed in (1, 2, 3)]
    body = draw.file(frames[0], format, save_all=True, append_images=frames[1:], duration=100)
    assert refusal(body) is Outcome.ANIMATED


@pytest.mark.parametrize("format", ["BMP", "AVIF"])
def test_formats_outside_the_list_are_unsupported(draw, format):
    body = draw.scene_file(format)
    assert refusal(body, Limits()) is Outcome.UNSUPPORTED


@pytest.mark.parametrize("format", ["TIFF", "ICO", "PPM", "TGA", "JPEG2000", "PDF", "EPS"])
def test_formats_that_nobody_asked_for_are_unsupported(draw, format):
    assert refusal(draw.file(draw.scene(128, 128), format)) is Outcome.UNSUPPORTED


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
@pytest.mark.parametrize("kept", [0.5, 0.95])
def test_an_image_that_ends_too_early_is_truncated(draw, format, kept):
    body = draw.scene_file(format)
    assert refusal(body[: int(len(body) * kept)]) is Outcome.TRUNCATED


def ending(body: bytes) -> Outcome:
    """Return how a look at these bytes ends; anything but a refusal is a fault."""
    try:
        inspect(body, ALL)
    except Refusal as error:
        return error.outcome
    return Outcome.STORED


FORMATS = ["JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF"]
DAMAGED = {Outcome.EMPTY, Outcome.TRUNCATED, Outcome.UNDECODABLE, Outcome.UNSUPPORTED}
SIZES = {Outcome.TOO_MANY_PIXELS, Outcome.ASPECT, Outcome.TOO_SMALL, Outcome.ANIMATED}


@pytest.mark.parametrize("format", FORMATS)
def test_every_prefix_of_an_image_ends_with_an_outcome(draw, format):
    body = draw.scene_file(format, 64, 48)
    prefixes = [body[:length] for length in range(0, len(body), max(1, len(body) // 150))]
    endings = {ending(prefix) for prefix in prefixes}
    assert Outcome.TRUNCATED in endings
    assert endings <= DAMAGED | {Outcome.STORED}


@pytest.mark.parametrize("format", FORMATS)
def test_damaged_images_end_with_an_outcome(draw, format):
    body = draw.scene_file(format, 96, 64)
    rng = np.random.default_rng(3)
    endings = set()
    for _ in range(80):
        damaged = bytearray(body)
        for place in rng.integers(0, len(body), 6):
            damaged[place] = rng.integers(0, 256)
        endings.add(ending(bytes(damaged)))
    assert endings <= DAMAGED | SIZES | {Outcome.STORED}


def test_damage_inside_a_jpeg_is_undecodable(draw):
    body = bytearray(draw.jpeg())
    body[len(body) // 2 : len(body) // 2 + 400] = b"\x5a" * 400
    assert refusal(bytes(body)) is Outcome.UNDECODABLE


def test_harmless_oddities_of_a_jpeg_are_passed_over(draw):
    body = draw.jpeg()
    scan = body.index(b"\xff\xda")
    found = inspect(body[:scan] + b"\0\0\0" + body[scan:], ALL)
    assert found.flags == ("repaired",)
    assert (found.phash ^ inspect(body, ALL).phash).bit_count() <= 2


def test_limits_are_asked_of_the_upright_image(draw):
    exif = Image.Exif()
    exif[0x0112] = 6
    body = draw.jpeg(draw.scene(200, 400), exif=exif.tobytes())
    assert inspect(body, Limits(min_width=400, min_height=200)).width == 400
    assert refusal(body, Limits(min_width=1, min_height=201)) is Outcome.TOO_SMALL


@pytest.mark.parametrize(
    ("size", "outcome"),
    [
        ((99, 200), Outcome.TOO_SMALL),
        ((200, 99), Outcome.TOO_SMALL),
        ((1010, 100), Outcome.ASPECT),
        ((100, 1010), Outcome.ASPECT),
        ((500, 401), Outcome.TOO_MANY_PIXELS),
    ],
)
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF"])
def test_sizes_outside_the_limits_are_refused(draw, format, size, outcome):
    limits = Limits(formats=tuple(MIME), min_width=100, min_height=100, max_pixels=200_000)
    assert refusal(draw.scene_file(format, *size), limits) is outcome


def test_the_limits_themselves_are_inside(draw):
    limits = Limits(min_width=100, min_height=100, max_pixels=200_000)
    for size in ((100, 100), (1000, 100), (500, 400)):
        assert inspect(draw.jpeg(draw.scene(*size)), limits).width == size[0]


@pytest.mark.parametrize("wrong", [{"formats": ("TIFF",)}, {"formats": ()}, {"max_pixels": 10**9}])
def test_limits_that_cannot_be_held_are_refused(wrong):
    with pytest.raises(ValueError, match="image"):
        Limits(**wrong)


def test_a_gif_whose_frame_is_larger_than_its_screen_is_measured_by_its_frame(draw):
    body = bytearray(draw.file(draw.scene(64, 64), "GIF"))
    place = body.index(b",\0\0\0\0\x40\0\x40\0")
    body[place + 5 : place + 9] = struct.pack("<HH", 60_000, 60_000)
    assert refusal(bytes(body)) is Outcome.TOO_MANY_PIXELS


# --- What a refusal costs ---------------------------------------------------------------------


FLOODS = {"1-bit": (13_300, 1, 0), "RGBA": (7_100, 8, 6)}


@pytest.mark.parametrize("kind", FLOODS)
def test_a_pixel_flood_is_refused_without_its_pixels(draw, kind):
    """In a process of its own, because a peak of memory cannot be taken back."""
    body = draw.flood(*FLOODS[kind])
    assert len(body) < 2_000_000
    code = (
        "import resource, sys\n"
        "from carsets.vision.inspection import *\n"
        "from carsets.vision.look import look\n"
        "body = sys.stdin.buffer.read()\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    inspect(body, Limits())\n"
        "except Refusal as refusal:\n    print(refusal.outcome)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], input=body, capture_output=True, check=True)
    outcome, grown = done.stdout.split()
    assert outcome == b"too_many_pixels"
    assert int(grown) < 50_000  # kilobytes
