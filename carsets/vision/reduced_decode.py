"""Decodes an image once, completely, and no larger than fingerprints and detector need.

Stated results (W17): CMYK is converted to RGB without its color profile; 16 bits per channel are
scaled to 8 (their high byte), not clipped; transparency is composed on white; gray and palette
become RGB; the EXIF orientation is applied.
"""

from __future__ import annotations

import errno
import io
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import simplejpeg
from PIL import (
    AvifImagePlugin,
    Image,
    MpoImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from carsets.outcomes import Outcome
from carsets.vision.inspection import SMALL_LONGEST, SMALL_SIDE, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carsets.vision.inspection import Limits

# Pillow would import these on their first use, and a jailed worker can open no file any more.
# TIFF is how EXIF is written: no TIFF image is ever opened.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # a jailed worker can start no thread either
IMPORTED = (AvifImagePlugin, MpoImagePlugin, TiffImagePlugin, WebPImagePlugin)
BOX, BILINEAR = Image.Resampling.BOX, Image.Resampling.BILINEAR
WHITE = (255, 255, 255)

# What libjpeg says when data inside the image is damaged; its other warnings are harmless.
JPEG_DAMAGE = ("bad Huffman", "premature end of data segment", "found marker", "arithmetic")
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def turned(image: Image.Image, orientation: int) -> Image.Image:
    """Return the image as its EXIF orientation (1 to 8) wants it shown."""
    turn = TURNS.get(orientation)
    return image if turn is None else image.transpose(turn)


def small_copy(image: Image.Image) -> Image.Image:
    """Return the image with a shorter side of 256 pixels, cut to the middle 384 of the longer."""
    width, height = image.size
    scale = min(width, height) / SMALL_SIDE
    # What is cut off is not resized first.
    kept_width, kept_height = (min(side, SMALL_LONGEST * scale) for side in image.size)
    left, top = (width - kept_width) / 2, (height - kept_height) / 2
    size = (round(kept_width / scale), round(kept_height / scale))
    if size == image.size:
        return image
    method = BOX if scale > 1.25 else BILINEAR  # a box that hardly shrinks leaves jagged edges
    return image.resize(size, method, box=(left, top, left + kept_width, top + kept_height))


def reduced_jpeg(body: bytes, channels: int) -> tuple[Image.Image, str, bool]:
    """Decode a JPEG; returns the RGB image, its mode in the file, and whether it was repaired."""
    if channels in (1, 3):
        try:
            pixels = simplejpeg.decode_jpeg(
                body, "RGB", min_height=SMALL_SIDE, min_width=SMALL_SIDE
            )
        except ValueError as error:
            _refuse_damage(str(error))
        except MemoryError:
            raise Refusal(Outcome.DECODER_CRASH, "out of memory") from None
        else:
            size = (pixels.shape[1], pixels.shape[0])
            image = Image.frombuffer("RGB", size, pixels, "raw", "RGB", 0, 1)
            return image, "L" if channels == 1 else "RGB", False
    with _decoding("JPEG"):
        image = Image.open(io.BytesIO(body), formats=("JPEG",))
        image.draft(None, (SMALL_SIDE, SMALL_SIDE))
        image.load()
        return _fitted(image), image.mode, channels in (1, 3)


def _refuse_damage(message: str) -> None:
    """Refuse what is broken; pass over what Pillow's wider decoder may still read."""
    if message.startswith("Premature end of JPEG"):
        raise Refusal(Outcome.TRUNCATED, message)
    if any(word in message for word in JPEG_DAMAGE):
        raise Refusal(Outcome.UNDECODABLE, message)


def reduced_other(body: bytes, format_: str, limits: Limits) -> tuple[Image.Image, str, bytes]:
    """Decode anything but JPEG; returns the RGB image, its mode in the file, and its EXIF."""
    with _decoding(format_):
        image = Image.open(io.BytesIO(body), formats=(format_,))
        if image.width * image.height > limits.max_pixels:  # more than the header had said
            raise Refusal(Outcome.TOO_MANY_PIXELS, f"{image.width} x {image.height}")
        if getattr(image, "is_animated", False):
            raise Refusal(Outcome.ANIMATED, format_)
        mode = image.mode
        exif = image.info.get("exif", b"") if format_ == "AVIF" else b""
        image.load()
        return _fitted(image), mode, exif.removeprefix(b"Exif\0\0")


@contextmanager
def _decoding(format_: str) -> Iterator[None]:
    """Turn whatever a decoder raises on hostile bytes into a refusal, and silence its warnings."""
    try:
        with warnings.catch_warnings():
            # Warnings of Pillow are about sizes, which are checked here, and about metadata.
            warnings.simplefilter("ignore")
            yield
    except Refusal:
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.EAGAIN):
            raise  # not the image's fault: the jail of the worker is in the way
        raise _refusal(error, format_) from error


def _refusal(error: Exception, format_: str) -> Refusal:
    """Name the outcome that an exception of Pillow stands for."""
    text = str(error)
    if isinstance(error, Image.DecompressionBombError):
        return Refusal(Outcome.TOO_MANY_PIXELS, text)
    if isinstance(error, UnidentifiedImageError):
        return Refusal(Outcome.UNDECODABLE, f"damaged {format_} header")
    if isinstance(error, MemoryError):
        return Refusal(Outcome.DECODER_CRASH, "out of memory")
    if isinstance(error, EOFError) or "truncated" in text.lower():
        return Refusal(Outcome.TRUNCATED, text)
    return Refusal(Outcome.UNDECODABLE, text or type(error).__name__)


def _fitted(image: Image.Image) -> Image.Image:
    """Return RGB with a shorter side of at most 256 pixels, transparency composed on white."""
    if image.mode.startswith("I"):
        return _fitted_16bit(image)
    if image.has_transparency_data:
        clear = _shrunk(image.convert("RGBA"))
        ground = Image.new("RGB", clear.size, WHITE)
        ground.paste(clear, mask=clear.getchannel("A"))
        return ground
    if image.mode == "L":
        return _shrunk(image).convert("RGB")
    return _shrunk(image.convert("RGB"))


def _fitted_16bit(image: Image.Image) -> Image.Image:
    values = np.asarray(image)
    gray = (values >> 8).clip(0, 255).astype(np.uint8)
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        gray[values == clear] = 255
    return _shrunk(Image.fromarray(gray)).convert("RGB")


def _shrunk(image: Image.Image) -> Image.Image:
    scale = min(image.size) / SMALL_SIDE
    if scale <= 1:
        return image
    size = (round(image.width / scale), round(image.height / scale))
    return image.resize(size, BILINEAR, reducing_gap=2.0)
