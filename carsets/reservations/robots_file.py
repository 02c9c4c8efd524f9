"""What robots.txt says beyond its rules for us: to AI crawlers, and about the use of content.

Protego reads the rules of a group. It keeps neither Content-Usage nor Content-Signal, nor the
names that a group is for, so the groups are taken apart here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from protego import Protego

from carsets.reservations.ai_agents import OWN_NAME
from carsets.reservations.path_patterns import matches, path_of, same
from carsets.reservations.preferences import FIELDS, preferences
from carsets.reservations.signal import LONGEST_EVIDENCE, LONGEST_VALUE, Signal, found, strictest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

AI_AGENTS = "robots.txt:ai-agents"
NAMES = (AI_AGENTS, *(f"robots.txt:{name}" for name in FIELDS))
MOST_GROUPS = 200  # different ones that are for AI crawlers; files that people write have one
MOST_STATEMENTS = 1000  # about the use of content

_USER_AGENT = re.compile(r"user[- ]?agent\s*[:\s]\s*(.*)", re.IGNORECASE)
_SITE_WIDE = re.compile(r"(?:site-?maps?|host)\s*:", re.IGNORECASE)  # belong to no group
_USAGE = re.compile(rf"({'|'.join(FIELDS)})\s*:\s*(?:([/*]\S*)(?:\s+|$))?(.*)", re.IGNORECASE)


@dataclass(slots=True)
class _Group:
    """Some robots, and the lines that are for them."""

    robots: list[str] = field(default_factory=list)  # in lower case, without version
    lines: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Statement:
    """A line about the use of what lies under a path."""

    name: str
    pattern: str  # "" covers everything
    verdict: bool | None
    evidence: str


@dataclass(frozen=True, slots=True)
class RobotsReservations:
    """The reservations of one robots.txt. Immutable, small, and cheap to ask."""

    closed: tuple[tuple[str, Protego], ...] = ()  # evidence, and the rules for AI crawlers
    statements: tuple[tuple[Statement, ...], ...] = ()  # of us, and of each group for AI crawlers
    unread: tuple[Signal, ...] = ()  # what was too much to be read

    @classmethod
    def read(cls, text: str, agents: Collection[str]) -> Self:
        """Read a robots.txt; never raises. ``agents`` are AI crawlers, in lower case."""
        preface, *groups = _groups(text)
        named: dict[tuple[str, ...], list[str]] = {}
        for group in groups:
            if addressed := [robot for robot in group.robots if robot in agents]:
                named.setdefault(tuple(group.lines), []).extend(addressed)
        ours = [group for group in groups if OWN_NAME in group.robots]
        ours = ours or [group for group in groups if "*" in group.robots]
        blocks = [tuple(line for group in (preface, *ours) for line in group.lines), *named]
        statements = [tuple(_statements(lines)) for lines in blocks[: MOST_GROUPS + 1]]
        if len(named) > MOST_GROUPS or sum(map(len, statements)) > MOST_STATEMENTS:
            return cls(unread=tuple(found(name, "more than can be read", None) for name in NAMES))
        return cls(
            closed=tuple(_rules(robots, lines) for lines, robots in named.items()),
            statements=tuple(filter(None, statements)),
        )

    def signals(self, url: str) -> list[Signal]:
        """Return what is said about one address."""
        signals = [*self.unread]
        signals += [
            found(AI_AGENTS, evidence, True)
            for evidence, rules in self.closed
            if not rules.can_fetch(url, "*")
        ]
        if self.statements:
            path = path_of(url)
            for block in self.statements:
                signals += _that_hold(block, path)
        return signals


def _groups(text: str) -> Iterator[_Group]:
    """Yield what stands in front of the first group, which is for everybody; then the groups."""
    group, open_ = _Group(), False
    for raw in text.splitlines():
        line = raw.partition("#")[0].strip()
        if not line or _SITE_WIDE.match(line):
            continue
        if match := _USER_AGENT.fullmatch(line):
            if not open_:
                yield group
                group, open_ = _Group(), True
            name = match[1].lower().partition("/")[0].strip()
            group.robots.append(name if name == "*" else name.strip("* "))
        else:
            open_ = False
            group.lines.append(line)
    yield group


def _rules(robots: list[str], lines: tuple[str, ...]) -> tuple[str, Protego]:
    names = list(dict.fromkeys(robots))
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    evidence = f"{', '.join(names[:5])}{more}: {'; '.join(lines)}"[:LONGEST_EVIDENCE]
    return evidence, Protego.parse("\n".join(("User-agent: *", *lines)))


def _statements(lines: tuple[str, ...]) -> Iterator[Statement]:
    for line in lines:
        if match := _USAGE.fullmatch(line):
            name, pattern, said = match[1].lower(), match[2] or "", match[3]
            verdict = preferences(name)(said) if len(said) <= LONGEST_VALUE else None
            yield Statement(f"robots.txt:{name}", same(pattern), verdict, line[:LONGEST_EVIDENCE])


def _that_hold(block: tuple[Statement, ...], path: str) -> Iterator[Signal]:
    """Yield what the longest matching lines say, one signal for each kind of line."""
    for name in dict.fromkeys(statement.name for statement in block):
        covering = [s for s in block if s.name == name and matches(s.pattern, path)]
        longest = max((len(s.pattern) for s in covering), default=0)
        chosen = [s for s in covering if len(s.pattern) == longest]
        if chosen:
            verdict = strictest([s.verdict for s in chosen])
            yield found(name, "; ".join(s.evidence for s in chosen), verdict)
