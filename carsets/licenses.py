"""Licenses: the table of what each allows, how to read one, and what a dataset accepts.

The table (``data/licenses.csv``, names in ``data/license_names.csv``) is ours, written from the
public texts of Creative Commons, the SPDX list, and the ids that Flickr answers. Its columns
say what a maker of datasets may do with an image: ``dist`` (pass on the bytes), ``mod`` (change
them first), ``com`` (commercial use), ``att`` (attribution owed), ``sa`` (adapted copies keep
the license).

Two rules hold everywhere. What cannot be read is ``unknown``, and unknown is never free. And a
version is never guessed: "CC BY" without one has the code ``by`` and the version ``""``.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

LONGEST_TEXT = 400  # characters; a longer statement is prose and not the name of a license


class Evidence(IntEnum):
    """Who says so, weakest first. A search engine's filter is a guess and decides nothing."""

    NONE = 0
    ENGINE_FILTER = 1
    LIST = 2  # a published list, such as the CSV files of Open Images
    FILE = 3  # metadata inside the image
    PAGE = 4  # the page that shows it
    API = 5  # the source's own interface


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
    text = files("carsets").joinpath("data/licenses.csv").read_text(encoding="utf-8")
    return {row["key"]: _terms(row) for row in csv.DictReader(text.splitlines())}


@cache
def _spdx_keys() -> Mapping[str, str]:
    return {t.spdx.lower(): t.key for t in license_table().values() if t.spdx}


@cache
def _names() -> Mapping[str, str]:
    """Return the keys behind names and pages that are not made of by, nc, nd and sa."""
    text = files("carsets").joinpath("data/license_names.csv").read_text(encoding="utf-8")
    return {row["name"]: row["key"] for row in csv.DictReader(text.splitlines())}


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


@dataclass(frozen=True, slots=True)
class DeclaredLicense:
    """The license of one image as somebody declared it.

    ``code`` is a key of the table, with the jurisdiction behind it for a ported license
    (``by-sa-3.0-es``). ``raw`` is what was read, ``url`` the address of the license's text.
    """

    code: str
    evidence: Evidence
    url: str
    raw: str

    @property
    def terms(self) -> LicenseTerms:
        """What the license allows; a code outside the table allows nothing."""
        table = license_table()
        return table.get(self.code) or table.get(_split_port(self.code)[0]) or table["unknown"]

    @property
    def family(self) -> str:
        """The license without its version: ``by``, ``by-nc-nd``, ``cc0``, ``arr``..."""
        return self.terms.family

    @property
    def version(self) -> str:
        """The version, "" when nobody said it."""
        return self.terms.version

    @property
    def openness(self) -> int:
        """How much it allows, for comparing copies: 0 for unknown and all rights reserved."""
        return self.terms.openness

    @property
    def spdx(self) -> str:
        """The SPDX id or a ``LicenseRef-``; "" where there is none (no version, unknown)."""
        port = _split_port(self.code)[1]
        if not port:
            return self.terms.spdx
        official = port in self.terms.spdx_ports
        return f"CC-{self.code.upper()}" if official else f"LicenseRef-cc-{self.code}"


NO_LICENSE = DeclaredLicense("unknown", Evidence.NONE, "", "")

_PORTED = re.compile(r"(.+-\d\.\d)-([a-z]{2,8})")


def _split_port(code: str) -> tuple[str, str]:
    """Split ``by-sa-3.0-es`` into ``by-sa-3.0`` and ``es``."""
    match = _PORTED.fullmatch(code)
    return (match[1], match[2]) if match else (code, "")


# --- Reading ----------------------------------------------------------------------------------


def read_license(text_or_url: str, evidence: Evidence = Evidence.PAGE) -> DeclaredLicense:
    """Read a license from its address, its SPDX id or one of its usual names.

    Never raises: what is not recognized as a whole is ``unknown`` and keeps the text in ``raw``.
    """
    text = " ".join(text_or_url[: LONGEST_TEXT + 1].split())
    if not text:
        return NO_LICENSE
    code = "unknown" if len(text) > LONGEST_TEXT else _code_of_url(text) or _code_of_name(text)
    return _declared(code, evidence, text[:LONGEST_TEXT])


def flickr_license(license_id: int | str | None) -> DeclaredLicense:
    """Return the license behind Flickr's number; a number outside the table is unknown."""
    raw = "" if license_id is None else str(license_id).strip()[:LONGEST_TEXT]
    for terms in license_table().values():
        if terms.flickr_id is not None and str(terms.flickr_id) == raw:
            return _declared(terms.key, Evidence.API, raw)
    return DeclaredLicense("unknown", Evidence.API, "", raw) if raw else NO_LICENSE


def openverse_license(code: str, version: str, url: str = "") -> DeclaredLicense:
    """Return the license of an Openverse record.

    A record whose code and address contradict each other is ``unknown``: one of them is wrong.
    """
    raw = f"{code} {version} {url}".strip()[:LONGEST_TEXT]
    if not raw:
        return NO_LICENSE
    by_code = read_license(f"{code}-{version}" if version else code, Evidence.API)
    by_url = read_license(url, Evidence.API)
    if url and by_url.code != by_code.code:
        same = by_url.terms == by_code.terms  # the address alone names the jurisdiction
        return _declared(by_url.code if same else "unknown", Evidence.API, raw)
    return _declared(by_code.code, Evidence.API, raw)


def _declared(code: str, evidence: Evidence, raw: str) -> DeclaredLicense:
    key, port = _split_port(code)
    terms = license_table().get(code) or license_table()[key]
    url = f"{terms.url}{port}/" if port else terms.url
    return DeclaredLicense(code, evidence, url, raw)


