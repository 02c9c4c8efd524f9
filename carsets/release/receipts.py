"""What the receipts of all runs say together: the load on hosts, and the software."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(slots=True)
class Receipts:
    """Sums over receipts, which are read one at a time."""

    runs: int = 0
    unreadable: int = 0
    hosts: Counter[str] = field(default_factory=Counter)  # requests sent, by host
    versions: set[tuple[str, str]] = field(default_factory=set)  # name and version

    @property
    def requests(self) -> int:
        """How many requests were sent in all."""
        return self.hosts.total()

    @property
    def software(self) -> str:
        """Names and versions in one line; several versions where runs had several."""
        return ", ".join(f"{name} {version}" for name, version in sorted(self.versions))


def read_receipts(folder: Path) -> Receipts:
    """Add up the receipts of a folder; what cannot be read is counted as such."""
    sums = Receipts()
    for path in sorted(folder.glob("*.json")):
        try:
            receipt = json.loads(path.read_text(encoding="utf-8"))
            hosts = {str(host): int(number) for host, number in receipt["hosts"].items()}
            versions = {(str(name), str(version)) for name, version in receipt["versions"].items()}
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            sums.unreadable += 1
            continue
        sums.runs += 1
        sums.hosts.update(hosts)
        sums.versions |= versions
    return sums
