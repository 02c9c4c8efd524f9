"""The words that labels may hold: colors and body styles, with their names in other languages."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LANGUAGES = ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "ru", "zh", "ja")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One word of a vocabulary.

    ``names`` maps a language to the term's names in it, the most usual one first.
    """

    name: str
    names: Mapping[str, tuple[str, ...]] = field(hash=False)
    top_ten: bool = False  # of colors: one of the ten that most cars have
    mid: str = ""  # of body styles: the Open Images label id, "" where there is none
    broader: str = ""  # of body styles: the name of the term above it


def read_rows(name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of one of the tables in ``carsets/data``."""
    text = files("carsets.data").joinpath(name).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines(), strict=True)


@cache
def colors() -> Mapping[str, Term]:
    """Return the known colors by name, the ten most frequent ones first."""
    return {
        row["color"]: Term(name=row["color"], names=_names(row), top_ten=row["top_ten"] == "yes")
        for row in read_rows("colors.csv")
    }


@cache
def bodies() -> Mapping[str, Term]:
    """Return the body styles by name: the only values that the label ``body`` may have."""
    return {
        row["body"]: Term(
            name=row["body"], names=_names(row), mid=row["mid"], broader=row["broader"]
        )
        for row in read_rows("bodies.csv")
    }


def color_named(word: str) -> str:
    """Return the color that a word in any language means, or the word itself in lower case."""
    return _color_lookup().get(_key(word), word.strip().lower())


def body_named(word: str) -> str | None:
    """Return the body style that a word in any language means; None when it means none."""
    return _body_lookup().get(_key(word))


def broader_bodies(name: str) -> tuple[str, ...]:
    """Return the body styles above one, the nearest first. Raises KeyError for an unknown one."""
    above: list[str] = []
    while name := bodies()[name].broader:
        above.append(name)
    return tuple(above)


def open_images_mid(name: str) -> str:
    """Return the Open Images label id of a body style, or of the nearest one above that has one."""
    for body in (name, *broader_bodies(name)):
        if bodies()[body].mid:
            return bodies()[body].mid
    return ""


def _names(row: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {language: tuple(row[language].split("|")) for language in LANGUAGES}


def _key(word: str) -> str:
    return " ".join(word.casefold().replace("_", " ").replace("-", " ").split())


def _lookup(terms: Iterable[Term]) -> dict[str, str]:
    """Map every name to its term; where two languages differ, the term's own name and then the
    earlier language win (``limousine`` is a sedan in German, but not in the labels)."""
    found: dict[str, str] = {}
    terms = tuple(terms)
    for term in terms:
        found.setdefault(_key(term.name), term.name)
    for language in LANGUAGES:
        for term in terms:
            for name in term.names[language]:
                found.setdefault(_key(name), term.name)
    return found


@cache
def _color_lookup() -> Mapping[str, str]:
    return _lookup(colors().values())


@cache
def _body_lookup() -> Mapping[str, str]:
    return _lookup(bodies().values())
