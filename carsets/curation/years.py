"""What dates and words say against a label ``year``: a search for a car of 2014 brings older ones.

A label stands for a model year, so a year beside it is the same: cars are sold before their year
has begun.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import cache
from typing import TYPE_CHECKING

from carsets.queries.makes import canonical_make
from carsets.queries.vehicles import builtin_vehicles

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carsets.catalog.curation_rows import CurationRow
    from carsets.queries.vehicle_rows import Vehicle

BESIDE = 1  # years
# A number of a file, or of a street, is no year.
_YEAR = re.compile(r"(?<![\w#./-])(?:my)?((?:19|20)\d\d)(?![\w./-]\d|\w)", re.IGNORECASE)
_SHORT = re.compile(r"(?<!\w)['’](\d\d)(?!\w)")  # '98
_NUMBERED = re.compile(r"(?:\b(?:img|dsc|no|nr|photo|picture|number)|#)[\s_.:-]*\d+", re.IGNORECASE)
_PIVOT = 40  # '40 and later are of the 20th century
_LEADING = re.compile(r"(?:19|20)\d\d(?!\d)")


class YearFault(IntEnum):
    """Why a label ``year`` cannot be; ``meaning`` says it in words."""

    meaning: str

    def __new__(cls, value: int, meaning: str = "") -> YearFault:
        """Make a member that is its number."""
        member = int.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        return member

    NONE = 0, ""
    TAKEN = 1, "it is said to be taken before that year"
    UPLOADED = 2, "it was published before that year"
    NOT_MADE = 3, "its model was not made in that year"


def years_named(text: str, model: str = "", taken: str = "") -> frozenset[str]:
    """Return the years that a text names, four digits each.

    Numbers that are the name of the model (a Peugeot 2008) are none, and neither is the year in
    which the photo was taken: that is the year of the show, not of the car.
    """
    text = _NUMBERED.sub(" ", text)
    found = set(_YEAR.findall(text))
    for digits in _SHORT.findall(text):
        found.add(f"{'19' if int(digits) >= _PIVOT else '20'}{digits}")
    return frozenset(year for year in found if year not in model and year != taken)


def is_beside(one: str, other: str) -> bool:
    """Whether two years may be said of one car."""
    return abs(int(one) - int(other)) <= BESIDE


def year_fault(labels: Mapping[str, str], row: CurationRow) -> YearFault:
    """Return what speaks against the label ``year`` of an image, the surest first."""
    text = labels.get("year", "")
    if not _LEADING.fullmatch(text):
        return YearFault.NONE
    year = int(text)
    for fault, date in ((YearFault.UPLOADED, row.uploaded), (YearFault.TAKEN, row.taken)):
        found = _LEADING.match(date or "")
        if found and int(found[0]) < year - BESIDE:
            return fault
    vehicle = _vehicles().get((canonical_make(labels.get("make", "")), labels.get("model", "")))
    if vehicle is not None and not any(
        vehicle.made_in(year + step) for step in (-BESIDE, 0, BESIDE)
    ):
        return YearFault.NOT_MADE
    return YearFault.NONE


@cache
def _vehicles() -> Mapping[tuple[str, str], Vehicle]:
    return {(vehicle.make, vehicle.model): vehicle for vehicle in builtin_vehicles()}
