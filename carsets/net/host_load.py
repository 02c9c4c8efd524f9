"""What a crawl asks of each host, counted where it leaves the machine: requests, pace, bytes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, Self
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

MOST_HOSTS = 10_000  # counted by name; the rest is counted together
OTHERS = "(others)"
PEAK_SECONDS = 1.0  # the time in which the requests of a peak began


@dataclass(slots=True)
class Load:
    """What one host had to carry."""

    requests: int = 0
    peak: int = 0  # most requests that began within any one second
    received: int | None = None  # bytes of answers, headers included; None = not seen
    recent: deque[float] = field(default_factory=deque)  # when the last second's requests began

    def begin(self, now: float) -> None:
        """Count a request that begins now (seconds of a clock that only goes forward)."""
        self.requests += 1
        self.recent.append(now)
        while now - self.recent[0] >= PEAK_SECONDS:
            self.recent.popleft()
        self.peak = max(self.peak, len(self.recent))


class HostLoad:
    """The load on every host of one crawl; a request counts once it is written to a connection.

    What was refused, or failed before there was a connection, was nobody's load.
    """

    _of_crawlers: ClassVar[WeakKeyDictionary[Crawler, HostLoad]] = WeakKeyDictionary()

    def __init__(self) -> None:
        self.hosts: dict[str, Load] = {}

    @classmethod
    def of(cls, crawler: Crawler) -> Self:
        """Return the load of this crawl: download handlers count, the receipt tells."""
        return cls._of_crawlers.setdefault(crawler, cls())  # type: ignore[return-value]

    def begin(self, host: str) -> Load:
        """Count a request to a host; its answer is counted on what is returned."""
        if host not in self.hosts and len(self.hosts) >= MOST_HOSTS:
            host = OTHERS
        load = self.hosts.setdefault(host, Load())
        load.begin(monotonic())
        return load

    def as_json(self) -> dict[str, dict[str, Any]]:
        """Return everything in JSON types, the most asked host first."""
        return {
            host: {"requests": load.requests, "peak": load.peak, "bytes": load.received}
            for host, load in sorted(
                self.hosts.items(), key=lambda item: (-item[1].requests, item[0])
            )
        }
