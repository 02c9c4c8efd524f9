"""The filters of image searches, in words that are the same for every engine.

A filter is a wish: the engine guesses what an image is. Where an engine has no such filter, the
user is told; and what it says about licenses is a filter, and never a license.
"""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from carsets.problems import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

# The words that each ``-a`` argument takes. ``region`` is a country and a language: us-en.
FILTERS: Mapping[str, tuple[str, ...]] = {
    "size": ("small", "medium", "large", "huge"),
    "color": (
        *("red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "brown"),
        *("black", "gray", "white", "color", "monochrome"),
    ),
    "type": ("photo", "clipart", "line", "animated", "transparent", "face"),
    "aspect": ("square", "wide", "tall"),
    "date": ("day", "week", "month", "year"),
    "license": ("any-cc", "public-domain", "share", "commercial", "modify", "modify-commercial"),
    "safe": ("strict", "moderate", "off"),
}
FILTER_ARGUMENTS = frozenset({*FILTERS, "region"})
STRICT = "strict"

_REGION = re.compile(r"([a-z]{2})-([a-z]{2,3})")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchFilters:
    """What the user wants of the images; "" = anything."""

    size: str = ""
    color: str = ""
    type: str = ""
    aspect: str = ""
    date: str = ""
    license: str = ""
    safe: str = STRICT
    region: str = ""

    @property
    def given(self) -> dict[str, str]:
        """Return the filters that are set, by name; ``safe`` always is."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def country(self) -> str:
        """Return the country of the region, in two small letters; "" when none is given."""
        return self.region.partition("-")[0]

    @property
    def language(self) -> str:
        """Return the language of the region; "" when none is given."""
        return self.region.partition("-")[2]


ANYTHING = SearchFilters()


def read_filters(given: Mapping[str, str], *, safe_off_allowed: bool = False) -> SearchFilters:
    """Return what ``-a`` arguments ask for; other names among them are passed over.

    Raises UserError, in one line, for a word that is none, and for ``safe=off`` where the setting
    SAFE_SEARCH_OFF_ALLOWED does not allow it.
    """
    wanted = {
        name: word
        for name in sorted(FILTER_ARGUMENTS)
        if (word := given.get(name, "").strip().lower())
    }
    for name, word in wanted.items():
        if name == "region":
            if not _REGION.fullmatch(word):
                raise UserError(f"region={word}: no country and language, such as us-en or de-de")
        elif word not in FILTERS[name]:
            raise UserError(f"unknown {name} {word!r}; it is one of {', '.join(FILTERS[name])}")
    if wanted.get("safe") == "off" and not safe_off_allowed:
        raise UserError(
            "safe=off: public engines show anything then; if that is what you mean, "
            "add -s SAFE_SEARCH_OFF_ALLOWED=True"
        )
    return SearchFilters(**wanted)


def engine_words(filters: SearchFilters, words: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Return what an engine calls the filters that are set, leaving out those that it has not.

    An engine that knows safe search at all is asked for the strict one rather than for none.
    """
    found = {
        name: words[name][value]
        for name, value in filters.given.items()
        if value in words.get(name, {})
    }
    if "safe" in words and "safe" not in found:
        found["safe"] = words["safe"][STRICT]
    return found


def missing_filters(
    filters: SearchFilters,
    words: Mapping[str, Mapping[str, str]],
    *,
    region: bool = False,
) -> tuple[str, ...]:
    """Return the filters that an engine has not, as ``name=word``.

    ``region``: whether it can be told whose results to give.
    """
    return tuple(
        f"{name}={value}"
        for name, value in filters.given.items()
        if value not in words.get(name, {}) and not (region and name == "region")
    )


def license_note(engine: str, filters: SearchFilters) -> dict[str, str]:
    """Return what an image's ``extra`` says about the license filter under which it was found."""
    return {"license_filter": f"{engine}:{filters.license}"} if filters.license else {}
