"""The user's own list of hosts that reserve their rights in words that no program can read.

A CSV file with the columns ``host``, ``reason`` and ``date``. It takes what anybody has found out
and written down: terms of use in prose (which, as the court of Hamburg remarked in 2024, may count
as machine-readable), and the hosts of other registries: trust.txt, ai.txt, Spawning's.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from carsets.problems import UserError
from carsets.reservations.signal import Signal, found

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "denied-host"
COLUMNS = ("host", "reason", "date")


@dataclass(frozen=True, slots=True)
class DeniedHosts:
    """Hosts that are not asked, each with all the hosts below it."""

    reasons: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: str) -> Self:
        """Read the list; "" is an empty one. Raises UserError for a file that cannot be read."""
        if not path:
            return cls()
        try:
            with Path(path).expanduser().open(encoding="utf-8-sig", newline="") as file:
                return cls(dict(_rows(path, csv.DictReader(file, strict=True))))
        except OSError as error:
            raise UserError(f"RESERVATION_DENIED_HOSTS={path}: {error.strerror}") from None
        except (UnicodeDecodeError, csv.Error) as error:
            raise UserError(f"RESERVATION_DENIED_HOSTS={path}: not a CSV file: {error}") from None

    def signals(self, url: str) -> list[Signal]:
        """Return the reason for which the host of an address is denied; nothing for the others."""
        if not self.reasons or not url:
            return []
        name = _host(url)
        while name:
            if (reason := self.reasons.get(name)) is not None:
                return [found(NAME, f"{name}: {reason}", True)]
            name = name.partition(".")[2]
        return []


def _rows(path: str, rows: csv.DictReader[str]) -> list[tuple[str, str]]:
    if not {*COLUMNS} <= {*(rows.fieldnames or ())}:
        wanted = ",".join(COLUMNS)
        raise UserError(f"RESERVATION_DENIED_HOSTS={path}: its first line has to be {wanted}")
    denied = []
    for row in rows:
        host = (row["host"] or "").strip().removeprefix("*.")
        name = _host(host if "//" in host else f"//{host}")
        if not name or any(letter in name for letter in " */?#"):
            raise UserError(
                f"RESERVATION_DENIED_HOSTS={path}: line {rows.line_num}: {host!r} is no host"
            )
        denied.append((name, f"{row['reason'] or ''} ({row['date'] or 'no date'})".strip()))
    return denied


def _host(url: str) -> str:
    """Return the host of an address in its one spelling; "" for none."""
    try:
        name = (urlsplit(url).hostname or "").rstrip(".")
        return name if name.isascii() else name.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        return ""
