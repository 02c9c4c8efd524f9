"""What strangers sent: JSON, numbers and texts that may neither hang nor break what reads them."""

from __future__ import annotations

import html
import json
import re
from typing import Any

import orjson

MAX_PAGE_BYTES = 5 * 1024 * 1024  # of one answer of a source; real ones stay below 1 MB
MAX_CONTAINERS = 200_000  # opening brackets in one answer; real ones have below 10,000
MAX_DEPTH = 200  # of nested lists and objects; real answers stay below 12
LONGEST_TEXT = 10_000  # characters of one title, description or address


class ForeignTextError(ValueError):
    """What was sent cannot be read; the message says why, in one line."""


def read_json(body: bytes | str) -> Any:
    """Parse a whole answer as JSON.

    Raises ForeignTextError for anything else: not JSON, not UTF-8, more than ``MAX_PAGE_BYTES``,
    nested deeper than ``MAX_DEPTH``, more than ``MAX_CONTAINERS`` lists and objects,
    numbers of thousands of digits. A whole number beyond 64 bits may come as a float.
    """
    if len(body) > MAX_PAGE_BYTES:
        raise ForeignTextError(f"an answer of {len(body)} bytes: larger than {MAX_PAGE_BYTES}")
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    if raw.count(b"[") + raw.count(b"{") > MAX_CONTAINERS:
        raise ForeignTextError(f"JSON of more than {MAX_CONTAINERS} lists and objects")
    try:
        parsed = _parse(body)
    except RecursionError:
        raise ForeignTextError("JSON that is nested too deeply") from None
    except ValueError as error:
        raise ForeignTextError(f"not JSON: {error}") from None
    if _deeper_than(parsed, MAX_DEPTH):
        raise ForeignTextError("JSON that is nested too deeply")
    return parsed


def _parse(body: bytes | str) -> Any:
    try:
        return orjson.loads(body)  # in half the time, but it wants to hear of no half surrogates
    except ValueError:
        return json.loads(body, parse_constant=_refuse_constant)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


_CONTAINERS = frozenset({dict, list})  # the only types that ``json`` nests


def _deeper_than(parsed: Any, depth: int) -> bool:
    layer = [parsed] if type(parsed) in _CONTAINERS else []
    for _ in range(depth):
        if not layer:
            return False
        layer = [
            below
            for value in layer
            for below in (value.values() if type(value) is dict else value)
            if type(below) in _CONTAINERS
        ]
    return bool(layer)


_MOST_DIGITS = 18
_WHOLE_NUMBER = re.compile(rf"\s*-?[0-9]{{1,{_MOST_DIGITS}}}\s*")


def to_int(value: object) -> int | None:
    """Return a whole number that may have come as text; None for everything else."""
    if type(value) is int:  # a bool is none
        return value
    if not isinstance(value, str):
        return None
    # Most are digits alone, which is found out ten times as fast.
    if len(value) <= _MOST_DIGITS and value.isascii() and value.isdecimal():
        return int(value)
    return int(value) if _WHOLE_NUMBER.fullmatch(value) else None


def pixels(value: object) -> int | None:
    """Return a width or height, None for what can be none."""
    number = value if type(value) is int else to_int(value)
    return number if number and 0 < number < 1_000_000 else None


# Control characters but tab and line feed; lone surrogates, which no database takes; and the
# marks that reverse the direction of what is displayed.
_UNWANTED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")


def to_text(value: object, longest: int = LONGEST_TEXT) -> str:
    """Return a text that can be stored and shown; "" for what is none."""
    if not isinstance(value, str):
        return ""
    # What is printable but for its lines holds nothing unwanted: found out ten times as fast.
    if len(value) <= longest and value.isprintable():
        return value.strip()
    text = value[:longest]
    if not text.replace("\n", "").isprintable():
        text = _UNWANTED.sub("", text)
    return text.strip()


# A tag ends at the next ">" and holds no further "<": so the search never runs on.
_TAG = re.compile(r"<[/!?a-zA-Z][^<>]*>")


def without_markup(value: object) -> str:
    """Return a text without tags and entities."""
    text = to_text(value)
    if "<" in text:
        text = _TAG.sub("", text).strip()
    return to_text(html.unescape(text)) if "&" in text else text
