"""Puts the one look together: type, container, limits, decode, fingerprints, rights."""

from __future__ import annotations

import hashlib
import struct
from typing import TYPE_CHECKING

from carsets.outcomes import Outcome
from carsets.vision import image_structure, reduced_decode
from carsets.vision.embedded_rights import embedded_rights, exif_orientation
from carsets.vision.image_type import file_type
from carsets.vision.inspection import MIME, Inspection, Limits, Refusal
from carsets.vision.jpeg_structure import read_jpeg
from carsets.vision.perceptual_hash import fingerprints

if TYPE_CHECKING:
    from carsets.vision.image_structure import Structure

READERS = {
    "JPEG": read_jpeg,
    "PNG": image_structure.read_png,
    "WEBP": image_structure.read_webp,
    "GIF": image_structure.read_gif,
    "BMP": image_structure.read_bmp,
    "AVIF": image_structure.read_avif,
}


def look(body: bytes, limits: Limits) -> Inspection:
    """Inspect an image's bytes; see ``carsets.vision.inspection.inspect``."""
    format_ = _allowed_format(body, limits)
    structure = _structure(body, format_)
    orientation = exif_orientation(structure.exif)
    check_size(structure, orientation, limits)
    if structure.end is not None and structure.end > len(body):
        raise Refusal(Outcome.TRUNCATED, f"{len(body)} bytes of {structure.end}")
    flags = []
    if format_ == "JPEG":
        image, mode, repaired = reduced_decode.reduced_jpeg(body, structure.channels)
        if repaired:
            flags.append("repaired")
    else:
        image, mode, exif = reduced_decode.reduced_other(body, format_, limits)
        if exif:
            structure.exif, orientation = exif, exif_orientation(exif)
    image = reduced_decode.turned(image, orientation)
    width, height = _upright(structure, orientation)
    phash, dhash = fingerprints(image)
    small = reduced_decode.small_copy(image) if limits.small else None
    mime, extension = MIME[format_]
    return Inspection(
        format=format_,
        mime=mime,
        extension=extension,
        width=width,
        height=height,
        frames=structure.frames,
        mode=mode,
        sha256=hashlib.sha256(body).hexdigest(),
        md5=hashlib.md5(body, usedforsecurity=False).hexdigest(),
        pixel_hash=_pixel_hash(image.tobytes(), width, height),
        phash=phash,
        dhash=dhash,
        embedded=embedded_rights(structure),
        flags=(*flags, *_flags(body, structure, orientation, mode)),
        small_shape=(small.height, small.width, 3) if small else (0, 0, 3),
        small=small.tobytes() if small else b"",
    )


def _allowed_format(body: bytes, limits: Limits) -> str:
    if not body:
        raise Refusal(Outcome.EMPTY, "no bytes")
    name, outcome = file_type(body)
    if outcome is not None:
        raise Refusal(outcome, name)
    if name not in limits.formats:
        raise Refusal(Outcome.UNSUPPORTED, name)
    return name


def _structure(body: bytes, format_: str) -> Structure:
    try:
        return READERS[format_](body)
    except (struct.error, IndexError):
        raise Refusal(Outcome.TRUNCATED, f"{format_} ends inside its header") from None


def _upright(structure: Structure, orientation: int) -> tuple[int, int]:
    """Return width and height after the EXIF orientation."""
    size = structure.width, structure.height
    return size if orientation < 5 else (size[1], size[0])


def check_size(structure: Structure, orientation: int, limits: Limits) -> None:
    """Refuse by the header what is too large, too long or too small to be decoded."""
    width, height = _upright(structure, orientation)
    note = f"{width} x {height}"
    if not width or not height:
        raise Refusal(Outcome.UNDECODABLE, f"without pixels: {note}")
    if width * height > limits.max_pixels:
        raise Refusal(Outcome.TOO_MANY_PIXELS, note)
    if width < limits.min_width or height < limits.min_height:
        raise Refusal(Outcome.TOO_SMALL, note)
    if max(width, height) > limits.max_aspect * min(width, height):
        raise Refusal(Outcome.ASPECT, note)


def _pixel_hash(pixels: bytes, width: int, height: int) -> str:
    digest = hashlib.sha256(b"%d x %d " % (width, height))
    digest.update(pixels)
    return digest.hexdigest()[:16]


def _flags(body: bytes, structure: Structure, orientation: int, mode: str) -> list[str]:
    signs = {
        "trailing_data": structure.trailing(body),
        "exif_rotated": orientation != 1,
        "cmyk": mode == "CMYK",
        "16bit": structure.bits > 8,
        "alpha": mode in ("RGBA", "LA", "PA"),
        "mpo": structure.frames > 1,
    }
    return [name for name, holds in signs.items() if holds]
