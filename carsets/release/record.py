"""What a release tells of one image, and the file that it may hand out with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from carsets.licenses import NO_LICENSE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carsets.licenses import DeclaredLicense


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One image of a release. Texts are as the sources gave them: each format makes them safe."""

    # The image.
    image_id: str  # 16 hex digits
    sha256: str  # hex
    md5: str  # hex
    phash: str = ""  # 16 hex digits, of vision.inspection
    path: str  # inside the image store
    width: int  # pixels, upright
    height: int
    bytes: int  # of the original
    format: str  # "JPEG"
    mime: str
    flags: tuple[str, ...] = ()

    # What is on it.
    labels: Mapping[str, str] = field(default_factory=dict)  # people's corrections included
    label: str = ""  # the value that the release is about (--label); "" when it is about none
    human_labels: frozenset[str] = frozenset()  # which of the labels people have confirmed or given
    denied: tuple[tuple[str, str], ...] = ()  # (label, value) that people say is not so
    car_score: float | None = None
    view: str = ""
    verdict: str = "keep"
    top_labels: tuple[tuple[str, float], ...] = ()

    # Whose it is.
    license: DeclaredLicense = NO_LICENSE
    license_read_at: str = ""  # ISO 8601, UTC
    title: str = ""
    author: str = ""
    author_url: str = ""
    attribution: str = ""  # the line that the source asks to be shown

    # Where it was found: the sighting that brought it.
    url: str = ""
    page_url: str = ""
    thumbnail_url: str = ""
    source: str = ""
    source_id: str = ""
    query: str = ""
    rank: int = 0
    description: str = ""
    tags: tuple[str, ...] = ()
    taken: str = ""  # ISO 8601, as far as the source says
    uploaded: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    served_url: str = ""
    fetched_at: str = ""

    # Its place in the release.
    split: str = ""  # "train", "validation", "test"; "" when the release is not split


@dataclass(frozen=True, slots=True)
class ImageFile:
    """The file of one image as a release hands it out: the original, or a copy made from it.

    ``data`` is None where the file lies in the release's folder already, written by a pass that
    was cut short.
    """

    data: bytes | None
    extension: str  # without the dot, of the true type: "jpg"
    width: int  # pixels
    height: int
    size: int  # bytes
    sha256: str  # hex
    changed: bool  # False: the original's own bytes
    hidden: int = 0  # faces and plates that were made unreadable
