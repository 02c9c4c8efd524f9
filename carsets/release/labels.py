"""The labels of a release, and names of folders and files that stand for them.

    Citroën -> Citro%C3%ABn        Alfa Romeo   -> Alfa_Romeo         .. -> %2E%2E
    Con     -> %43on               bmw          -> bmw~0 (for BMW is the make)

Two labels never get the same name, not even where upper and lower case are the same, and the
label can be read back from its name.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from hashlib import sha256
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from carsets.queries.vehicles import builtin_vehicles
from carsets.queries.vocabulary import bodies, colors

if TYPE_CHECKING:
    from collections.abc import Mapping

LABELS = ("make", "model", "color", "body", "year")
LONGEST = 200  # bytes of a name: room for a number and an extension behind it

_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-+.")
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)  # on Windows
_FIRST_LETTER = re.compile(r"(?:^|(?<= ))[a-z]")
_EMPTY = "~"
_CUT = "~~"


@lru_cache(65_536)
def safe_name(label: str) -> str:
    """Return a name for a folder or file: ASCII, without blanks, for any label at all.

    A label of more than about 200 bytes is cut, and ends with ``~~`` and a hash.
    """
    raw = label.encode("utf-8", "surrogatepass")
    name = "".join(map(_character, raw))
    if name[:1] in {".", "-"}:  # hidden, or taken for an option
        name = _percent(raw[0]) + name[1:]
    if name[-1:] == ".":  # Windows drops it
        name = name[:-1] + "%2E"
    if _RESERVED.fullmatch(name):
        name = _percent(raw[0]) + name[1:]
    name += _case_mark(label)
    if len(name) > LONGEST:
        name = f"{name[: LONGEST - 36]}{_CUT}{sha256(raw).hexdigest()[:32]}"
    return name or _EMPTY


def original_name(slug: str) -> str:
    """Return the label that a name stands for. Raises ValueError for the name of a cut one."""
    if _CUT in slug:
        raise ValueError(f"{slug}: a label that was too long for a name; see its metadata")
    raw = unquote_to_bytes(slug.partition("~")[0].replace("_", " "))
    return raw.decode("utf-8", "surrogatepass")


def label_value(labels: Mapping[str, str], wanted: tuple[str, ...]) -> str:
    """Return the value of one label or of several together ("Ford Mustang"); "" if one misses."""
    values = [labels.get(name, "") for name in wanted]
    return " ".join(values) if all(values) else ""


@cache
def vocabulary(label: str) -> frozenset[str]:
    """Return the values that a label is declared to have; empty where any will do."""
    if label == "color":
        return frozenset(colors())
    if label == "body":
        return frozenset(bodies())
    if label in {"make", "model"}:
        return frozenset(getattr(vehicle, label) for vehicle in builtin_vehicles())
    return frozenset()


def is_known(label: str, value: str) -> bool:
    """Whether a value is one of the declared ones."""
    if label == "year":
        return bool(re.fullmatch(r"(?:1[89]|20)\d\d", value))
    values = vocabulary(label)
    return not values or value in values


def _character(byte: int) -> str:
    if byte in _PLAIN:
        return chr(byte)
    return "_" if byte == 0x20 else _percent(byte)


def _percent(byte: int) -> str:
    return f"%{byte:02X}"


def _case_mark(label: str) -> str:
    """Return "" for a label in its usual spelling, otherwise which of its letters are capitals.

    It makes ``bmw~0`` of ``bmw``, and so keeps it apart from ``BMW`` where case does not count.
    What is in no list is usual with a capital in front of each word.
    """
    key = _lower(label)
    usual = _usual_spellings().get(key)
    if usual is None:
        usual = _FIRST_LETTER.sub(lambda match: match[0].upper(), key)
    if usual == label:
        return ""
    capitals = sum(1 << place for place, letter in enumerate(label) if "A" <= letter <= "Z")
    return f"~{capitals:x}"


@cache
def _usual_spellings() -> Mapping[str, str]:
    """Return every declared value by its lower-case letters, the first of those that differ."""
    found: dict[str, str] = {}
    for label in LABELS:
        for value in sorted(vocabulary(label)):
            found.setdefault(_lower(value), value)
    for vehicle in builtin_vehicles():
        value = f"{vehicle.make} {vehicle.model}"
        found.setdefault(_lower(value), value)
    return found


def _lower(text: str) -> str:
    """Return the text with A to Z in lower case: other letters are percent-encoded anyway."""
    return "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in text)
