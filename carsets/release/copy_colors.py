"""The colors of copies: eight bits per channel, no transparency, sRGB."""

from __future__ import annotations

import io
from functools import lru_cache

import numpy as np
from PIL import Image, ImageCms


def eight_bits(image: Image.Image) -> Image.Image:
    """Return the image in a mode that can be resized: L, RGB, CMYK or, with alpha, RGBa."""
    if image.mode.startswith("I"):
        values = np.asarray(image)
        gray = (values >> 8).clip(0, 255).astype(np.uint8)
        clear = image.info.get("transparency")
        if isinstance(clear, int):
            gray[values == clear] = 255
        return Image.fromarray(gray)
    if image.has_transparency_data:
        return image.convert("RGBA").convert("RGBa")  # color that cannot be seen counts for none
    if image.mode in ("L", "RGB", "CMYK"):
        return image
    return image.convert("RGB")


def on_white(image: Image.Image) -> Image.Image:
    """Return the image with white behind what is transparent."""
    if image.mode != "RGBa":
        return image
    clear = image.convert("RGBA")
    ground = Image.new("RGB", clear.size, (255, 255, 255))
    ground.paste(clear, mask=clear.getchannel("A"))
    return ground


def in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Return the image in RGB as its ICC profile means it; b"" is no profile."""
    if profile:
        transform = _transform(profile, image.mode)
        if transform is not None:
            turned_color = ImageCms.applyTransform(image, transform)
            assert turned_color is not None
            return turned_color
    return image.convert("RGB")


@lru_cache(maxsize=32)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return the way from a profile to sRGB; None for sRGB itself, and for a broken profile."""
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if "sRGB" in ImageCms.getProfileDescription(own):
            return None
        return ImageCms.buildTransform(own, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None
