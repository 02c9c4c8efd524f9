"""The columns of a table of images: one list for every format that is a table.

A text that nobody gave is None here, and so NULL, null or an empty cell in the files. Texts are
as the sources wrote them, whole and with their control characters; only halves of characters
("lone surrogates"), which no encoding can write, become U+FFFD.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from carsets.licenses import DeclaredLicense
    from carsets.release.record import Record


class Kind(Enum):
    """What the values of a column are."""

    TEXT = "text"
    INTEGER = "integer"
    REAL = "real"
    TEXTS = "texts"  # a list
    SCORES = "scores"  # a list of {"label": text, "score": real}
    JSON = "json"  # an object with whatever in it


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``read`` returns its value, None where it is not known."""

    name: str
    kind: Kind
    read: Callable[[Record], Any]
    required: bool = False  # never None
    few: bool = False  # few different values in many rows


# --- Texts ------------------------------------------------------------------------------------

_HALVES = re.compile("[\ud800-\udfff]")
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def whole(text: str) -> str:
    """Return a text that every encoding can write: U+FFFD for halves of characters."""
    return text if text.isascii() else _HALVES.sub("\ufffd", text)


def json_text(value: Any) -> str:
    """Return a value as JSON on one line. What JSON has no word for is null, or its text."""
    if not value and value in ([], {}):  # most lists are
        return "[]" if value == [] else "{}"
    try:
        text = _encode(value)
    except ValueError:  # infinite, or not a number
        text = _encode(_finite(value))
    return whole(text)


def without_nul(text: str) -> str:
    """Return a text without the one character that databases refuse."""
    return text.replace("\0", "") if "\0" in text else text


def json_without_nul(text: str) -> str:
    """Return JSON of which no text holds the character that databases refuse."""
    return _NUL.sub(r"\1", text) if "\\u0000" in text else text


_encode = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=str
).encode


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return value


# --- Reading ----------------------------------------------------------------------------------


def public_url(url: str) -> str | None:
    """Return an address that others can ask; None for a file on the machine of the crawl."""
    return whole(url) if url[:8].lower().startswith(("http://", "https://")) else None


def _text(name: str, *, required: bool = False, few: bool = False, of: str = "") -> Column:
    get = attrgetter(of or name)
    if required:
        return Column(name, Kind.TEXT, lambda r: whole(get(r)), required=True, few=few)
    return Column(name, Kind.TEXT, lambda r: whole(get(r)) or None, few=few)


def _url(name: str) -> Column:
    get = attrgetter(name)
    return Column(name, Kind.TEXT, lambda r: public_url(get(r)))


def _number(name: str) -> Column:
    return Column(name, Kind.INTEGER, attrgetter(name), required=True)


def _label(name: str) -> Column:
    return Column(name, Kind.TEXT, lambda r: whole(r.labels.get(name, "")) or None, few=True)


def _texts(name: str) -> Column:
    get = attrgetter(name)
    return Column(name, Kind.TEXTS, lambda r: [whole(t) for t in get(r)], required=True)


def _of_license(name: str, place: int) -> Column:
    return Column(name, Kind.TEXT, lambda r: license_facts(r.license)[place] or None, few=True)


@lru_cache(4096)
def license_facts(license: DeclaredLicense) -> tuple[str, str, str, str]:
    """Return name, SPDX id, address and evidence of a license."""
    terms = license.terms
    evidence = license.evidence.name.lower().replace("_", " ")
    return (terms.name, license.spdx, whole(license.url), evidence)


def _score(record: Record) -> float | None:
    score = record.car_score
    return score if score is not None and math.isfinite(score) else None


def _scores(record: Record) -> list[dict[str, Any]]:
    return [
        {"label": whole(label), "score": score if math.isfinite(score) else None}
        for label, score in record.top_labels
    ]


def _labels(record: Record) -> dict[str, str]:
    return {whole(name): whole(record.labels[name]) for name in sorted(record.labels)}


def _denied(record: Record) -> list[dict[str, str]]:
    return [{"label": whole(label), "value": whole(value)} for label, value in record.denied]


def _human_labels(record: Record) -> list[str]:
    return sorted(whole(name) for name in record.human_labels)


COLUMNS = (
    # The image, and its place in the release.
    _text("image_id", required=True),
    _text("split", few=True),
    _text("sha256", required=True),
    _text("md5", required=True),
    _text("phash"),
    _text("path"),
    _number("width"),
    _number("height"),
    _number("bytes"),
    _text("format", few=True),
    _text("mime", few=True),
    _texts("flags"),
    # What is on it.
    Column(
        "label",
        Kind.TEXT,
        lambda r: whole(r.label or r.labels.get("label", "")) or None,
        few=True,
    ),
    _label("make"),
    _label("model"),
    _label("color"),
    _label("body"),
    _label("year"),
    Column("labels", Kind.JSON, _labels, required=True),
    Column("human_labels", Kind.TEXTS, _human_labels, required=True),
    Column("denied_labels", Kind.JSON, _denied, required=True),
    Column("car_score", Kind.REAL, _score),
    _text("view", few=True),
    _text("verdict", few=True),
    Column("top_labels", Kind.SCORES, _scores, required=True),
    # Whose it is.
    _text("license", of="license.code", required=True, few=True),
    _of_license("license_name", 0),
    _of_license("license_spdx", 1),
    _of_license("license_url", 2),
    _of_license("license_evidence", 3),
    _text("license_read_at"),
    _text("title"),
    _text("author"),
    _text("author_url"),
    _text("attribution"),
    # Where it was found.
    _url("url"),
    _url("page_url"),
    _url("thumbnail_url"),
    _url("served_url"),
    _text("fetched_at"),
    _text("source", required=True, few=True),
    _text("source_id"),
    _text("query", few=True),
    _number("rank"),
    _text("description"),
    _texts("tags"),
    _text("taken"),
    _text("uploaded"),
    Column("extra", Kind.JSON, lambda r: r.extra, required=True),
)

NAMES = tuple(column.name for column in COLUMNS)
_READERS = tuple(column.read for column in COLUMNS)


def values_of(record: Record) -> list[Any]:
    """Return the values of all columns, in their order."""
    return [read(record) for read in _READERS]
