"""The one look at an image: what it is, how large, what it shows, what rights it states.

This module holds the words (``Limits``, ``Inspection``, ``Refusal``) and is cheap to import; the
decoders are imported by the first call of ``inspect``, which a crawl makes in worker processes
only (see ``inspection_pool``).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carsets.outcomes import Outcome

SMALL_SIDE = 256  # pixels, shorter side of Inspection.small
SMALL_LONGEST = 384  # pixels, longer side of Inspection.small after the centered crop

MOST_PIXELS = 178_956_970  # where Pillow itself refuses, whatever our limit says

# What each format is called elsewhere. Its order is the order in which errors list the formats.
MIME = {
    "JPEG": ("image/jpeg", "jpg"),
    "PNG": ("image/png", "png"),
    "WEBP": ("image/webp", "webp"),
    "GIF": ("image/gif", "gif"),
    "BMP": ("image/bmp", "bmp"),
    "AVIF": ("image/avif", "avif"),
}


class Refusal(Exception):
    """An image that is not taken: its outcome, and a note for people."""

    def __init__(self, outcome: Outcome, note: str = "") -> None:
        super().__init__(f"{outcome}: {note}" if note else str(outcome))
        self.outcome = outcome
        self.note = note


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What an image must be like to be decoded at all."""

    formats: tuple[str, ...] = ("JPEG", "PNG", "WEBP", "GIF")  # BMP and AVIF are opt-in
    max_pixels: int = 50_000_000  # a 50 megapixel camera; see T10 for what larger ones cost
    max_aspect: float = 10.0  # longer side / shorter side
    min_width: int = 1  # pixels, after the EXIF orientation
    min_height: int = 1
    small: bool = True  # whether Inspection.small is wanted: only the detector looks at it

    def __post_init__(self) -> None:
        unknown = [name for name in self.formats if name not in MIME]
        if unknown or not self.formats:
            raise ValueError(f"image formats must be some of {', '.join(MIME)}; not {unknown}")
        if not 1 <= self.max_pixels <= MOST_PIXELS:
            raise ValueError(f"the most pixels of an image must be 1 to {MOST_PIXELS:,}")

    @classmethod
    def from_frame(cls, header: Mapping[str, Any]) -> Self:
        """Return limits that went through JSON."""
        return cls(**{**header, "formats": tuple(header["formats"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What one look at an image found. Sizes are pixels after the EXIF orientation."""

    format: str  # a key of MIME: the true type, by magic number
    mime: str
    extension: str  # without a dot
    width: int
    height: int
    frames: int  # more than 1 for a JPEG with further pictures (MPO): the first is meant
    mode: str  # as in the file: RGB, L, CMYK, P, I;16, ...
    sha256: str  # hex, of the bytes as served
    md5: str  # hex, of the bytes as served
    pixel_hash: str  # 16 hex digits: equal for equal pixels, whatever the metadata
    phash: int  # 64 bits, DCT
    dhash: int  # 64 bits, horizontal gradients
    embedded: Mapping[str, str]  # rights that the file itself states, see embedded_rights
    flags: tuple[str, ...] = ()  # trailing_data, exif_rotated, cmyk, 16bit, alpha, mpo, repaired
    small_shape: tuple[int, int, int] = (0, 0, 3)  # height, width, 3
    small: bytes = field(default=b"", repr=False)  # RGB, row by row: what the detector sees

    def to_frame(self) -> tuple[dict[str, Any], bytes]:
        """Return a JSON-ready header and the payload of a worker's answer."""
        header = {name: getattr(self, name) for name in self.__slots__ if name != "small"}
        return header, self.small

    @classmethod
    def from_frame(cls, header: Mapping[str, Any], small: bytes) -> Self:
        """Return an inspection that went through JSON.

        Raises ValueError or TypeError when the parts do not belong together: a worker that was
        taken over by a hostile file may answer anything.
        """
        height, width, channels = header["small_shape"]
        if channels != 3 or height * width * channels != len(small):
            raise ValueError("a worker's answer carries an image of another size than it says")
        facts = {
            **header,
            "flags": tuple(header["flags"]),
            "small_shape": (height, width, channels),
        }
        return cls(**facts, small=small)


def limits_to_frame(limits: Limits) -> dict[str, Any]:
    """Return limits as a JSON-ready dictionary."""
    return asdict(limits)


def inspect(body: bytes, limits: Limits) -> Inspection:
    """Look once at an image's bytes.

    Raises Refusal with the outcome that ends it. Runs decoders on data from strangers: call it
    through ``InspectionPool`` for anything that comes from the network.
    """
    from carsets.vision import look  # the decoders: not needed where only the words are

    return look.look(body, limits)
