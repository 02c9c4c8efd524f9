"""The table of licenses, ``data/licenses.csv``: what each lets a maker of datasets do.

It is ours, written from the public texts of Creative Commons, the SPDX list, and the ids that
Flickr answers. ``dist`` is to pass on the bytes, ``mod`` to change them first, ``com`` commercial
use, ``att`` attribution owed, ``sa`` that adapted copies keep the license.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class LicenseTerms:
    """One row of the table. ``dist``, ``mod`` and ``com`` are "yes", "no" or "ask"."""

    key: str
    family: str
    version: str
    openness: int  # higher is more open; 0 = nothing is allowed
    dist: str
    mod: str
    com: str
    att: bool
    sa: bool
    flickr_id: int | None
    spdx: str
    spdx_ports: frozenset[str]  # jurisdictions whose port has an SPDX id of its own
    url: str
    name: str
    note: str


@cache
def license_table() -> Mapping[str, LicenseTerms]:
    """Return the rows of ``data/licenses.csv`` by key."""
    return {row["key"]: _terms(row) for row in _rows("licenses.csv")}


@cache
def known_names() -> Mapping[str, str]:
    """Return the keys behind names and pages that are not made of by, nc, nd and sa."""
    return {row["name"]: row["key"] for row in _rows("license_names.csv")}


@cache
def spdx_keys() -> Mapping[str, str]:
    """Return the keys behind SPDX ids, in lower case."""
    return {terms.spdx.lower(): terms.key for terms in license_table().values() if terms.spdx}


def _rows(name: str) -> csv.DictReader[str]:
    text = files("carsets").joinpath("data", name).read_text(encoding="utf-8")
    return csv.DictReader(text.splitlines())


def _terms(row: Mapping[str, str]) -> LicenseTerms:
    return LicenseTerms(
        key=row["key"],
        family=row["family"],
        version=row["version"],
        openness=int(row["openness"]),
        dist=row["dist"],
        mod=row["mod"],
        com=row["com"],
        att=row["att"] == "yes",
        sa=row["sa"] == "yes",
        flickr_id=int(row["flickr_id"]) if row["flickr_id"] else None,
        spdx=row["spdx"],
        spdx_ports=frozenset(row["spdx_ports"].split()),
        url=row["url"],
        name=row["name"],
        note=row["note"],
    )
