"""One look at an image: what it refuses, what it finds, and the stated result of odd inputs."""

import base64
import hashlib
import io
import struct
import subprocess
import sys
import zipfile
import zlib
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from carsets.vision.inspection import MIME, Inspection, Limits, inspect

ALL = Limits(formats=tuple(MIME))


def pixels(found: Inspection) -> np.ndarray:
    """Return the small picture as an array."""
    return np.frombuffer(found.small, np.uint8).reshape(found.small_shape)


def difference(found: Inspection, image: Image.Image) -> float:
    """Return how far the small picture is from what it should show, as a mean of 0 to 255."""
    size = (found.small_shape[1], found.small_shape[0])
    expected = np.asarray(image.resize(size, Image.Resampling.BOX), np.float64)
    return float(np.abs(pixels(found) - expected).mean())


# --- What is found ----------------------------------------------------------------------------


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF"])
def test_every_format_gives_its_facts_and_the_same_picture(draw, format):
    scene = draw.scene()
    body = draw.scene_file(format)
    found = inspect(body, ALL)
    assert (found.format, found.mime, found.extension) == (format, *MIME[format])
    assert (found.width, found.height, found.frames) == (640, 480, 1)
    assert found.sha256 == hashlib.sha256(body).hexdigest()
    assert found.md5 == hashlib.md5(body).hexdigest()
    assert found.small_shape == (256, 341, 3)
    assert difference(found, scene) < 8
    reference = inspect(draw.scene_file("PNG"), ALL)
    assert (found.phash ^ reference.phash).bit_count() <= 4
    assert found.flags == ()


def test_md5_is_that_of_the_served_bytes_in_the_form_of_open_images(draw):
    body = draw.jpeg()
    md5 = bytes.fromhex(inspect(body, ALL).md5)
    assert base64.b64encode(md5) == base64.b64encode(hashlib.md5(body).digest())


@pytest.mark.parametrize(
    ("size", "shape"),
    [
        ((640, 480), (256, 341, 3)),
        ((1600, 400), (256, 384, 3)),
        ((400, 1600), (384, 256, 3)),
        ((100, 60), (256, 384, 3)),
        ((256, 256), (256, 256, 3)),
        ((257, 300), (299, 256, 3)),
        ((3000, 301), (256, 384, 3)),
    ],
)
@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_the_small_picture_has_a_side_of_256_and_is_cut_to_384(draw, format, size, shape):
    found = inspect(draw.scene_file(format, *size), ALL)
    assert found.small_shape == shape
    assert len(found.small) == shape[0] * shape[1] * 3


def test_the_small_picture_shows_the_middle_of_a_long_image(draw):
    scene = draw.scene(1600, 400)
    found = inspect(draw.jpeg(scene), ALL)
    assert difference(found, scene.crop((500, 0, 1100, 400))) < 8


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
def test_the_prints_are_the_same_whether_or_not_a_detector_looks_too(draw, format):
    body = draw.scene_file(format, 1200, 900)
    shown, unseen = inspect(body, ALL), inspect(body, replace(ALL, small=False))
    assert shown.small
    assert not unseen.small
    for print_ in ("pixel_hash", "phash", "dhash"):
        assert getattr(shown, print_) == getattr(unseen, print_)


def test_other_metadata_changes_the_bytes_but_not_the_pixels(draw):
    plain, commented = draw.jpeg(), draw.jpeg_with(0xFE, b"a comment")
    first, second = inspect(plain, ALL), inspect(commented, ALL)
    assert first.sha256 != second.sha256
    assert first.pixel_hash == second.pixel_hash
    assert first.pixel_hash != inspect(draw.jpeg(quality=60), ALL).pixel_hash


def test_equal_pixels_of_two_sizes_are_not_the_same_pixels(draw):
    gray = [Image.new("RGB", size, "gray") for size in ((512, 512), (1024, 1024))]
    first, second = (inspect(draw.file(image, "PNG"), ALL) for image in gray)
    assert first.pixel_hash != second.pixel_hash


def test_an_image_without_structure_has_one_fingerprint_whatever_its_color(draw):
    found = {
        inspect(draw.file(Image.new("RGB", (300, 200), color), "PNG"), ALL).phash
        for color in ("white", "gray", (13, 77, 201))
    }
    assert found == {1 << 63}


def test_an_inspection_survives_the_way_through_a_frame(draw):
    found = inspect(draw.jpeg_with(0xE1, b"Exif\0\0"), ALL)
    header, small = found.to_frame()
    assert Inspection.from_frame(header, small) == found


@pytest.mark.parametrize("shape", [(256, 341, 4), (256, 340, 3), (0, 0, 3), (2**31, 2**31, 3)])
def test_an_answer_whose_picture_has_another_size_is_not_believed(draw, shape):
    header, small = inspect(draw.jpeg(), ALL).to_frame()
    with pytest.raises(ValueError, match="another size"):
        Inspection.from_frame(header | {"small_shape": shape}, small)


# --- Stated results of odd inputs (W17) -------------------------------------------------------


def test_cmyk_becomes_rgb(draw):
    scene = draw.scene()
    found = inspect(draw.jpeg(scene.convert("CMYK")), ALL)
    assert (found.mode, found.flags) == ("CMYK", ("cmyk",))
    assert difference(found, scene) < 8


