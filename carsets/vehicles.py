"""The vehicles to ask for: the built-in list, and the user's own lists."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from carsets.query_lists import (
    BUILTIN,
    QueryError,
    Row,
    file_named,
    list_error,
    read_rows,
    read_text,
)
from carsets.vocabulary import body_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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


def load_vehicles(value: str) -> tuple[Vehicle, ...]:
    """Return the vehicles that an argument names: ``all``, a list file, or ``Ford Focus,VW Golf``.

    A vehicle that a list names more than once (once per year, say) becomes one.
    Raises QueryError naming the file, the line and what was expected.
    """
    if value.strip().lower() in BUILTIN:
        return builtin_vehicles()
    path = file_named(value)
    if path is not None:
        return read_vehicles(read_text(path), str(path))
    lines = [cell for row in read_rows(value, "vehicles") for cell in row.cells if cell]
    if all(" " not in line for line in lines):
        raise QueryError(f'vehicles={value}: neither "all", nor a file, nor "make model,..."')
    return read_vehicles("\n".join(lines), "vehicles")


@cache
def builtin_vehicles() -> tuple[Vehicle, ...]:
    """Return the list that comes with carsets, in the order of its file."""
    text = files("carsets.data").joinpath("vehicles.csv").read_text(encoding="utf-8")
    return read_vehicles(text, "carsets/data/vehicles.csv")


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


def read_vehicles(text: str, name: str) -> tuple[Vehicle, ...]:
    """Read a list of vehicles: with a heading in any order, ``make,model`` without one, or plain
    lines ``make model``. ``name`` is what errors call the list. Raises QueryError.
    """
    rows = list(read_rows(text, name))
    if not rows:
        raise QueryError(f"{name}: the list is empty")
    columns = _columns(rows[0], name)
    if columns:
        rows = rows[1:]
        if not rows:
            raise QueryError(f"{name}: the list has a heading and no vehicles")
    elif all(len(row.cells) == 1 for row in rows):
        rows = [Row(row.line, split_make(row.cells[0])) for row in rows]
    found: list[Vehicle] = []
    bad: list[tuple[int, str]] = []
    for row in rows:
        try:
            found.append(_read_row(row.cells, columns or {"make": 0, "model": 1}))
        except ValueError as error:
            bad.append((row.line, str(error)))
    if bad:
        raise list_error(name, bad)
    return merge(found)


def split_make(text: str) -> tuple[str, ...]:
    """Split ``Alfa Romeo 164`` into make and model: by the longest known make, or one word."""
    words = text.split(" ")
    for count in range(len(words) - 1, 0, -1):
        make = " ".join(words[:count])
        if make.casefold() in make_aliases():
            return make, " ".join(words[count:])
    return (words[0], " ".join(words[1:])) if len(words) > 1 else (text,)


def merge(vehicles: Iterable[Vehicle]) -> tuple[Vehicle, ...]:
    """Join what is said of the same make and model, in the order of the first mention."""
    joined: dict[tuple[str, str], Vehicle] = {}
    for vehicle in vehicles:
        key = (vehicle.make.casefold(), vehicle.model.casefold())
        before = joined.get(key)
        if before is not None:
            vehicle = Vehicle(
                make=before.make,
                model=before.model,
                bodies=tuple(dict.fromkeys(before.bodies + vehicle.bodies)),
                years=_span(before.years, vehicle.years),
            )
        joined[key] = vehicle
    return tuple(joined.values())


def _columns(heading: Row, name: str) -> dict[str, int]:
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


def _read_row(cells: Sequence[str], columns: Mapping[str, int]) -> Vehicle:
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
        span = _span(span, (_read_year(first), _read_year(last if dash else first)))
    return span


def _read_year(text: str) -> int:
    if text.lower() in {"", "now", "present", "today"}:
        return 0
    if re.fullmatch(r"[0-9]{4}", text) and OLDEST_YEAR <= int(text) <= NEWEST_YEAR + 2:
        return int(text)
    raise ValueError(f"expected a year like 1998, found {text!r}")


def _span(one: tuple[int, int] | None, other: tuple[int, int] | None) -> tuple[int, int] | None:
    """Return the years from the earlier beginning to the later end; 0 stays open."""
    if one is None or other is None:
        return one or other
    first = min(one[0], other[0])
    last = max(one[1], other[1]) if one[1] and other[1] else 0
    return first, last
