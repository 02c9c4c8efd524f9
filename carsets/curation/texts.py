"""What caption and tags say of an image's labels: the same, another one, or nothing.

A search engine brings what stands near a word. When the caption names another make, and not the
one that was asked for, the image is more likely of the other make.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from carsets.curation.years import is_beside, years_named
from carsets.queries.makes import canonical_make, make_aliases
from carsets.queries.vocabulary import bodies, broader_bodies, colors

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

LONGEST = 2_000  # letters of a caption that are read
LONGEST_NAME = 3  # words
SAME, OTHER, NOTHING = 1, -1, 0
# Makes whose names are ordinary words, places or units too: a caption that has them names nothing.
_ORDINARY = """
ac acm alpine ariel austin bac bristol checker cord daf ds eagle faw force geo genesis
glas hudson humber imperial infiniti international iso jet kaiser karma land lasalle
lincoln lloyd lotus lucid mercury mg mini minerva morgan nash noble ora osca premier
prince proton puma ram rambler reliant riley rover ruf saturn scion seat shelby singer
smart standard star steyr talbot think triumph tucker ultima vector victoria
"""
_WORD = re.compile(r"[^\W_]+(?:[-'][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class TextSays:
    """What texts say of one label, one place for each image: SAME, OTHER or NOTHING."""

    text: NDArray[np.int8]  # the caption
    tags: NDArray[np.int8]
    other: NDArray[np.int32]  # code of the other value that is named; -1 = none

    def contradicted(self) -> NDArray[np.bool_]:
        """Return where some text names another value, and none the image's own."""
        other = (self.text == OTHER) | (self.tags == OTHER)
        result: NDArray[np.bool_] = other & (self.text != SAME) & (self.tags != SAME)
        return result

    def supported(self) -> NDArray[np.bool_]:
        """Return where some text names the image's own value."""
        result: NDArray[np.bool_] = (self.text == SAME) | (self.tags == SAME)
        return result


@dataclass(frozen=True, slots=True)
class Said:
    """What the texts of one image say."""

    of: dict[str, tuple[int, int, str]] = field(default_factory=dict)  # caption, tags, other value
    other_makes: int = 0  # that caption and tags name


def caption_of(title: str, description: str) -> str:
    """Return what a person would read below the image."""
    return f"{title} {description}"[:LONGEST].strip()


def read_says(caption: str, tags: str, labels: Mapping[str, str], taken: str = "") -> Said:
    """Return what caption and tags say of the labels make, body, color and year.

    ``taken`` is the year of the photo, which captions name as well.
    """
    by_caption = _named(caption)
    by_tags = _named(tags[:LONGEST])
    of: dict[str, tuple[int, int, str]] = {}
    for label in ("make", "body", "color"):
        own = _canonical(label, labels.get(label, ""))
        if own:
            text, other = _compare(label, own, by_caption[label])
            tag, tag_other = _compare(label, own, by_tags[label])
            of[label] = text, tag, other or tag_other
    year = labels.get("year", "")
    if year.isdecimal():
        model = labels.get("model", "")
        other_than = "" if taken == year else taken
        text, other = _compare_years(year, years_named(caption, model, other_than))
        tag, tag_other = _compare_years(year, years_named(tags[:LONGEST], model, other_than))
        of["year"] = text, tag, other or tag_other
    makes = (by_caption["make"] | by_tags["make"]) - {_canonical("make", labels.get("make", ""))}
    return Said(of, len(makes))


def _compare(label: str, own: str, named: frozenset[str]) -> tuple[int, str]:
    """Return what the named values say of an image's own, and another one if it is not named."""
    if not named:
        return NOTHING, ""
    if own in named or (label == "body" and any(related_bodies(own, one) for one in named)):
        return SAME, ""
    if label != "make" and len(named) > 1:  # "red car on a black road": which of them is it?
        return NOTHING, ""
    return OTHER, min(named)


def _compare_years(own: str, named: frozenset[str]) -> tuple[int, str]:
    if not named:
        return NOTHING, ""
    if any(is_beside(own, year) for year in named):
        return SAME, ""
    return OTHER, min(named)


def related_bodies(one: str, other: str) -> bool:
    """Whether two body styles may be said of one vehicle: the same, or one above the other."""
    try:
        return one == other or one in broader_bodies(other) or other in broader_bodies(one)
    except KeyError:  # the user's own word
        return False


def _canonical(label: str, value: str) -> str:
    return canonical_make(value) if label == "make" else value.casefold()


@lru_cache(4096)
def _named(text: str) -> Mapping[str, frozenset[str]]:
    """Return the values of each label that a text names."""
    found: dict[str, set[str]] = {"make": set(), "body": set(), "color": set()}
    names = _names()
    for phrase in _phrases(text):
        for label, value in names.get(phrase, ()):
            found[label].add(value)
    return {label: frozenset(values) for label, values in found.items()}


def _phrases(text: str) -> Iterator[str]:
    """Yield the longest known names of a text, from left to right."""
    words = _WORD.findall(text.casefold())
    names, first_words = _names(), _first_words()
    at = 0
    while at < len(words):
        if words[at] not in first_words:  # as most
            at += 1
            continue
        for count in range(min(LONGEST_NAME, len(words) - at), 0, -1):
            phrase = " ".join(words[at : at + count])
            if phrase in names:
                yield phrase
                at += count - 1
                break
        at += 1


@cache
def _first_words() -> frozenset[str]:
    return frozenset(phrase.partition(" ")[0] for phrase in _names())


@cache
def _names() -> Mapping[str, tuple[tuple[str, str], ...]]:
    """Return what each known name means, as label and value; English names of body and color."""
    found: dict[str, list[tuple[str, str]]] = {}
    ordinary = frozenset(_ORDINARY.split())
    for name, make in make_aliases().items():
        phrase = " ".join(_WORD.findall(name))
        if phrase and phrase not in ordinary and len(phrase) > 1:
            found.setdefault(phrase, []).append(("make", make))
    for label, terms in (("body", bodies()), ("color", colors())):
        for term in terms.values():
            for name in (term.name.replace("_", " "), *term.names["en"]):
                phrase = " ".join(_WORD.findall(name.casefold()))
                # "car" is said of everything.
                if phrase and term.name != "car":
                    found.setdefault(phrase, []).append((label, term.name))
    return {phrase: tuple(dict.fromkeys(meant)) for phrase, meant in found.items()}
