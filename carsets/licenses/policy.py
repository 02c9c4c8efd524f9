"""What the setting ``LICENSE_ALLOWED`` lets into a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carsets.licenses.declared import DeclaredLicense, Evidence, split_port
from carsets.licenses.table import license_table

if TYPE_CHECKING:
    from collections.abc import Collection


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
        wrong = sorted(e for e in entries if e not in known and split_port(e)[0] not in known)
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
        keys = {entry if entry in table else split_port(entry)[0] for entry in self.allowed}
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
