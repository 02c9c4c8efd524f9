"""What is true about image number N of the built-in web: computed from N, nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import TYPE_CHECKING, TypeVar

from carsets.fakeweb.fleet import COMBINATIONS, Model, combination
from carsets.fakeweb.scene import Scene, describe_scene

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

SOURCES = ("bing", "flickr", "openverse")
SIZES = (((640, 480), 50), ((800, 600), 34), ((1024, 683), 10), ((768, 1024), 6))

# How the URL of an image ends, and how many of a thousand end so. What is left is "ok".
FATES = {
    "noai": 14,  # X-Robots-Tag: noai
    "tdm": 10,  # tdm-reservation: 1
    "xmp": 14,  # plus:DataMining inside the file
    "robots": 14,  # robots.txt forbids the path
    "robots_5xx": 4,  # robots.txt answers 503
    "http_404": 20,
    "http_410": 8,
    "http_403": 10,
    "http_500": 8,
    "503_then_ok": 6,
    "reset": 6,
    "dns": 8,
    "slow": 8,  # answers after a second
    "drip": 2,  # one byte at a time, without end
    "html": 12,
    "truncated": 12,
    "svg": 6,
    "too_small": 10,
    "animated": 6,
    "placeholder": 16,
    "redirect_ok": 14,
    "redirect_private": 5,
    "redirect_loop": 4,
    "redirect_file": 3,
    "private": 12,  # the URL itself leads to a private or reserved address
    "userinfo": 3,
    "port": 3,
    "scheme": 3,
}
# A photo of Flickr is always on Flickr's own host: what else a host can do does not apply.
_FLICKR_FATES = frozenset(
    {"xmp", "http_404", "http_410", "truncated", "placeholder", "too_small", "redirect_ok"}
)
COPIES = ("bytes", "reencoded", "resized", "cropped", "metadata")
_COPY_SHARE = 0.14
_KIND_SHARES = (("vehicle", 82), ("other", 11), ("part", 4), ("interior", 3))

# (Flickr id, code of carsets.licenses, share)
FLICKR_LICENSES = (
    (0, "arr", 30),
    (1, "by-nc-sa-2.0", 12),
    (2, "by-nc-2.0", 8),
    (3, "by-nc-nd-2.0", 8),
    (4, "by-2.0", 12),
    (5, "by-sa-2.0", 10),
    (6, "by-nd-2.0", 4),
    (7, "no-known-copyright", 2),
    (8, "us-gov", 2),
    (9, "cc0-1.0", 3),
    (10, "pdm-1.0", 3),
    (11, "by-4.0", 3),
    (12, "by-sa-4.0", 2),
    (99, "unknown", 1),
)
OPENVERSE_LICENSES = (
    ("by", "2.0", 28),
    ("by-sa", "4.0", 20),
    ("cc0", "1.0", 14),
    ("pdm", "1.0", 10),
    ("by-nc", "2.0", 10),
    ("by-nc-sa", "2.0", 8),
    ("by-nd", "4.0", 5),
    ("by-nc-nd", "2.0", 5),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The truth about one image of the built-in web."""

    number: int
    source: str  # which source finds it
    serial: int  # its place among the images of its combination
    asked: Model  # what it is found for
    asked_color: str
    scene: Scene  # what it shows
    year: int
    fate: str  # a key of FATES, or "ok"
    copy_of: int | None  # the number of the image whose picture it has
    copy_how: str  # one of COPIES, or ""
    license: str  # as the source declares it; a code of carsets.licenses
    flickr_license: int
    license_version: str


def number_of(index: int, serial: int) -> int:
    """Return the number of the image with this serial of a combination."""
    return serial * COMBINATIONS + index


