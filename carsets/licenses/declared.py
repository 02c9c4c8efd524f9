"""The license of one image: what somebody declared, and who."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from carsets.licenses.table import LicenseTerms, license_table

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
        return table.get(self.code) or table.get(split_port(self.code)[0]) or table["unknown"]

    @property
    def family(self) -> str:
        """The license without its version: ``by``, ``by-nc-nd``, ``cc0``, ``arr``..."""
        return self.terms.family

    @property
    def version(self) -> str:
        """The version, "" when nobody said it."""
        return self.terms.version

    @property
    def port(self) -> str:
        """The jurisdiction of a ported license, "" for an international one."""
        return split_port(self.code)[1]

    @property
    def openness(self) -> int:
        """How much it allows, for comparing copies: 0 for unknown and all rights reserved."""
        return self.terms.openness

    @property
    def spdx(self) -> str:
        """The SPDX id or a ``LicenseRef-``; "" where there is none (no version, unknown)."""
        if not self.port:
            return self.terms.spdx
        official = self.port in self.terms.spdx_ports
        return f"CC-{self.code.upper()}" if official else f"LicenseRef-cc-{self.code}"


NO_LICENSE = DeclaredLicense("unknown", Evidence.NONE, "", "")

_PORTED = re.compile(r"(.+-\d\.\d)-([a-z]{2,8})")


def split_port(code: str) -> tuple[str, str]:
    """Split ``by-sa-3.0-es`` into ``by-sa-3.0`` and ``es``."""
    match = _PORTED.fullmatch(code)
    return (match[1], match[2]) if match else (code, "")


def declare(code: str, evidence: Evidence, raw: str) -> DeclaredLicense:
    """Return the license with this code, and the address of its text."""
    key, port = split_port(code)
    terms = license_table().get(code) or license_table()[key]
    url = f"{terms.url}{port}/" if port else terms.url
    return DeclaredLicense(code, evidence, url, raw[:LONGEST_TEXT])