def test_16_bits_are_scaled_not_clipped(draw):
    ramp = np.tile(np.linspace(0, 65535, 512).astype(np.uint16), (300, 1))
    found = inspect(draw.file(Image.fromarray(ramp), "PNG"), ALL)
    assert (found.mode, found.flags) == ("I;16", ("16bit",))
    assert np.median(pixels(found)) == pytest.approx(127, abs=3)
    assert pixels(found)[:, 0].max() < 64  # the crop begins at an eighth of the ramp
    assert pixels(found)[:, -1].min() > 192


def test_16_bits_in_color_are_scaled_too(draw):
    half = struct.pack(">HHH", 32768, 16384, 65535) * 300
    rows = b"".join(b"\0" + half for _ in range(300))
    header = struct.pack(">IIBBBBB", 300, 300, 16, 2, 0, 0, 0)
    body = draw.png_chunks((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    found = inspect(body, ALL)
    assert "16bit" in found.flags
    assert pixels(found)[100, 100].tolist() == [128, 64, 255]


@pytest.mark.parametrize("format", ["PNG", "WEBP", "GIF"])
def test_transparency_is_composed_on_white(draw, format):
    image = Image.new("RGBA", (400, 300), (200, 0, 0, 255))
    image.paste((0, 0, 0, 0), (0, 0, 200, 300))
    found = inspect(draw.file(image, format), ALL)
    assert pixels(found)[128, 20].tolist() == [255, 255, 255]
    assert pixels(found)[128, 320] == pytest.approx([200, 0, 0], abs=3)


def test_a_transparent_color_of_a_palette_is_composed_on_white(draw):
    image = Image.new("P", (400, 300), 0)
    image.putpalette([10, 20, 30, 0, 200, 0])
    image.paste(1, (200, 0, 400, 300))
    found = inspect(draw.file(image, "PNG", transparency=0), ALL)
    assert found.mode == "P"
    assert pixels(found)[128, 20].tolist() == [255, 255, 255]
    assert pixels(found)[128, 320].tolist() == [0, 200, 0]


def test_a_transparent_gray_of_16_bits_is_composed_on_white(draw):
    gray = np.full((300, 400), 40_000, np.uint16)
    gray[:, :200] = 1234
    found = inspect(draw.file(Image.fromarray(gray), "PNG", transparency=1234), ALL)
    assert pixels(found)[128, 20].tolist() == [255, 255, 255]
    assert pixels(found)[128, 320].tolist() == [156, 156, 156]


@pytest.mark.parametrize("mode", ["L", "1"])
def test_gray_becomes_rgb(draw, mode):
    image = draw.scene().convert("L").convert(mode, dither=Image.Dither.NONE)
    found = inspect(draw.file(image, "PNG"), ALL)
    assert found.mode == mode
    assert difference(found, image.convert("RGB")) < 8


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_exif_orientation_is_applied_before_the_fingerprints(draw, format, orientation):
    upright = draw.scene()
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = upright
    # What a camera held this way writes: the inverse of what a viewer has to do.
    inverse = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    if orientation > 1:
        turned = upright.transpose(Image.Transpose(inverse[orientation]))
    found = inspect(draw.file(turned, format, exif=exif.tobytes()), ALL)
    assert (found.width, found.height) == (640, 480)
    assert ("exif_rotated" in found.flags) == (orientation != 1)
    plain = inspect(draw.scene_file("PNG"), ALL)
    assert (found.phash ^ plain.phash).bit_count() <= 4
    assert (found.dhash ^ plain.dhash).bit_count() <= 4


def test_of_a_multi_picture_jpeg_the_first_picture_is_taken(draw):
    first, second = draw.scene(), draw.scene(seed=2)
    body = draw.file(first, "MPO", save_all=True, append_images=[second])
    found = inspect(body, ALL)
    assert (found.format, found.frames, found.flags) == ("JPEG", 2, ("mpo",))
    assert difference(found, first) < 8
    assert "trailing_data" in inspect(body + b"PK\3\4more", ALL).flags


# --- Polyglots (T12) --------------------------------------------------------------------------


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as zipped:
        zipped.writestr("payload.txt", "x")
    return out.getvalue()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP"])
@pytest.mark.parametrize(
    "tail", [archive(), b"<html><script>1</script>", b"PK\3\4x\xff\xd9", b"\0\0;IEND"]
)
def test_what_follows_an_image_is_flagged_and_the_image_kept(draw, format, tail):
    body = draw.scene_file(format)
    found = inspect(body + tail, ALL)
    assert found.flags == ("trailing_data",)
    assert found.pixel_hash == inspect(body, ALL).pixel_hash


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP"])
def test_padding_is_not_trailing_data(draw, format):
    assert inspect(draw.scene_file(format) + b"\0\0\r\n", ALL).flags == ()


def test_a_progressive_jpeg_ends_where_it_ends(draw):
    body = draw.jpeg(progressive=True)
    assert inspect(body, ALL).flags == ()
    assert inspect(body + archive(), ALL).flags == ("trailing_data",)


# --- What it costs ----------------------------------------------------------------------------


def test_the_words_of_inspection_load_no_decoder_and_no_tensorflow():
    code = (
        "import sys, carsets.vision.inspection, carsets.vision.inspection_pool;"
        "print([name for name in ('PIL', 'numpy', 'simplejpeg', 'tensorflow', 'scrapy')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
