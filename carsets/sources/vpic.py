"""NHTSA's vPIC: which makes and models there are, from a public register of the United States.

Only what its answers say, and how it joins a list of the user's; asking is ``spiders/vpic.py``.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from carsets.queries.lists import QueryError, Row, read_rows
from carsets.queries.makes import canonical_make, make_aliases
from carsets.queries.vehicle_rows import read_heading
from carsets.sources.foreign_text import ForeignTextError, read_json, to_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

ENDPOINT = "https://vpic.nhtsa.dot.gov/api/vehicles"
TYPES = ("car", "mpv", "truck")  # SUVs are "mpv"; the others are buses, trailers, motorcycles
LONGEST_NAME = 100  # characters
MOST_RESULTS = 20_000  # of one answer; GetAllMakes has about 10,000
HEADING = ("make", "model", "bodies", "first_year", "last_year")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredModel:
    """A make and model of the register. It knows no body styles."""

    make: str
    model: str
    vehicle_type: str = ""


def makes_url(vehicle_type: str) -> str:
    """Return the address that lists the makes of a type."""
    return f"{ENDPOINT}/GetMakesForVehicleType/{quote(vehicle_type, safe='')}?format=json"


def models_url(make: str, vehicle_type: str, year: int = 0) -> str:
    """Return the address that lists the models of a make; ``year`` 0: of all years."""
    of_year = f"/modelyear/{year}" if year else ""
    return (
        f"{ENDPOINT}/GetModelsForMakeYear/make/{quote(make, safe='')}{of_year}"
        f"/vehicletype/{quote(vehicle_type, safe='')}?format=json"
    )


def read_makes(body: bytes | str) -> list[str]:
    """Return the names of the makes. Raises ForeignTextError when the answer has changed."""
    return _names(body, "MakeName", "Make_Name")


def read_models(body: bytes | str, make: str, vehicle_type: str = "") -> list[RegisteredModel]:
    """Return the models of a make, and of no other.

    vPIC matches makes by parts of their names: "kia" also brings MARDIKIAN. Raises
    ForeignTextError when the answer has changed.
    """
    found: dict[str, RegisteredModel] = {}
    for record in _results(body):
        name, model = _text(record, "Make_Name", "MakeName"), _text(record, "Model_Name")
        if name.casefold() == make.casefold() and model:
            known = RegisteredModel(make=tidy_make(name), model=model, vehicle_type=vehicle_type)
            found.setdefault(model.casefold(), known)
    return list(found.values())


def _results(body: bytes | str) -> list[Any]:
    answer = read_json(body)
    results = answer.get("Results") if isinstance(answer, dict) else None
    if not isinstance(results, list):
        raise ForeignTextError("no Results in the answer")
    return results[:MOST_RESULTS]


def _names(body: bytes | str, *fields: str) -> list[str]:
    results = _results(body)
    names = dict.fromkeys(name for record in results if (name := _text(record, *fields)))
    if results and not names:
        raise ForeignTextError(f"{len(results)} results, none with a {fields[0]}")
    return list(names)


def _text(record: Any, *fields: str) -> str:
    if not isinstance(record, dict):
        return ""
    values = (to_text(record.get(field), LONGEST_NAME) for field in fields)
    return " ".join(next(filter(None, values), "").split())


def tidy_make(name: str) -> str:
    """Return a make as our lists write it; one they do not know as the register does."""
    return canonical_make(name)


def is_known_make(name: str) -> bool:
    """Whether our lists know a make: the register's others are mostly one-off builders."""
    return name.casefold() in make_aliases()


def merged_list(text: str, name: str, models: Iterable[RegisteredModel]) -> tuple[str, int]:
    """Return a list of vehicles with the models that it lacked, and how many those are.

    What is there stays as it is, letter by letter; new lines come after it, in its own columns.
    ``text`` "" makes a new list. Raises QueryError for a list that cannot be read.
    """
    rows = list(read_rows(text, name))
    columns = read_heading(rows[0], name) if rows else dict(zip(HEADING, range(5), strict=True))
    if not columns:
        raise QueryError(f"{name}: expected a list whose first line names make and model")
    known = {_key(*_cells(row, columns)) for row in rows[1:]}
    width = len(rows[0].cells) if rows else len(HEADING)
    lines = io.StringIO()
    writer = csv.writer(lines, delimiter=_delimiter(text), lineterminator="\n")
    if not rows:
        writer.writerow(HEADING)
    added = 0
    for model in models:
        key = _key(model.make, model.model)
        if key not in known:
            known.add(key)
            cells = [""] * width
            cells[columns["make"]], cells[columns["model"]] = model.make, model.model
            writer.writerow(cells)
            added += 1
    before = text if not text or text.endswith("\n") else f"{text}\n"
    return before + lines.getvalue(), added


def _cells(row: Row, columns: dict[str, int]) -> Iterator[str]:
    for column in ("make", "model"):
        place = columns[column]
        yield row.cells[place] if place < len(row.cells) else ""


def _key(make: str, model: str) -> tuple[str, str]:
    return canonical_make(make).casefold(), model.casefold()


def _delimiter(text: str) -> str:
    first = next((line for line in text.splitlines() if line and not line.startswith("#")), "")
    return max(",;\t|", key=first.count)
