"""The vehicles to ask for: the built-in list, and the user's own lists."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from carsets.queries.lists import (
    BUILTIN,
    QueryError,
    Row,
    file_named,
    list_error,
    load_words,
    read_rows,
    read_text,
)
from carsets.queries.makes import canonical_make, split_make
from carsets.queries.vehicle_rows import Vehicle, joined_years, read_heading, read_vehicle

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


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


def read_vehicles(text: str, name: str) -> tuple[Vehicle, ...]:
    """Read a list of vehicles: with a heading in any order, ``make,model`` without one, or plain
    lines ``make model``. ``name`` is what errors call the list. Raises QueryError.
    """
    rows = list(read_rows(text, name))
    if not rows:
        raise QueryError(f"{name}: the list is empty")
    columns = read_heading(rows[0], name)
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
            found.append(read_vehicle(row.cells, columns or {"make": 0, "model": 1}))
        except ValueError as error:
            bad.append((row.line, str(error)))
    if bad:
        raise list_error(name, bad)
    return merge(found)


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
                years=joined_years(before.years, vehicle.years),
            )
        joined[key] = vehicle
    return tuple(joined.values())


def choose_vehicles(value: str, makes: str, exclude: str) -> tuple[Vehicle, ...]:
    """Return the vehicles of a list, those of the wanted makes, without the excluded ones."""
    if not value.strip():
        return ()
    chosen = load_vehicles(value)
    if makes.strip():
        wanted = {canonical_make(make).casefold(): make for make in load_words(makes, "makes")}
        _all_found("makes", wanted, {_make_key(one) for one in chosen})
        chosen = tuple(one for one in chosen if _make_key(one) in wanted)
    if exclude.strip():
        unwanted = {_named(word): word for word in load_words(exclude, "exclude")}
        _all_found("exclude", unwanted, {name for one in chosen for name in _names(one)})
        chosen = tuple(one for one in chosen if not unwanted.keys() & set(_names(one)))
        if not chosen:
            raise QueryError("nothing to ask: exclude= leaves no vehicle")
    return chosen


def _make_key(vehicle: Vehicle) -> str:
    return canonical_make(vehicle.make).casefold()


def _names(vehicle: Vehicle) -> tuple[str, str]:
    """Return what a vehicle may be excluded by: its make, or make and model."""
    make = _make_key(vehicle)
    return make, f"{make} {vehicle.model.casefold()}"


def _named(words: str) -> str:
    """Return a make, or make and model, with the make as the built-in list writes it."""
    whole = canonical_make(words)
    if whole != words:
        return whole.casefold()
    make, *model = split_make(words)
    return " ".join((canonical_make(make), *model)).casefold()


def _all_found(argument: str, wanted: Mapping[str, str], known: set[str]) -> None:
    """Raise QueryError for what the user wrote and no vehicle is called."""
    missing = [word for name, word in wanted.items() if name not in known]
    if missing:
        raise QueryError(f"{argument}: not in the list of vehicles: {', '.join(missing[:5])}")
