"""What travels: what a source said (``FoundImage``), the image on its way, and counted totals."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from carsets.licenses import NO_LICENSE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carsets.licenses import DeclaredLicense
    from carsets.outcomes import Outcome
    from carsets.queries import Query
    from carsets.reservations import Reservation, Signal
    from carsets.vision.detection import Detection
    from carsets.vision.inspection import Inspection


class FoundImage(NamedTuple):
    """What a source said about one image. Made by the pure parsers, with names; never changed."""

    # A frozen dataclass takes four times as long to make, and a page of Flickr makes 500.

    # Where it is.
    image_url: str  # the original; of the folder source: a file:// address
    page_url: str = ""  # the page that shows it
    alternates: tuple[str, ...] = ()  # smaller copies, largest first: asked when the original fails
    thumbnail_url: str = ""

    # What it is said to be.
    source_id: str = ""  # the source's own id of the image
    title: str = ""
    description: str = ""
    tags: tuple[str, ...] = ()
    width: int | None = None  # pixels, a claim: measured after the download
    height: int | None = None
    taken: str = ""  # ISO 8601, as far as the source says
    uploaded: str = ""  # ISO 8601
    extra: Mapping[str, Any] = MappingProxyType({})  # anything else, of JSON types

    # Whose it is.
    author: str = ""
    author_url: str = ""
    license: DeclaredLicense = NO_LICENSE
    attribution: str = ""  # the line that the source asks to be shown

    # What the user's list knows of the bytes ("" when it says nothing).
    sha256: str = ""  # hex
    md5: str = ""  # hex
    phash: str = ""  # 16 hex digits, the perceptual hash of vision.inspection


@dataclass(slots=True, kw_only=True)
class CarImage:
    """One image on its way. Every step fills in the fields that are its own."""

    # --- The spider ---
    found: FoundImage
    source: str  # name of the spider
    query: Query
    page: int = 1  # page of the query's answer, from 1
    rank: int = 0  # place within the query's answer, from 1
    local_path: str = ""  # of the folder source alone: the file to read
    local_part: tuple[int, int] | None = None  # of a tar file: where its bytes begin, how many

    # --- CarImagesPipeline (Scrapy's own names: without them ImagesPipeline loses its result) ---
    image_urls: list[str] = field(default_factory=list)
    images: list[dict[str, Any]] = field(default_factory=list)
    body: bytes | None = None  # the served bytes; None again once the item has ended
    size: int = 0  # bytes served
    served_url: str = ""  # after redirects
    served_headers: dict[str, str] = field(default_factory=dict)  # lower-case names, as answered
    host_signals: list[Signal] = field(default_factory=list)  # reservations found on the way to it
    fetched_at: str = ""  # ISO 8601, UTC
    admitted: bool = False  # holds a place among the images in flight

    # --- MimePipeline ---
    inspection: Inspection | None = None

    # --- LicensePipeline ---
    license: DeclaredLicense = NO_LICENSE  # the best evidence of all: source, page, file
    reservation: Reservation | None = None

    # --- DuplicatesPipeline ---
    image_id: str = ""  # first 16 hex digits of the sha256
    duplicate_of: str = ""  # image id
    near: tuple[int, ...] = ()  # rows of the catalog that hold worse copies of this picture

    # --- CarDetectionPipeline ---
    detection: Detection | None = None

    # --- StoragePipeline ---
    path: str = ""  # inside the image store
    recorded: bool = False  # the catalog has its sighting already

    # --- How it ended ---
    outcome: Outcome | None = None
    note: str = ""  # what exactly was wrong, for people


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultCount:
    """How many results an engine said that a query has. Flat, so that feeds can hold it."""

    source: str  # the engine
    query: str  # the words that were asked
    query_id: str  # of a query for images with the same words and labels too
    labels: Mapping[str, str] = field(default_factory=dict)
    word: str = ""  # of these words the one that was added to the vehicle
    total: int | None = None  # None: the engine answered, and told no total
    raw: str = ""  # as the engine wrote it
    language: str = ""  # in which it was asked; "" where the engine knows none
    counted_at: str = ""  # ISO 8601, UTC
