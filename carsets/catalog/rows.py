"""What goes into the catalog and comes out of it, as plain records."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from carsets.outcomes import Outcome, QueryOutcome

if TYPE_CHECKING:
    import builtins
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from carsets.catalog.fingerprints import Fingerprints


class AnyQuery(Protocol):
    """What is kept of a ``carsets.queries.Query``."""

    @property
    def query_id(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def labels(self) -> Mapping[str, str]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """The start of one run."""

    run_id: str
    source: str
    started_at: str  # ISO 8601, UTC
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnd:
    """How a run ended."""

    finished_at: str
    found: int
    kept: int
    bytes: int  # of the kept images
    outcomes: Mapping[str, int]
    exit_code: int
    exit_reason: str


ANSWERS = frozenset(outcome.value for outcome in QueryOutcome if outcome.is_answer)


@dataclass(frozen=True, slots=True)
class QueryProgress:
    """How far a query of a source has come, over all runs."""

    next_page: int  # from 1
    found: int  # images on the pages that are done
    outcome: str | None  # None: not finished
    next: str | int | None = None  # what the source needs to be asked for ``next_page``
    is_cut: bool = False  # it ended because the plan wanted no more of it, and not by itself

    def is_done(self, per_query: int) -> bool:
        """Whether a plan that wants so many images of a query (0: all) need not ask it again."""
        wants_more = self.is_cut and (per_query == 0 or per_query > self.found)
        return self.outcome in ANSWERS and not wants_more


@dataclass(frozen=True, slots=True, kw_only=True)
class SightingRow:
    """One URL as one query of one source showed it, and how it ended."""

    source: str
    query_id: str
    url: str
    outcome: Outcome
    run_id: str
    seen_at: str = ""
    page: int = 1
    rank: int = 0
    page_url: str = ""
    thumbnail: str = ""
    alternates: Sequence[str] = ()
    source_id: str = ""
    width: int | None = None
    height: int | None = None
    title: str = ""
    description: str = ""
    tags: Sequence[str] = ()
    taken: str = ""
    uploaded: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    license: str = "unknown"
    license_evidence: int = 0
    license_url: str = ""
    license_raw: str = ""
    author: str = ""
    author_url: str = ""
    attribution: str = ""
    note: str = ""
    image_id: str | None = None
    ended_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRow:
    """One picture: exactly one per sha256. ``verdict`` is keep, review or dropped."""

    sha256: str
    md5: str
    pixel_hash: str  # 16 hex digits
    phash: int  # 64 bits, unsigned
    dhash: int  # 64 bits, unsigned
    verdict: str
    width: int = 0
    height: int = 0
    bytes: int = 0
    path: str = ""
    format: str = ""
    mime: str = ""
    mode: str = ""
    flags: Sequence[str] = ()
    license: str = "unknown"
    license_evidence: int = 0
    license_url: str = ""
    license_raw: str = ""
    license_read_at: str = ""
    openness: int = 0
    reservation: str = ""
    reservation_signals: Sequence[Mapping[str, Any]] = ()
    reservation_checked_at: str = ""
    embedded: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    car_score: float | None = None
    part_score: float | None = None
    top_labels: Sequence[Sequence[Any]] = ()
    view: str = ""
    model: str = ""
    features: builtins.bytes | None = None
    served_url: str = ""
    served_headers: Mapping[str, str] = field(default_factory=dict)
    fetched_at: str = ""
    run_id: str | None = None

    @property
    def rank(self) -> tuple[int, int, int]:
        """Which copy of a picture represents it: the more open, then larger, then heavier."""
        return (self.openness, self.width * self.height, self.bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRow:
    """One answer of a source. Written after all of its images have ended."""

    source: str
    query: AnyQuery
    page: int  # from 1
    outcome: QueryOutcome
    found: int  # images taken from it
    run_id: str
    url: str = ""
    note: str = ""
    next: str | int | None = None  # what asks for the page after it


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryEndRow:
    """The end of one query: no more pages will be asked in this run."""

    source: str
    query: AnyQuery
    outcome: QueryOutcome
    run_id: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRow:
    """How many results an engine said that a query has. ``total`` None: it did not say."""

    source: str  # the engine
    query_id: str
    text: str
    total: int | None
    counted_at: str  # ISO 8601, UTC
    labels: Mapping[str, str] = field(default_factory=dict)
    word: str = ""
    raw: str = ""
    language: str = ""
    run_id: str | None = None


@dataclass(slots=True)
class Batch:
    """What one transaction writes, in this order."""

    refused: list[ImageRow] = field(default_factory=list)  # looked at, and dropped
    sightings: list[SightingRow] = field(default_factory=list)
    pages: list[PageRow] = field(default_factory=list)
    ends: list[QueryEndRow] = field(default_factory=list)
    counts: list[CountRow] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.sightings) + len(self.pages) + len(self.ends) + len(self.counts)


@dataclass(frozen=True, slots=True)
class RunImages:
    """What became of the images that one run has stored."""

    kept: int  # in the dataset today
    bytes: int  # of those
    replaced: Mapping[Outcome, int]  # by a better copy since, and what their URLs count as now


@dataclass(frozen=True, slots=True)
class StoredImage:
    """What the duplicate check needs to know of an image in the catalog."""

    seq: int
    image_id: str
    sha256: str
    path: str
    verdict: str  # keep, review, superseded or dropped
    superseded_by: str | None
    pixel_hash: str
    phash: int  # unsigned
    dhash: int  # unsigned
    rank: tuple[int, int, int]
    run_id: str | None = None  # of the run that stored it

    @property
    def kept(self) -> bool:
        """Whether it is in the dataset today."""
        return self.verdict in {"keep", "review"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An image whose file is written, and that asks to join the dataset.

    ``near`` are the sequence numbers of the images that the caller's index calls near ones;
    ``match`` returns the near ones among images that the caller does not know yet. ``sighting``
    is written in the same transaction when the image is stored, so that no crash can part the two.
    """

    image: ImageRow
    sighting: SightingRow | None = None
    near: Sequence[int] = ()
    match: Callable[[Fingerprints], Iterable[int]] | None = None


@dataclass(frozen=True, slots=True)
class Admission:
    """What the catalog decided about an image.

    ``kind`` is ``stored``, ``duplicate_bytes``, ``duplicate_pixels``, ``near_duplicate`` or
    ``removed``; ``image_id`` is the image that represents the picture from now on ("" when it was
    removed). ``replaced`` are worse copies that were stored before: their files may go.
    """

    kind: str
    image_id: str
    seq: int = 0  # of the new image; 0 unless it was stored
    keeps_file: bool = False  # whether a file of these very bytes belongs in the store
    replaced: Sequence[StoredImage] = ()

    @property
    def outcome(self) -> Outcome:
        """The outcome of the URL that brought the image."""
        return Outcome(self.kind)
