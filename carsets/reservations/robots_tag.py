"""The words of X-Robots-Tag and of ``<meta name="robots">``."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from carsets.reservations.ai_agents import OWN_NAME
from carsets.reservations.signal import strictest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

_REFUSALS = frozenset({"noai", "noimageai", "noml", "noindex", "noimageindex", "none"})
_ABOUT_MODELS = frozenset({"noai", "noimageai", "noml"})  # meant for us, whoever is addressed
_HARMLESS = frozenset(
    {
        *("all", "index", "follow", "nofollow", "noarchive", "nocache", "nosnippet", "noodp"),
        *("noydir", "notranslate", "noyaca", "nositelinkssearchbox", "nopagereadaloud"),
        *("indexifembedded", "max-snippet", "max-image-preview", "max-video-preview"),
    }
)
_WITH_VALUE = frozenset({"max-snippet", "max-image-preview", "max-video-preview"})
_WORD = re.compile(r"[a-z0-9_-]+")


def robots_tag(value: str, now: datetime, agents: Collection[str]) -> bool | None:
    """Return True for a refusal, False for none, None for what cannot be understood.

    A line may be addressed to one robot; ``agents`` are those that mean us too, in lower case.
    """
    lines = value.lower().split("\n")
    return strictest([verdict for line in lines for verdict in _rules(line, now, agents)])


def is_for_us(robot: str, agents: Collection[str]) -> bool:
    """Say whether what is addressed to a robot (in lower case) is addressed to us."""
    return robot in {"*", OWN_NAME} or robot in agents


def _rules(line: str, now: datetime, agents: Collection[str]) -> Iterator[bool | None]:
    """Yield a verdict per rule of one header line: ``[robot:] rule[, rule...]``."""
    robot = "*"
    parts = iter(line.split(","))
    for part in parts:
        name, colon, rest = (piece.strip() for piece in part.partition(":"))
        if colon and name not in _WITH_VALUE and name != "unavailable_after":
            robot = name
            name, colon, rest = (piece.strip() for piece in rest.partition(":"))
        if name == "unavailable_after":
            if re.fullmatch(r"[a-z]{3,9}", rest):  # a weekday: its comma belongs to the date
                rest += "," + next(parts, "")
            verdict = _is_past(rest, now)
        else:
            verdict = _word(name)
        if verdict is None or is_for_us(robot, agents) or name in _ABOUT_MODELS:
            yield verdict


def _word(word: str) -> bool | None:
    """Judge one rule. An unknown ``no...`` refuses something; any other new word does not."""
    if word.replace("-", "").replace("_", "") in _REFUSALS:
        return True
    if not _WORD.fullmatch(word) or (word.startswith("no") and word not in _HARMLESS):
        return None
    return False


def _is_past(text: str, now: datetime) -> bool | None:
    for parse in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            moment = parse(text.upper())
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) <= now
        except (ValueError, IndexError, OverflowError, TypeError):
            continue
    return None
