"""How much of a dataset has decayed: shares with their margin, by host and source, over time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from math import sqrt
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from carsets.integrity.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Z = 1.959963984540054  # of 95 %
MOST_HOSTS = 10_000  # counted by name; the rest is counted together
OTHERS = "(others)"


def host_of(url: str) -> str:
    """Return the host of a URL in lower case; "" of what has none."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a whole, with the 95 % interval of Wilson, which holds for few rows too."""

    part: int
    whole: int

    @property
    def value(self) -> float:
        """The share; 0 of nothing."""
        return self.part / self.whole if self.whole else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The least and the greatest share that the numbers allow."""
        if not self.whole:
            return 0.0, 1.0
        n, p = self.whole, self.value
        middle = p + Z * Z / (2 * n)
        margin = Z * sqrt(p * (1 - p) / n + Z * Z / (4 * n * n))
        scale = 1 + Z * Z / n
        low, high = (middle - margin) / scale, (middle + margin) / scale
        return (0.0 if not self.part else max(low, 0.0)), (1.0 if p == 1 else min(high, 1.0))

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.value:.1%} (95 %: {low:.1%} to {high:.1%})"

    def as_json(self) -> dict[str, Any]:
        """Return the numbers of a report."""
        low, high = self.interval
        numbers = {"share": self.value, "low": low, "high": high}
        rounded = {name: round(value, 6) for name, value in numbers.items()}
        return {"part": self.part, "of": self.whole, **rounded}


@dataclass(slots=True)
class Tally:
    """The verdicts of some addresses."""

    verdicts: Counter[str] = field(default_factory=Counter)

    @property
    def rows(self) -> int:
        """How many addresses."""
        return sum(self.verdicts.values())

    @property
    def decay(self) -> Share:
        """The share that is not to be had any more, of those of which something was learnt."""
        learnt = self.rows - self.verdicts[Verdict.UNREACHABLE.value]
        lost = sum(self.verdicts[verdict.value] for verdict in Verdict if verdict.is_decay)
        return Share(lost, learnt)

    @property
    def relicensed(self) -> int:
        """How many have another license today."""
        return self.verdicts[Verdict.RELICENSED.value]

    def as_json(self) -> dict[str, Any]:
        """Return the numbers of a report."""
        return {
            "rows": self.rows,
            "verdicts": {
                v.value: self.verdicts[v.value] for v in Verdict if self.verdicts[v.value]
            },
            "decay": self.decay.as_json(),
        }


@dataclass(slots=True)
class DecayReport:
    """One verify run, and the earlier ones."""

    run_id: str
    started_at: str = ""
    total: Tally = field(default_factory=Tally)
    hosts: dict[str, Tally] = field(default_factory=dict)
    sources: dict[str, Tally] = field(default_factory=dict)
    trend: Sequence[tuple[str, str, Tally]] = ()  # run id, begin, verdicts; oldest first
    asked: int = 0  # rows whose license the source was asked for and answered
    local: int = 0  # images whose files were read from a disk: they have no address

    def take(self, host: str, source: str, verdict: str, license_now: str) -> None:
        """Count one row."""
        known = host in self.hosts or len(self.hosts) < MOST_HOSTS
        self.total.verdicts[verdict] += 1
        self.hosts.setdefault(host if known else OTHERS, Tally()).verdicts[verdict] += 1
        self.sources.setdefault(source, Tally()).verdicts[verdict] += 1
        self.asked += bool(license_now)

    def as_json(self) -> dict[str, Any]:
        """Return all numbers, for programs."""
        return {
            "run": self.run_id,
            "started": self.started_at,
            **self.total.as_json(),
            "no_address": self.local,
            "licenses_asked": self.asked,
            "hosts": {host: tally.as_json() for host, tally in sorted(self.hosts.items())},
            "sources": {name: tally.as_json() for name, tally in sorted(self.sources.items())},
            "trend": [
                {"run": run_id, "started": began, **tally.as_json()}
                for run_id, began, tally in self.trend
            ],
        }

    def lines(self, most_hosts: int = 20) -> Iterator[str]:
        """Yield the report for people."""
        yield f"Verified {self.total.rows:,} addresses (run {self.run_id})"
        for verdict in Verdict:
            if number := self.total.verdicts[verdict.value]:
                yield f"  {verdict.value:<13} {number:>9,}  {verdict.meaning}"
        yield f"Decay: {self.total.decay}"
        yield (
            f"Licenses: {self.asked:,} asked of their sources, {self.total.relicensed:,} changed; "
            "of the others nothing is claimed"
        )
        if self.local:
            yield f"No address: {self.local:,} images came from a disk (see --local)"
        yield from _table("source", self.sources, most_hosts)
        yield from _table("host", self.hosts, most_hosts)
        if len(self.trend) > 1:
            yield "Trend:"
            for run_id, began, tally in self.trend:
                yield f"  {began:<26} {tally.rows:>9,} rows  {tally.decay}  {run_id}"


def _table(what: str, tallies: dict[str, Tally], most: int) -> Iterator[str]:
    ordered = sorted(tallies.items(), key=lambda pair: (-pair[1].decay.part, pair[0]))
    if not ordered:
        return
    yield f"By {what}:"
    for name, tally in ordered[:most]:
        yield f"  {name[:60]:<40} {tally.rows:>9,} rows  {tally.decay}"
    if len(ordered) > most:
        yield f"  and {len(ordered) - most:,} more (--json has them all)"