def dice(number: int, about: str) -> float:
    """Return a fixed number from 0 to 1 for an image and a question about it; cheap."""
    digest = blake2b(f"{about} {number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def pick(number: int, about: str, table: Sequence[tuple[T, float]]) -> T:
    """Return one of the values of a table of (value, share), fixed for image and question."""
    at = dice(number, about) * sum(share for _, share in table)
    for value, share in table:
        at -= share
        if at < 0:
            return value
    return table[-1][0]


def source_of(number: int) -> str:
    """Return the name of the source that finds an image."""
    return SOURCES[number // COMBINATIONS % len(SOURCES)]


def flickr_license_of(number: int) -> int:
    """Return the license id that Flickr gives for an image."""
    return pick(number, "flickr license", [(row[0], row[2]) for row in FLICKR_LICENSES])


def openverse_license_of(number: int) -> tuple[str, str]:
    """Return the license code and version that Openverse gives for an image."""
    table = [((code, version), share) for code, version, share in OPENVERSE_LICENSES]
    return pick(number, "openverse license", table)


def uploaded_of(number: int) -> int:
    """Return when Flickr got an image: seconds since 1970, from 2010 to 2024."""
    return 1_262_304_000 + int(dice(number, "uploaded") * 450_000_000)


@lru_cache(maxsize=4096)
def facts(number: int) -> Facts:
    """Return what is true about an image. Raises ValueError for a negative number."""
    if number < 0:
        raise ValueError(f"images are numbered from 0: {number}")
    serial, index = divmod(number, COMBINATIONS)
    model, color = combination(index)
    source = source_of(number)
    base, how = _copy(number)
    shown = number if base is None else base
    flickr_id = flickr_license_of(number)
    code = next(row[1] for row in FLICKR_LICENSES if row[0] == flickr_id)
    family, version = openverse_license_of(number)
    return Facts(
        number=number,
        source=source,
        serial=serial,
        asked=model,
        asked_color=color,
        scene=scene_of(shown),
        year=model.first + int(dice(shown, "year") * (model.last - model.first + 1)),
        fate=_fate(number) if base is None else "ok",
        copy_of=base,
        copy_how=how,
        license={"bing": "unknown", "flickr": code, "openverse": f"{family}-{version}"}[source],
        flickr_license=flickr_id,
        license_version=version,
    )


@lru_cache(maxsize=4096)
def scene_of(number: int) -> Scene:
    """Return what image ``number`` shows, were it no copy of another."""
    model, color = combination(number % COMBINATIONS)
    kind = pick(number, "kind", _KIND_SHARES)
    size = pick(number, "size", SIZES)
    if kind == "vehicle":
        return describe_scene(number, body=model.body, color=color, size=size)
    return describe_scene(number, kind=kind, color=color, size=size)


def _fate(number: int) -> str:
    fate = pick(number, "fate", [("ok", 1000 - sum(FATES.values())), *FATES.items()])
    return fate if source_of(number) != "flickr" or fate in _FLICKR_FATES else "ok"


def _wants_to_copy(number: int) -> bool:
    return dice(number, "copy") < _COPY_SHARE


def is_webp(number: int) -> bool:
    """Return whether an original is a WebP file; the others are JPEG."""
    return source_of(number) != "flickr" and dice(number, "webp") < 0.04


def _copy(number: int) -> tuple[int | None, str]:
    """Return which image this one is a copy of, and how; (None, "") for an original.

    The original is an earlier image of the same combination, from another source or the same,
    that is no copy itself and shows a vehicle behind a good URL.
    """
    if not _wants_to_copy(number):
        return None, ""
    base = number - COMBINATIONS * pick(number, "copied", ((1, 2.0), (3, 1.0)))
    if base < 0 or _wants_to_copy(base) or _fate(base) != "ok" or scene_of(base).kind != "vehicle":
        return None, ""
    how = pick(number, "how", [(way, 1.0) for way in COPIES])
    # Other metadata go into a segment of a JPEG file; and Flickr encodes all that it shows anew.
    if how == "metadata" and (source_of(number) == "flickr" or is_webp(base)):
        how = "resized"
    return base, how


def copies_of(base: int) -> tuple[int, ...]:
    """Return the numbers of all images that are copies of an original."""
    candidates = (base + COMBINATIONS, base + 3 * COMBINATIONS)
    return tuple(number for number in candidates if _copy(number)[0] == base)