_URL = re.compile(r"(?:https?:)?//(?:www\.)?([a-z0-9.-]+)(?::\d+)?(/[^?#\s]*)?(?:[?#]\S*)?")


def _code_of_url(text: str) -> str:
    """Return the code behind an address, "" if the text is none."""
    match = _URL.fullmatch(text.lower())
    if not match:
        return ""
    host, path = match[1], re.sub(r"/(?:deed|legalcode)[^/]*/?$", "", match[2] or "").strip("/")
    if host != "creativecommons.org":
        return _names().get(f"{host}/{path}", "unknown")
    parts = path.split("/")
    match parts:
        case ["publicdomain", "zero", "1.0", *_]:
            return "cc0-1.0"
        case ["publicdomain", "mark", "1.0", *_]:
            return "pdm-1.0"
        case ["licenses", "publicdomain", *_]:
            return "pddc"
        case ["licenses", code, version, *port] if len(port) < 2:
            return _code_of_parts(code.split("-"), version, "".join(port))
    return "unknown"


_WORDS = (
    ("creative commons", "cc"),
    ("non-commercial", "nc"),
    ("noncommercial", "nc"),
    ("no derivative works", "nd"),
    ("no-derivatives", "nd"),
    ("noderivatives", "nd"),
    ("noderivs", "nd"),
    ("share-alike", "sa"),
    ("share alike", "sa"),
    ("sharealike", "sa"),
    ("attribution", "by"),
)
_ELEMENTS = ("by", "nc", "nd", "sa", "sampling", "sampling+", "publicdomain")
_FILLERS = frozenset({"license", "licence", "international", "unported", "generic", "public"})


def _code_of_name(text: str) -> str:
    """Return the code behind an SPDX id or a name."""
    name = text.lower()
    if name in _spdx_keys():
        return _spdx_keys()[name]
    if "all rights reserved" in name:
        return "arr"  # with a © and a name around it; reading it too strictly does no harm
    for word, short in _WORDS:
        name = name.replace(word, short)
    terms = license_table().get(name)
    if terms:
        return terms.key
    for whole in (name, name.removeprefix("cc ").removeprefix("cc-")):
        code = _names().get(whole) or _names().get(whole.replace("-", " "))
        if code:
            return code
    return _code_of_tokens(re.split(r"[\s_/-]+", name))


def _code_of_tokens(tokens: list[str]) -> str:
    """Read ``cc by nc sa 4.0 de``: elements, then a version, then a jurisdiction."""
    words = [token for token in tokens if token not in _FILLERS]
    if words and words[0] == "cc":
        words = words[1:]
    elements: list[str] = []
    while words and words[0] in _ELEMENTS:
        elements.append(words.pop(0))
    version = words.pop(0) if words and re.fullmatch(r"\d\.\d", words[0]) else ""
    if not elements or len(words) > 1 or (words and not version):
        return "unknown"
    return _code_of_parts(elements, version, "".join(words))


def _code_of_parts(elements: list[str], version: str, port: str) -> str:
    """Put the elements into the usual order and look them up: ``by-nd-nc`` is ``by-nc-nd``."""
    if len(set(elements)) != len(elements):
        return "unknown"
    order = {element: place for place, element in enumerate(("by", "nc", "nd", "sa", "sampling+"))}
    family = "-".join(sorted(elements, key=lambda element: order.get(element, len(order))))
    key = f"{family}-{version}" if version else family
    if key not in license_table() or not re.fullmatch(r"(?:[a-z]{2}|igo|scotland)?", port):
        return "unknown"
    return f"{key}-{port}" if port else key


# --- Accepting --------------------------------------------------------------------------------


class LicensePolicy:
    """What the setting ``LICENSE_ALLOWED`` accepts.

    An entry is a family (``by-sa``: any version, also unversioned or ported), a code
    (``by-sa-4.0``: that version, also ported) or ``*`` for everything.
    """

    def __init__(self, allowed: Collection[str]) -> None:
        """Raise ValueError, with one clear line, for an entry that is neither of these."""
        entries = frozenset(entry.strip().lower() for entry in allowed)
        table = license_table().values()
        known = {"*"} | {terms.key for terms in table} | {terms.family for terms in table}
        wrong = sorted(e for e in entries if e not in known and _split_port(e)[0] not in known)
        if wrong or not entries:
            families = ", ".join(dict.fromkeys(terms.family for terms in table))
            what = f"unknown license {wrong[0]!r}" if wrong else "no license"
            raise ValueError(f"LICENSE_ALLOWED: {what}; use '*', a code or a family: {families}")
        self.allowed = entries

    @property
    def families(self) -> frozenset[str]:
        """The families of which at least one version is accepted, for filters at the source."""
        table = license_table()
        families = {terms.family for terms in table.values()}
        if "*" in self.allowed:
            return frozenset(families)
        keys = {entry if entry in table else _split_port(entry)[0] for entry in self.allowed}
        return frozenset(
            {table[key].family for key in keys if key in table} | (families & self.allowed)
        )

    def allows(self, declared: DeclaredLicense) -> bool:
        """Say whether an image under this license may be kept.

        What nobody but a search engine's filter says counts as unknown.
        """
        if "*" in self.allowed:
            return True
        if declared.evidence <= Evidence.ENGINE_FILTER:
            return "unknown" in self.allowed
        terms = declared.terms
        return not self.allowed.isdisjoint({declared.code, terms.key, terms.family})
