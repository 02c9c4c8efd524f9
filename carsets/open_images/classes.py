"""The classes of Open Images that we ask for, and what they are called here.

A class is known by its ``mid``, the id of its label. ``data/bodies.csv`` has those of our body
styles, ``data/open_images_classes.csv`` those of further kinds of cars; any other class can be
named if the dataset's own list of names is at hand.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from carsets.image_lists.text_lines import read_lines
from carsets.problems import UserError
from carsets.queries.vocabulary import bodies, body_named, broader_bodies, read_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

NOT_BY_DEFAULT = frozenset({"bus"})  # a body style, but not what the mission asks for
MAX_DESCRIPTIONS = 100_000  # names in a list of classes; version 7 has 20,931
# The dataset's own ids, and those of our releases for what it has no label for.
MID = re.compile(r"/[mgt]/[A-Za-z0-9_]{1,40}|/carsets/[a-z]+(?:/[A-Za-z0-9_+.%~-]{1,200}){1,2}")


@dataclass(frozen=True, slots=True)
class ImageClass:
    """One class: its id, its name, and our body style for it ("" = none)."""

    mid: str
    name: str
    body: str

    @property
    def above(self) -> frozenset[str]:
        """The names of the body styles that this class is a kind of, itself left out."""
        if not self.body:
            return frozenset()
        own = () if bodies()[self.body].mid == self.mid else (self.body,)
        return frozenset((*own, *broader_bodies(self.body)))


@cache
def known_classes() -> Mapping[str, ImageClass]:
    """Return the classes of vehicles that come with carsets, by mid."""
    found = {term.mid: ImageClass(term.mid, term.name.replace("_", " "), term.name)
             for term in bodies().values() if term.mid}  # fmt: skip
    for row in read_rows("open_images_classes.csv"):
        found[row["mid"]] = ImageClass(row["mid"], row["name"], row["body"])
    return found


@cache
def _english_names() -> Mapping[str, ImageClass]:
    """Return the known classes by their English names, the dataset's own names first."""
    known = known_classes()
    found = {one.name.casefold(): one for one in known.values()}
    for term in bodies().values():
        for name in term.names["en"] if term.mid else ():
            found.setdefault(name.casefold(), known[term.mid])
    return found


def class_named(name: str) -> ImageClass | None:
    """Return the known class that an English name means, None when it means none."""
    return _english_names().get(name.casefold().replace("_", " "))


def read_descriptions(paths: Iterable[Path]) -> dict[str, str]:
    """Return mid -> name from the dataset's lists of names, of whichever version.

    The list of the boxable classes has no header, that of version 7 has one.
    """
    names: dict[str, str] = {}
    for path in paths:
        for cells in csv.reader(read_lines(path)):
            if len(cells) >= 2 and MID.fullmatch(cells[0].strip()):
                names.setdefault(cells[0].strip(), cells[1].strip())
            if len(names) >= MAX_DESCRIPTIONS:
                return names
    return names


def choose_classes(text: str, descriptions: Mapping[str, str]) -> tuple[ImageClass, ...]:
    """Return the classes behind ``car,van,Motorcycle,/m/0h8lhg9``; "" stands for all vehicles.

    A body style brings along all that is a kind of it: in Open Images a van is not labelled as a
    car, nor a pickup as a truck. Raises UserError for a word that names no class.
    """
    known = known_classes()
    words = [word.strip() for word in text.split(",") if word.strip()]
    if not words:
        return tuple(one for one in known.values() if one.body not in NOT_BY_DEFAULT)
    by_name = {name.casefold(): mid for mid, name in reversed(list(descriptions.items()))}
    by_name |= {one.name.casefold(): one.mid for one in known.values()}
    chosen: dict[str, ImageClass] = {}
    for word in words:
        body = body_named(word)
        named = by_name.get(word.casefold().replace("_", " "))
        if named and named in known and not (body and bodies()[body].mid == named):
            chosen[named] = known[named]
        elif body:
            chosen |= {
                one.mid: one for one in known.values() if one.body == body or body in one.above
            }
        elif named or MID.fullmatch(word):
            mid = named or word
            chosen[mid] = known.get(mid) or ImageClass(mid, descriptions.get(mid, mid), "")
        else:
            raise UserError(
                f"classes: {word!r} is no class that is known here; use body styles "
                f"({', '.join(list(bodies())[:6])}...), a mid such as /m/0k4j, or a name of the "
                "dataset's class-descriptions file, given with descriptions="
            )
    return tuple(chosen.values())
