"""Labels and other facts that the catalog keeps as JSON text, read once for each different text."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

_decoder = json.JSONDecoder()
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")  # half a character, when it stands alone


def read_json(text: str | None) -> Any:
    """Return what a JSON column holds; None for nothing, and for what is no JSON."""
    if not text or text == "null":
        return None
    try:
        value, _ = _decoder.raw_decode(text)  # half of the time of ``json.loads``
    except ValueError:
        return None
    return _whole(value) if _SURROGATE.search(text) else value


@lru_cache(65_536)
def read_labels(text: str | None) -> dict[str, str]:
    """Return the labels of a JSON text. The same dict for the same text: do not change it."""
    value = read_json(text)
    if not isinstance(value, dict):
        return {}
    return {name: str(label) for name, label in value.items() if label not in (None, "")}


@lru_cache(4096)
def read_words(text: str | None) -> tuple[str, ...]:
    """Return the texts of a JSON list."""
    value = read_json(text)
    return tuple(map(str, value)) if isinstance(value, list) else ()


def read_scores(text: str | None) -> tuple[tuple[str, float], ...]:
    """Return the labels that the detector gave, with their shares."""
    value = read_json(text)
    if not isinstance(value, list):
        return ()
    return tuple((str(label), float(score)) for label, score in value)


def _whole(value: Any) -> Any:
    """Return a value in which no text has half a character: no file could hold it."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_whole(entry) for entry in value]
    if isinstance(value, dict):
        return {_whole(name): _whole(entry) for name, entry in value.items()}
    return value
