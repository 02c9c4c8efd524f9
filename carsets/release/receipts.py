"""What the receipts of all runs say together: the load on hosts, the software, the thresholds."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


# Settings of a run that decided which images there are.
THRESHOLDS = (
    *("IMAGES_MIN_WIDTH", "IMAGES_MIN_HEIGHT", "IMAGE_MAX_PIXELS", "IMAGE_MAX_ASPECT"),
    *("NEAR_DUPLICATE_DISTANCE", "NEAR_DUPLICATE_DHASH_DISTANCE", "CAR_DETECTION_MODEL"),
    *("CAR_DETECTION_RULE", "CAR_DETECTION_KEEP", "CAR_DETECTION_REVIEW", "RESERVATION_POLICY"),
)


@dataclass(slots=True)
class Receipts:
    """Sums over receipts, which are read one at a time."""

    runs: int = 0
    unreadable: int = 0
    hosts: Counter[str] = field(default_factory=Counter)  # requests sent, by host
    versions: set[tuple[str, str]] = field(default_factory=set)  # name and version
    settings: set[tuple[str, str]] = field(default_factory=set)  # name of THRESHOLDS, and value

    @property
    def thresholds(self) -> dict[str, str]:
        """The settings of the runs by name; several values where runs had several."""
        values: dict[str, list[str]] = {}
        for name, value in sorted(self.settings):
            values.setdefault(name, []).append(value)
        return {name: ", ".join(some) for name, some in values.items()}

    @property
    def requests(self) -> int:
        """How many requests were sent in all."""
        return self.hosts.total()

    @property
    def software(self) -> str:
        """Names and versions in one line; several versions where runs had several."""
        return ", ".join(f"{name} {version}" for name, version in sorted(self.versions))


def requests_sent(receipt: Mapping[str, Any]) -> dict[str, int]:
    """Return how many requests of one run reached a connection, by host.

    Older receipts tell only what was tried. Raises the errors of what is no receipt.
    """
    if "load" in receipt:
        return {str(host): int(load["requests"]) for host, load in receipt["load"].items()}
    return {str(host): int(number) for host, number in receipt["hosts"].items()}


def read_receipts(folder: Path) -> Receipts:
    """Add up the receipts of a folder; what cannot be read is counted as such."""
    sums = Receipts()
    for path in sorted(folder.glob("*.json")):
        try:
            receipt = json.loads(path.read_text(encoding="utf-8"))
            hosts = requests_sent(receipt)
            versions = {(str(name), str(version)) for name, version in receipt["versions"].items()}
            asked = {(name, str(receipt.get("settings", {}).get(name, ""))) for name in THRESHOLDS}
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            sums.unreadable += 1
            continue
        sums.runs += 1
        sums.hosts.update(hosts)
        sums.versions |= versions
        sums.settings |= {(name, value) for name, value in asked if value}
    return sums
