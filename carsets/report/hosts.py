"""How often hosts were asked, how they answered, and what they forbade.

Receipts know the requests that were sent, the catalog knows how addresses ended. What neither of
them has written down is None: it is not known, and not guessed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from carsets.integrity.decay import host_of
from carsets.outcomes import Outcome
from carsets.release.receipts import requests_sent
from carsets.steps import STEP_OF, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_HOSTS = 10_000  # counted by name; the rest is counted together
OTHERS = "(others)"


@dataclass(slots=True, kw_only=True)
class Host:
    """One host, over all runs."""

    name: str
    requests: int = 0  # sent, robots.txt and redirects included
    peak: int | None = None  # most requests begun within one second
    received: int | None = None  # bytes that came over the network
    addresses: int = 0  # found there
    kept: int = 0
    failures: int = 0  # addresses that ended at the network
    robots: int = 0  # addresses that its robots.txt kept us from
    opted_out: int = 0  # addresses with a reservation of rights

    @property
    def failure_share(self) -> float:
        """The share of its addresses that failed on the network."""
        return self.failures / self.addresses if self.addresses else 0.0

    def as_json(self) -> dict[str, Any]:
        """Return everything in JSON types."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(slots=True)
class Hosts:
    """All hosts that were asked, or whose addresses were found."""

    by_name: dict[str, Host] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Host:
        name = name or "(no host)"
        if name not in self.by_name and len(self.by_name) >= MOST_HOSTS:
            name = OTHERS
        return self.by_name.setdefault(name, Host(name=name))

    def take_receipt(self, receipt: Mapping[str, Any]) -> None:
        """Add what one run asked. Raises the errors of what is no receipt."""
        for name, number in requests_sent(receipt).items():
            self[name].requests += number
        for name, load in receipt.get("load", {}).items():
            host = self[str(name)]
            host.peak = max(host.peak or 0, int(load["peak"]))
            if load["bytes"] is not None:
                host.received = (host.received or 0) + int(load["bytes"])

    def take_addresses(self, rows: Iterable[tuple[str, str]]) -> None:
        """Add how addresses ended."""
        for url, outcome in rows:
            host = self[host_of(url)]
            host.addresses += 1
            if outcome == Outcome.STORED.value:
                host.kept += 1
            elif outcome == Outcome.ROBOTS_DENIED.value:
                host.robots += 1
            elif outcome == Outcome.OPTED_OUT.value:
                host.opted_out += 1
            elif STEP_OF.get(outcome) is Step.NETWORK:
                host.failures += 1

    @property
    def requests(self) -> int:
        """How many requests were sent in all."""
        return sum(host.requests for host in self.by_name.values())

    def most_asked(self, most: int | None) -> list[Host]:
        """Return the hosts that had the most to carry; None: all that were asked."""
        return self._first(most, lambda host: host.requests)

    def worst(self, most: int) -> list[Host]:
        """Return the hosts on which most addresses failed."""
        return self._first(most, lambda host: host.failures)

    def refusing(self, most: int) -> list[Host]:
        """Return the hosts that forbade the most."""
        return self._first(most, lambda host: host.robots + host.opted_out)

    def _first(self, most: int | None, weight: Any) -> list[Host]:
        some = [host for host in self.by_name.values() if weight(host)]
        return sorted(some, key=lambda host: (-weight(host), host.name))[:most]
