"""The TDM file of a host: ``/.well-known/tdmrep.json``, as the W3C's community group has it.

An array of rules, each with ``location`` (a pattern for paths), ``tdm-reservation`` (0 or 1) and,
maybe, ``tdm-policy``. The text says both that the most specific rule holds and that this is the
first one. Where the first and the longest that match disagree, the one that reserves counts here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Self

from carsets.reservations.path_patterns import matches, path_of, same
from carsets.reservations.signal import Signal, found

PATH = "/.well-known/tdmrep.json"
NAME = "tdmrep.json"
MAX_SIZE = 512 * 1024  # bytes, as much as of robots.txt
MOST_RULES = 1000
_VALUES = {0: False, 1: True, "0": False, "1": True}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. ``verdict`` is None for one that cannot be understood."""

    pattern: str  # "" covers everything
    verdict: bool | None
    evidence: str


@dataclass(frozen=True, slots=True)
class TdmFile:
    """What a host says of its files."""

    rules: tuple[Rule, ...] = ()

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read the file. Never raises: what is malformed becomes a rule that says so."""
        text = body[:MAX_SIZE].decode("utf-8-sig", "replace")
        try:
            rules = json.loads(text, object_pairs_hook=_unambiguous)
        except (ValueError, RecursionError):
            rules = None
        if not isinstance(rules, list) or len(rules) > MOST_RULES or len(body) > MAX_SIZE:
            return cls.unreadable(text)
        return cls(tuple(map(_rule, rules)))

    @classmethod
    def unreadable(cls, evidence: str) -> Self:
        """Return what stands for a file that says something, and nobody knows what."""
        return cls((Rule("", None, evidence),))

    def signals(self, url: str) -> list[Signal]:
        """Return what the file says of one address; nothing when no rule covers it."""
        path = path_of(url)
        covering = [rule for rule in self.rules if matches(rule.pattern, path)]
        if not covering:
            return []
        # A malformed rule without a place covers everything; it is never the longest.
        chosen = [rule for rule in covering if not rule.pattern]
        chosen += [covering[0], max(covering, key=lambda rule: len(rule.pattern))]
        return [found(NAME, rule.evidence, rule.verdict) for rule in dict.fromkeys(chosen)]


def _unambiguous(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    facts = dict(pairs)
    if len(facts) < len(pairs):
        raise ValueError("a name that stands twice")
    return facts


def _rule(entry: Any) -> Rule:
    evidence = json.dumps(entry, ensure_ascii=False)
    place = entry.get("location") if isinstance(entry, dict) else None
    if not isinstance(place, str) or not place.startswith(("/", "*")):
        return Rule("", None, evidence)
    value = entry.get("tdm-reservation")
    known = type(value) in (int, str)  # True and 1.0 equal 1, and are something else
    return Rule(same(place), _VALUES.get(value) if known else None, evidence)
