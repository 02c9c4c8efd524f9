"""One vehicle, and how it is read from a row of a list."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from carsets.queries.lists import QueryError, Row
from carsets.queries.vocabulary import body_named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NEWEST_YEAR = (
    2026  # up to which the built-in lists were gone through; not the clock: plans are stable
)
OLDEST_YEAR = 1885

# Headings under which lists give the same thing, lower case, without spaces and underscores.
COLUMNS = {
    "make": ("make", "makes", "makename", "brand", "manufacturer", "marke", "marque", "marca"),
    "model": ("model", "models", "modelname", "modell", "modele", "modèle", "modelo"),
    "bodies": ("bodies", "body", "bodystyle", "bodystyles", "bodytype", "bodytypes"),
    "years": ("years", "year", "modelyear", "modelyears"),
    "first_year": ("firstyear", "yearfrom", "startyear", "from"),
    "last_year": ("lastyear", "yearto", "endyear", "to"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """A make and model, with the body styles and the years of production as far as known.

    ``years`` is the first and the last year; 0 stands for an end that is open: not known, or, of
    the last year, still made.
    """

    make: str
    model: str
    bodies: tuple[str, ...] = ()
    years: tuple[int, int] | None = None

    def made_in(self, year: int) -> bool:
        """Say whether it may have been made in a year: only what is known excludes."""
        first, last = self.years or (0, 0)
        return first <= year and (not last or year <= last)

    def all_years(self) -> tuple[int, ...]:
        """Return every year of production; none when the first one is not known."""
        first, last = self.years or (0, 0)
        return tuple(range(first, (last or NEWEST_YEAR) + 1)) if first else ()


def read_heading(heading: Row, name: str) -> dict[str, int]:
    """Return where the columns are; nothing when the row is no heading."""
    places: dict[str, int] = {}
    for place, cell in enumerate(heading.cells):
        key = re.sub(r"[\s_-]", "", cell.casefold())
        for column, headings in COLUMNS.items():
            if key in headings:
                places.setdefault(column, place)
    if "make" in places and "model" in places:
        return places
    if len(places) > 1:  # one alone may be a vehicle's name
        missing = "make" if "make" not in places else "model"
        seen = ", ".join(heading.cells)
        raise QueryError(
            f"{name}, line {heading.line}: expected the columns make and model, "
            f"found no {missing} among: {seen}"
        )
    return {}


def read_vehicle(cells: Sequence[str], columns: Mapping[str, int]) -> Vehicle:
    """Read one record. Raises ValueError saying what was expected."""

    def cell(column: str) -> str:
        place = columns.get(column, len(cells))
        return cells[place] if place < len(cells) else ""

    make, model = cell("make"), cell("model")
    if not (make and model):
        raise ValueError(f"expected a make and a model, found {' | '.join(cells)!r}")
    years = _read_years(cell("years"))
    if cell("first_year") or cell("last_year"):
        years = (_read_year(cell("first_year")), _read_year(cell("last_year")))
    if years and years[1] and years[0] > years[1]:
        raise ValueError(f"expected the first year before the last, found {years[0]}-{years[1]}")
    return Vehicle(make=make, model=model, bodies=_read_bodies(cell("bodies")), years=years)


def _read_bodies(text: str) -> tuple[str, ...]:
    words = [word.strip(" '\"[]") for word in re.split(r"[;|,/]", text)]
    found: dict[str, None] = {}
    for word in filter(None, words):
        body = body_named(word)
        if body is None:
            raise ValueError(f"expected a body style of carsets/data/bodies.csv, found {word!r}")
        found[body] = None
    return tuple(found)


def _read_years(text: str) -> tuple[int, int] | None:
    """Read ``1998``, ``1998-2005``, ``1998-`` or several of them; a lone year is a span of one."""
    span: tuple[int, int] | None = None
    for part in filter(None, re.split(r"[;|,\s]+", re.sub(r"\s*[-–—]\s*", "-", text))):
        first, dash, last = part.partition("-")
        span = joined_years(span, (_read_year(first), _read_year(last if dash else first)))
    return span


def _read_year(text: str) -> int:
    if text.lower() in {"", "now", "present", "today"}:
        return 0
    if re.fullmatch(r"[0-9]{4}", text) and OLDEST_YEAR <= int(text) <= NEWEST_YEAR + 2:
        return int(text)
    raise ValueError(f"expected a year like 1998, found {text!r}")


def joined_years(
    one: tuple[int, int] | None, other: tuple[int, int] | None
) -> tuple[int, int] | None:
    """Return the years from the earlier beginning to the later end; 0 stays open."""
    if one is None or other is None:
        return one or other
    first = min(one[0], other[0])
    last = max(one[1], other[1]) if one[1] and other[1] else 0
    return first, last
