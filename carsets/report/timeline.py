"""How something is spread over time: in little memory, whether it took a minute or years."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# How many characters of an ISO 8601 time name the second, the minute, ... it lies in.
UNITS = {"second": 19, "minute": 16, "hour": 13, "day": 10, "month": 7}
_START = "0001-01-01T00:00:00"  # completes a time that was cut short
_STEPS = {
    "second": timedelta(seconds=1),
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "month": timedelta(days=32),  # from the first of one to some day of the next
}
MOST_UNITS = 5_000  # counted apart; then the next longer unit


@dataclass(slots=True)
class Timeline:
    """Counts by second, or by the longest unit that was needed to keep them few."""

    unit: str = "second"
    counts: Counter[str] = field(default_factory=Counter)  # time, cut to the unit -> number
    unknown: int = 0  # without a time that can be read

    def take(self, when: str) -> None:
        """Count one event at an ISO 8601 time in UTC."""
        if not _is_time(when):
            self.unknown += 1
            return
        self.counts[when[: UNITS[self.unit]]] += 1
        while len(self.counts) > MOST_UNITS and self.unit != "month":
            units = list(UNITS)
            self.unit = units[units.index(self.unit) + 1]
            self.counts = self.by(self.unit)

    def by(self, unit: str) -> Counter[str]:
        """Return the counts by a unit, or by the one that they were counted in if it is longer."""
        counts: Counter[str] = Counter()
        for when, number in self.counts.items():
            counts[when[: UNITS[unit]]] += number
        return counts

    def spread(self, most: int) -> tuple[str, list[tuple[datetime, int]]]:
        """Return the shortest unit of which there are ``most`` at most, and the number in each.

        Units in which nothing happened are listed too. Only of months there may be more.
        """
        if not self.counts:
            return self.unit, []
        first, last = _start(min(self.counts)), _start(max(self.counts))
        units = list(UNITS)[list(UNITS).index(self.unit) :]
        for unit in units:
            if (last - first) / _STEPS[unit] < most - 1:
                break
        counts = self.by(unit)
        return unit, [(start, counts[key]) for start, key in _units(first, last, unit)]


def _is_time(text: str) -> bool:
    try:
        datetime.fromisoformat(text[:19])
    except ValueError:
        return False
    return len(text) >= 19


def _start(when: str) -> datetime:
    return datetime.fromisoformat(when + _START[len(when) :])


def _units(first: datetime, last: datetime, unit: str) -> Iterator[tuple[datetime, str]]:
    """Yield the start of every unit from the first to the last one, and its name."""
    key = first.isoformat()[: UNITS[unit]]
    while (start := _start(key)) <= last:
        yield start, key
        key = (start + _STEPS[unit]).isoformat()[: UNITS[unit]]
