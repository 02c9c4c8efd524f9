"""Copies made from originals: the size that was asked for, upright, sRGB, with their credit inside.

Where that is asked for, faces and plates are looked for in the original and hidden in the copy.

Every copy is a JPEG of quality 90 (color halved, 4:2:0), three channels, upright after the EXIF
orientation, in sRGB without a profile (which is what an image without one is taken for).
Stated results: transparency is composed on white; 16 bits per channel keep their high byte; CMYK
goes through its own profile where it has one; of several frames the first is taken. The same
bytes, size and credit give the same copy, as long as Pillow stays the same.
"""

from __future__ import annotations

import io
import re
import struct
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from carsets.problems import UserError

if TYPE_CHECKING:
    from PIL import Image

    from carsets.blurring.boxes import Box as Place
    from carsets.blurring.boxes import Finders
    from carsets.release.credit import Credit
    from carsets.vision.image_structure import Structure

FITS = {
    "stretch": "the aspect ratio is not kept",
    "pad": "the rest is filled with black",
    "crop": "the middle is cut out",
    "keep": "the aspect ratio is kept",
}
THUMB_PIXELS = 300_000  # as of the thumbnails of Open Images
MOST_SIDE = 16_384  # pixels of one side of a copy
PAD_COLOR = (0, 0, 0)
QUALITY = 90
LOOKED_AT = 1_280  # pixels of the longer side, at most, of the picture in which faces are sought
BLURRED = "faces and number plates that a detector found made unreadable"


@dataclass(frozen=True, slots=True)
class Size:
    """How large the copies are, and how an image is fitted in."""

    width: int  # pixels; 0 for thumb-300k
    height: int
    fit: str  # a key of FITS, or "thumb-300k"

    def __str__(self) -> str:
        return self.fit if self.fit == "thumb-300k" else f"{self.width}x{self.height} {self.fit}"

    @property
    def changes(self) -> str:
        """What a credit says that was done."""
        if self.fit == "thumb-300k":
            return f"reduced to about {THUMB_PIXELS:,} pixels and saved again as JPEG"
        what = f"resized to {self.width} x {self.height} pixels ({FITS[self.fit]})"
        return f"{what} and saved again as JPEG"


THUMB_300K = Size(0, 0, "thumb-300k")


@dataclass(frozen=True, slots=True)
class Change:
    """What makes a copy of an original."""

    size: Size | None = None  # None: all pixels
    blur: bool = False  # whether faces and plates are hidden

    @property
    def changes(self) -> str:
        """What a credit says that was done."""
        size = self.size.changes if self.size is not None else "saved again as JPEG"
        return f"{size}; {BLURRED}" if self.blur else size


def parse_size(text: str, fit: str = "stretch") -> Size:
    """Return the size behind ``300x300``. Raises UserError for anything else."""
    match = re.fullmatch(r"(\d{1,5})[xX×](\d{1,5})", text.strip())
    if not match:
        raise UserError(f"--size {text!r}: write it as WIDTHxHEIGHT in pixels, such as 300x300")
    if fit not in FITS:
        raise UserError(f"--fit {fit!r}: use one of {', '.join(FITS)}")
    width, height = int(match[1]), int(match[2])
    if not (0 < width <= MOST_SIDE and 0 < height <= MOST_SIDE):
        raise UserError(f"--size {text!r}: each side must have 1 to {MOST_SIDE:,} pixels")
    return Size(width, height, fit)


@dataclass(frozen=True, slots=True)
class Derived:
    """A copy: its bytes, extension without the dot, and size in pixels."""

    data: bytes
    extension: str
    width: int
    height: int
    hidden: int = 0  # boxes that were made unreadable


class BrokenImage(Exception):
    """An original of which no copy can be made. The message says why."""


def derive(
    body: bytes,
    size: Size | None,
    credit: Credit | None = None,
    finders: Finders | None = None,
) -> Derived:
    """Return a copy of an image; ``size`` None keeps its pixels, ``finders`` None blurs nothing.

    Raises BrokenImage. Runs decoders on data from strangers: call it through ``Deriver`` for
    anything that strangers have made.
    """
    from carsets.blurring.mosaic import hide
    from carsets.release.copy_metadata import copy_metadata
    from carsets.vision.embedded_rights import embedded_rights

    image, structure = _decoded(body, size)
    hidden = hide(image, _found(body, size, finders)) if finders else 0
    exif, xmp = copy_metadata(credit, embedded_rights(structure))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, subsampling="4:2:0", exif=exif, xmp=xmp)
    return Derived(out.getvalue(), "jpg", *image.size, hidden)


def _found(body: bytes, size: Size | None, finders: Finders) -> list[Place]:
    """Return where faces and plates lie in the copy: a small copy may be too small to find them."""
    picture, _ = _decoded(body, Size(LOOKED_AT, LOOKED_AT, "keep"))
    boxes = {box for finder in finders.values() for box in finder.find(picture)}
    return [_in_copy(box, picture.size, size) for box in sorted(boxes)]


def _in_copy(found: Place, shown: tuple[int, int], size: Size | None) -> Place:
    """Return where a part of the upright picture lies in its copy, in shares of that."""
    inner, frame = _plan(shown, size)
    left, top, right, bottom = _box(shown, size, frame)
    across, down = inner[0] / frame[0], inner[1] / frame[1]  # below 1 where it was padded

    def place(x: float, y: float) -> tuple[float, float]:
        x = (x * shown[0] - left) / (right - left)
        y = (y * shown[1] - top) / (bottom - top)
        return (1 - across) / 2 + x * across, (1 - down) / 2 + y * down

    return type(found)(*place(found.left, found.top), *place(found.right, found.bottom))


