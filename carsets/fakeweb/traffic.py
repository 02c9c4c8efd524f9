"""What the built-in web remembers: who was asked how often and how, and how hosts misbehave."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_PATHS = 20_000  # per host; load tests must not fill the memory
_MOST_AGENTS = 10


@dataclass(slots=True)
class HostTraffic:
    """What one host has seen."""

    requests: int = 0
    at_once: int = 0  # just now
    most_at_once: int = 0
    first: float = 0.0  # monotonic seconds
    last: float = 0.0
    shortest_gap: float = -1.0  # seconds between two requests; -1 = fewer than two
    bytes_sent: int = 0
    paths: dict[str, int] = field(default_factory=dict)
    agents: dict[str, int] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)  # of the last request

    def begin(self, path: str, headers: Mapping[str, str]) -> int:
        """Count a request; returns how often this path was asked for, this time included."""
        now = time.monotonic()
        if self.requests:
            gap = now - self.last
            self.shortest_gap = gap if self.shortest_gap < 0 else min(self.shortest_gap, gap)
        else:
            self.first = now
        self.last = now
        self.requests += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        if path in self.paths or len(self.paths) < _MOST_PATHS:
            self.paths[path] = self.paths.get(path, 0) + 1
        agent = headers.get("user-agent", "")
        if agent in self.agents or len(self.agents) < _MOST_AGENTS:
            self.agents[agent] = self.agents.get(agent, 0) + 1
        self.headers = dict(headers)
        return self.paths.get(path, 1)

    def end(self, sent: int) -> None:
        """Count the end of a request and the bytes of its answer."""
        # A request that outlived a reset was not begun here.
        self.at_once = max(0, self.at_once - 1)
        self.bytes_sent += sent

    def summary(self) -> dict[str, Any]:
        """Return everything as JSON types."""
        seconds = self.last - self.first
        return {
            "requests": self.requests,
            "most_at_once": self.most_at_once,
            "seconds": seconds,
            "rate": self.requests / seconds if seconds else 0.0,
            "shortest_gap": self.shortest_gap,
            "bytes_sent": self.bytes_sent,
            "paths": self.paths,
            "agents": self.agents,
            "headers": self.headers,
        }


@dataclass(slots=True)
class Mode:
    """How a host misbehaves: from which request on, and for how many."""

    name: str  # see ``modes``
    after: int = 0  # requests that are answered well before
    times: int = 0  # requests that are answered badly; 0 = all that follow
    retry_after: str = ""  # of 429 and 503
    paths: str = ""  # only paths that start so

    def applies(self, path: str) -> bool:
        """Return whether this request is to be answered badly, and count it."""
        if not path.startswith(self.paths) or path == "/robots.txt":
            return False
        if self.after > 0:
            self.after -= 1
            return False
        if self.times == 1:
            self.times = -1
            return True
        if self.times > 1:
            self.times -= 1
        return self.times >= 0


class Traffic:
    """Everything that is counted and switched; one per server."""

    def __init__(self) -> None:
        self.hosts: dict[str, HostTraffic] = {}
        self.modes: dict[str, Mode] = {}
        self.at_once = 0  # over all hosts together
        self.most_at_once = 0

    def host(self, name: str) -> HostTraffic:
        """Return the counters of a host."""
        return self.hosts.setdefault(name, HostTraffic())

    def begin(self, name: str, path: str, headers: Mapping[str, str]) -> int:
        """Count a request to a host; returns how often the path was asked for."""
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        return self.host(name).begin(path, headers)

    def end(self, name: str, sent: int) -> None:
        """Count the end of a request and the bytes of its answer."""
        self.at_once -= 1
        self.host(name).end(sent)

    def mode(self, name: str, path: str) -> Mode | None:
        """Return how a host must misbehave for this request, or None."""
        mode = self.modes.get(name)
        return mode if mode is not None and mode.applies(path) else None

    def reset(self) -> None:
        """Forget all counts and switch all modes off."""
        self.hosts.clear()
        self.modes.clear()
        self.most_at_once = 0

    def summary(self) -> dict[str, Any]:
        """Return all counters as JSON types."""
        return {
            "most_at_once": self.most_at_once,
            "requests": sum(host.requests for host in self.hosts.values()),
            "hosts": {name: host.summary() for name, host in self.hosts.items()},
        }
