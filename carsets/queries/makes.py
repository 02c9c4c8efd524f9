"""The makes of vehicles, and the other names that they go by."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from carsets.queries.lists import read_rows

if TYPE_CHECKING:
    from collections.abc import Mapping


@cache
def make_aliases() -> Mapping[str, str]:
    """Return the makes of the built-in list by every name they go by, in lower case."""
    text = files("carsets.data").joinpath("makes.csv").read_text(encoding="utf-8")
    names: dict[str, str] = {}
    for row in list(read_rows(text, "makes.csv"))[1:]:
        make, _country, aliases, *_ = row.cells
        for name in (make, *aliases.split("|")):
            if name:
                names.setdefault(name.casefold(), make)
    return names


def canonical_make(make: str) -> str:
    """Return a make as the built-in list writes it (``vw`` is Volkswagen); others unchanged."""
    return make_aliases().get(make.casefold(), make)


def split_make(text: str) -> tuple[str, ...]:
    """Split ``Alfa Romeo 164`` into make and model: by the longest known make, or one word."""
    words = text.split(" ")
    for count in range(len(words) - 1, 0, -1):
        make = " ".join(words[:count])
        if make.casefold() in make_aliases():
            return make, " ".join(words[count:])
    return (words[0], " ".join(words[1:])) if len(words) > 1 else (text,)