def _decoded(body: bytes, size: Size | None) -> tuple[Image.Image, Structure]:
    """Return the image as the copy shows it, and the container of the original."""
    from PIL import Image

    from carsets.vision.embedded_rights import exif_orientation
    from carsets.vision.image_type import file_type
    from carsets.vision.inspection import MIME, MOST_PIXELS, Refusal
    from carsets.vision.look import READERS
    from carsets.vision.reduced_decode import turned

    format_ = file_type(body).name
    if format_ not in MIME:
        raise BrokenImage(f"not an image that can be opened: {format_}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Pillow: about metadata, and sizes checked here
            structure = READERS[format_](body)
            image = Image.open(io.BytesIO(body), formats=(format_,))
            if image.width * image.height > MOST_PIXELS:
                raise BrokenImage(f"too many pixels: {image.width} x {image.height}")
            if format_ == "AVIF":  # its boxes are Pillow's to read
                structure.exif = image.info.get("exif", b"").removeprefix(b"Exif\0\0")
                structure.xmp.extend(filter(None, [image.info.get("xmp")]))
            orientation = exif_orientation(structure.exif)
            return turned(_fitted(image, size, orientation), orientation), structure
    except BrokenImage:
        raise
    except Refusal as refusal:
        raise BrokenImage(str(refusal)) from refusal
    except (struct.error, IndexError):
        raise BrokenImage(f"{format_} ends inside its header") from None
    except MemoryError:
        raise BrokenImage("out of memory") from None
    except Exception as error:  # whatever a decoder raises on hostile bytes
        raise BrokenImage(str(error) or type(error).__name__) from error


# --- Fitting in -------------------------------------------------------------------------------


def _fitted(image: Image.Image, size: Size | None, orientation: int) -> Image.Image:
    """Return the image in RGB at the wanted size, not yet turned upright."""
    from PIL import Image

    across = orientation >= 5  # lying on its side: width and height of the copy are swapped
    shown = image.size[::-1] if across else image.size
    inner, frame = _plan(shown, size)
    if across:
        inner, frame = inner[::-1], frame[::-1]
    box = _box(image.size, size, frame)
    small = _scaled(image, inner, box)
    if inner == frame:
        return small
    ground = Image.new("RGB", frame, PAD_COLOR)
    ground.paste(small, ((frame[0] - inner[0]) // 2, (frame[1] - inner[1]) // 2))
    return ground


def _plan(shown: tuple[int, int], size: Size | None) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return how large the picture becomes, and the frame that it stands in."""
    if size is None:
        return shown, shown
    if size.fit == "thumb-300k":
        inner = thumb_size(*shown)
        return inner, inner
    frame = (size.width, size.height)
    if size.fit in ("stretch", "crop"):
        return frame, frame
    scale = min(frame[0] / shown[0], frame[1] / shown[1])
    if size.fit == "keep":
        scale = min(scale, 1.0)  # a small picture is not blown up
    inner = (
        min(frame[0], max(1, round(shown[0] * scale))),
        min(frame[1], max(1, round(shown[1] * scale))),
    )
    return inner, frame if size.fit == "pad" else inner


def thumb_size(width: int, height: int) -> tuple[int, int]:
    """Return the size with the same shape and 300,000 pixels, 5 % more or less.

    A picture that has no more than that keeps its size. Of a strip so thin that whole pixels
    cannot keep its shape, the shape gives way.
    """
    if width * height <= THUMB_PIXELS:
        return width, height
    scale = (THUMB_PIXELS / (width * height)) ** 0.5
    short = max(1, round(min(width, height) * scale))
    long = round(max(width, height) * scale)
    if abs(short * long / THUMB_PIXELS - 1) > 0.05:
        long = round(THUMB_PIXELS / short)
    return (long, short) if width >= height else (short, long)


Box = tuple[float, float, float, float]


def _box(stored: tuple[int, int], size: Size | None, frame: tuple[int, int]) -> Box:
    """Return the part of the stored picture that is shown: all of it, or for crop the middle."""
    width, height = stored
    if size is None or size.fit != "crop":
        return 0.0, 0.0, float(width), float(height)
    scale = min(width / frame[0], height / frame[1])
    kept_width, kept_height = frame[0] * scale, frame[1] * scale
    left, top = (width - kept_width) / 2, (height - kept_height) / 2
    return left, top, left + kept_width, top + kept_height


def _scaled(image: Image.Image, wanted: tuple[int, int], box: Box) -> Image.Image:
    """Return the part in RGB at the wanted size.

    A JPEG is decoded at the smallest scale that leaves twice the wanted size. On photos the
    result is 46 dB (median; at least 33) from that of a whole decode and the slower Lanczos.
    """
    from PIL import Image

    from carsets.release.copy_colors import eight_bits, in_srgb, on_white

    stored = image.size
    across, down = wanted[0] / (box[2] - box[0]), wanted[1] / (box[3] - box[1])
    image.draft(None, (round(stored[0] * across * 2), round(stored[1] * down * 2)))
    profile = image.info.get("icc_profile", b"")
    image.load()
    part = (
        box[0] * image.width / stored[0],
        box[1] * image.height / stored[1],
        box[2] * image.width / stored[0],
        box[3] * image.height / stored[1],
    )
    plain = eight_bits(image)
    if plain.size != wanted or part != (0, 0, *plain.size):
        plain = plain.resize(wanted, Image.Resampling.BICUBIC, box=part, reducing_gap=2.0)
    return in_srgb(on_white(plain), profile)
