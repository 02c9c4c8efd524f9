"""The bytes behind each image of the built-in web: drawn on demand, the same every time."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFont

from carsets.fakeweb.addresses import FLICKR_SIZES
from carsets.fakeweb.drawing import draw_scene, paint_scene
from carsets.fakeweb.facts import Facts, facts, is_webp

QUALITY, LOW_QUALITY = 88, 60  # of JPEG
_BULK_DRAWINGS = 24
BULK_SIZE = (640, 480)

XMP_PROHIBITED = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/"><plus:DataMining>'
    "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED-AIMLTRAINING"
    "</plus:DataMining></rdf:Description></rdf:RDF></x:xmpmeta>"
)
_XMP_CREDIT = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/" '
    'photoshop:Credit="Copied for a gallery"/></rdf:RDF></x:xmpmeta>'
)
HTML = (
    b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"
)
SVG = (
    b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="800" height="600">'
    b'<script>alert(1)</script><rect width="400" height="200" fill="red"/></svg>'
)


def encode(image: Image.Image, quality: int = QUALITY, kind: str = "JPEG") -> bytes:
    """Return an image file; ``quality`` is that of JPEG and WebP."""
    stream = BytesIO()
    if kind == "WEBP":
        image.save(stream, "WEBP", quality=quality, method=0)
    elif kind == "JPEG":
        image.save(stream, "JPEG", quality=quality)
    else:
        image.save(stream, kind)
    return stream.getvalue()


def with_xmp(jpeg: bytes, xmp: str) -> bytes:
    """Return a JPEG file with an XMP segment behind its first marker; the pixels stay."""
    body = b"http://ns.adobe.com/xap/1.0/\0" + xmp.encode()
    return jpeg[:2] + b"\xff\xe1" + (len(body) + 2).to_bytes(2, "big") + body + jpeg[2:]


@lru_cache(maxsize=256)
def picture(number: int) -> bytes:
    """Return the file of an image, as its host serves it when nothing goes wrong.

    Takes up to 60 ms; the last 256 are kept. What is broken on purpose is broken in here too,
    as far as it lies in the bytes.
    """
    image = facts(number)
    if image.copy_of is not None:
        return _copied(image, picture(image.copy_of))
    if image.fate == "placeholder":
        return placeholder()
    if image.fate == "html":
        return HTML
    if image.fate == "svg":
        return SVG
    drawn = paint_scene(image.scene)
    if image.fate == "animated":
        return _animated(drawn)
    if image.fate == "too_small":
        return encode(drawn.resize((100, 75)))
    whole = encode(drawn, 90, "WEBP") if is_webp(number) else encode(drawn)
    if image.fate == "truncated":
        return whole[: len(whole) * 3 // 5]
    if image.fate == "xmp":
        return with_xmp(encode(drawn), XMP_PROHIBITED)
    return whole


def _copied(image: Facts, original: bytes) -> bytes:
    if image.copy_how == "bytes":
        return original
    if image.copy_how == "metadata":
        return with_xmp(original, _XMP_CREDIT)
    picture = Image.open(BytesIO(original)).convert("RGB")
    if image.copy_how == "reencoded":
        return encode(picture, LOW_QUALITY)
    if image.copy_how == "resized":
        size = (picture.width * 3 // 4, picture.height * 3 // 4)
        return encode(picture.resize(size, Image.Resampling.LANCZOS))
    left, top = picture.width // 50, picture.height // 50
    return encode(picture.crop((left, top, picture.width - left, picture.height - top)))


def _animated(drawn: Image.Image) -> bytes:
    frames = [drawn.resize((320, 240)), drawn.resize((320, 240)).rotate(4)]
    stream = BytesIO()
    frames[0].save(stream, "GIF", save_all=True, append_images=frames[1:], duration=200)
    return stream.getvalue()


@lru_cache(maxsize=64)
def flickr_size(number: int, suffix: str) -> bytes:
    """Return a smaller size of a Flickr photo. Raises KeyError for a suffix Flickr has not."""
    longest = {row[1]: row[2] for row in FLICKR_SIZES}[suffix]
    image = Image.open(BytesIO(picture(number))).convert("RGB")
    image.thumbnail((longest, longest))
    return encode(image)


@lru_cache(maxsize=1)
def placeholder() -> bytes:
    """Return the one picture that stands in for all missing ones."""
    image = Image.new("RGB", (500, 375), (240, 240, 240))
    draw = ImageDraw.Draw(image)
    draw.rectangle((60, 60, 440, 315), outline=(190, 190, 190), width=3)
    font = ImageFont.load_default(size=26)
    draw.text((250, 188), "This photo is no\nlonger available", (120, 120, 120), font, anchor="mm")
    return encode(image)


@lru_cache(maxsize=1)
def _bulk_drawings() -> tuple[Image.Image, ...]:
    return tuple(draw_scene(seed, size=BULK_SIZE) for seed in range(_BULK_DRAWINGS))


@lru_cache(maxsize=128)
def bulk_picture(number: int) -> bytes:
    """Return a JPEG of its own for every number, in about 6 ms: for load tests.

    One of a few drawings under a light that differs in every part of the picture. Bytes, pixels
    and the coarse structure (what perceptual hashes look at) differ from number to number; the
    vehicle does not.
    """
    rng = np.random.default_rng(number)
    light = Image.fromarray(rng.integers(70, 256, (7, 9, 3), dtype=np.uint8))
    drawing = _bulk_drawings()[number % _BULK_DRAWINGS]
    lit = ImageChops.multiply(drawing, light.resize(BULK_SIZE, Image.Resampling.BILINEAR))
    return encode(lit, 85)
