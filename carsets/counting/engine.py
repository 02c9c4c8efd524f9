"""What every engine that reports totals has: a question, and a reader of its answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from carsets.outcomes import QueryOutcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Whose results are counted, and with which keys. Keys are those of ``Engine.keys``."""

    country: str = "us"
    language: str = "en"
    keys: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to send. ``secret`` are parameters that join the address on the wire alone."""

    url: str
    form: Mapping[str, str] = field(default_factory=dict)  # posted, if there is any
    headers: Mapping[str, str] = field(default_factory=dict)
    secret: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What came back. Names of headers are in lower case."""

    body: bytes
    status: int = 200
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The body as text; what is no UTF-8 is replaced."""
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an engine told. ``total`` None: it answered, and told no total."""

    outcome: QueryOutcome
    total: int | None = None
    raw: str = ""  # as the engine wrote it
    note: str = ""

    @classmethod
    def answer(cls, total: int | None, raw: str = "", note: str = "") -> Told:
        """Return an answer: with results, or with none where the engine says so."""
        outcome = QueryOutcome.NO_RESULTS if total == 0 else QueryOutcome.RESULTS
        return cls(outcome=outcome, total=total, raw=raw, note=note)

    @classmethod
    def error(cls, status: int, note: str = "", *, limited: bool = False) -> Told:
        """Return what an HTTP status means; ``limited``: 429 says that an allowance is used up."""
        said = f"HTTP {status}: {note}" if note else f"HTTP {status}"
        if status == 429 and limited:
            return cls(outcome=QueryOutcome.QUOTA, note=said)
        refused = status in {401, 403, 429}
        outcome = QueryOutcome.BLOCKED if refused else QueryOutcome.HTTP_ERROR
        return cls(outcome=outcome, note=said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One engine that tells totals."""

    name: str
    ask: Callable[[str, Place], Question]
    read: Callable[[Came], Told]
    requests_per_minute: float  # the polite pace, as in DOWNLOAD_SLOTS
    opening: str = ""  # an address that is asked once before: its cookies go with every question
    keys: tuple[str, ...] = ()  # environment variables without which it cannot be asked
    needs_contact: bool = False  # whether its rules demand one
    language: str | None = None  # in which it always answers; "" none, None that of ``Place``
