"""Machine-readable reservations of rights: many signals, one verdict, all evidence kept.

Read are the headers of the image's answer (``X-Robots-Tag``, ``tdm-reservation``,
``Content-Usage``, ``Content-Signal``) and what stands inside the file (PLUS Data Mining, TDMRep,
C2PA). The strictest signal wins. Two policies:

- ``strict``: any reservation counts, and so does a signal that cannot be understood.
- ``research`` (Art. 3 of the EU directive 2019/790): signals are recorded and do not count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

POLICIES = ("strict", "research")
LONGEST_VALUE = 16_384  # characters; a longer value is not read, so it counts as malformed
LONGEST_EVIDENCE = 1000  # characters of a raw value that are kept

# An X-Robots-Tag may be addressed to one robot. These mean us, or all that are like us.
OUR_AGENTS = frozenset(
    {
        "*",
        "carsets",
        "anthropic-ai",
        "applebot-extended",
        "bytespider",
        "ccbot",
        "claudebot",
        "google-extended",
        "gptbot",
        "img2dataset",
        "laiondownloader",
        "meta-externalagent",
        "scrapy",
    }
)


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal as it was found. ``understood`` is False for a malformed one."""

    name: str
    value: str
    reserved: bool
    understood: bool = True


@dataclass(frozen=True, slots=True)
class Reservation:
    """The verdict on one image, with its evidence and the time of reading (ISO 8601, UTC)."""

    reserved: bool
    signals: tuple[Signal, ...]
    checked_at: str

    @property
    def note(self) -> str:
        """The signals that decided, in one line, for people."""
        return "; ".join(f"{s.name}: {s.value[:200]}" for s in self.signals if s.reserved)


def read_reservation(
    headers: Mapping[str, str],
    embedded: Mapping[str, str],
    policy: str = "strict",
    now: datetime | None = None,
) -> Reservation:
    """Join all signals about one image into a verdict.

    ``headers`` have lower-case names; the values of a repeated header are joined by a line feed
    (a comma works too, but then a robot's name in front of one value covers the next ones).
    ``embedded`` holds the rights statements found in the original bytes, by their names. Raises
    ValueError for an unknown policy, never for anything that a server or a file says.
    """
    if policy not in POLICIES:
        raise ValueError(f"unknown policy {policy!r} for reservations; use one of {POLICIES}")
    now = now or datetime.now(UTC)
    signals = [*_of_headers(headers, now), *_of_file(embedded)]
    return Reservation(
        reserved=policy == "strict" and any(signal.reserved for signal in signals),
        signals=tuple(signals),
        checked_at=now.astimezone(UTC).isoformat(timespec="seconds"),
    )


def _signal(name: str, value: str, judge: Callable[[str], bool | None]) -> Signal:
    """Build a signal; a verdict of None (not understood) is a reservation."""
    verdict = judge(value) if len(value) <= LONGEST_VALUE else None
    return Signal(name, value[:LONGEST_EVIDENCE], verdict is not False, verdict is not None)


def _of_headers(headers: Mapping[str, str], now: datetime) -> Iterator[Signal]:
    if "x-robots-tag" in headers:
        yield _signal("x-robots-tag", headers["x-robots-tag"], partial(_robots_tag, now=now))
    for name, judge in _HEADERS.items():
        if name in headers:
            yield _signal(name, headers[name], judge)


# --- X-Robots-Tag -----------------------------------------------------------------------------

_REFUSALS = frozenset({"noai", "noimageai", "noml", "noindex", "noimageindex", "none"})
_HARMLESS = frozenset(
    {
        *("all", "index", "follow", "nofollow", "noarchive", "nocache", "nosnippet", "noodp"),
        *("noydir", "notranslate", "noyaca", "nositelinkssearchbox", "nopagereadaloud"),
        *("indexifembedded", "max-snippet", "max-image-preview", "max-video-preview"),
    }
)
_WITH_VALUE = frozenset({"max-snippet", "max-image-preview", "max-video-preview"})
_WORD = re.compile(r"[a-z0-9_-]+")


def _robots_tag(value: str, now: datetime) -> bool | None:
    """Return True for a refusal, False for none, None for what cannot be understood."""
    verdicts = [verdict for line in value.lower().split("\n") for verdict in _rules(line, now)]
    if True in verdicts:
        return True
    return None if None in verdicts else False


def _rules(line: str, now: datetime) -> Iterator[bool | None]:
    """Yield a verdict per rule of one header line: ``[robot:] rule[, rule...]``."""
    agent = "*"
    parts = iter(line.split(","))
    for part in parts:
        name, colon, rest = (piece.strip() for piece in part.partition(":"))
        if colon and name not in _WITH_VALUE and name != "unavailable_after":
            agent = name
            name, colon, rest = (piece.strip() for piece in rest.partition(":"))
        if name == "unavailable_after":
            if re.fullmatch(r"[a-z]{3,9}", rest):  # a weekday: its comma belongs to the date
                rest += "," + next(parts, "")
            verdict = _is_past(rest, now)
        else:
            verdict = _word(name)
        if verdict is None or agent in OUR_AGENTS or name in {"noai", "noimageai", "noml"}:
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
        except (ValueError, IndexError, OverflowError):
            continue
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) <= now
    return None


# --- The other headers ------------------------------------------------------------------------


def _tdm_reservation(value: str) -> bool | None:
    """TDMRep: 1 reserves, 0 does not; of several values the strictest counts."""
    values = {part.strip() for part in re.split(r"[,\n]", value)}
    if "1" in values:
        return True
    return False if values == {"0"} else None


_YES = frozenset({"y", "yes", "?1"})
_NO = frozenset({"n", "no", "?0"})


def _preferences(about_training: frozenset[str]) -> Callable[[str], bool | None]:
    """Return the judge of a header such as ``search=yes, ai-train=no``."""

    def judge(value: str) -> bool | None:
        verdicts: list[bool | None] = []
        for part in re.split(r"[,\n]", value.lower()):
            key, equals, said = (piece.strip() for piece in part.partition(";")[0].partition("="))
            if not equals or not _WORD.fullmatch(key) or said not in _YES | _NO:
                verdicts.append(None)
            else:
                verdicts.append(key in about_training and said in _NO)
        if True in verdicts:
            return True
        return None if None in verdicts else False

    return judge


_HEADERS: Mapping[str, Callable[[str], bool | None]] = {
    "tdm-reservation": _tdm_reservation,
    "content-usage": _preferences(
        frozenset({"train-ai", "train-genai", "ai", "genai", "tdm", "bots", "all"})
    ),
    "content-signal": _preferences(frozenset({"ai-train"})),
    # Says where terms can be had; reserves nothing by itself.
    "tdm-policy": lambda value: False,
}


# --- Inside the file --------------------------------------------------------------------------


def _data_mining(value: str) -> bool | None:
    """PLUS Data Mining: everything but "unspecified" and "allowed" reserves."""
    said = value.strip().upper().rpartition("/")[2].rpartition("#")[2]
    if said in {"DMI-UNSPECIFIED", "DMI-ALLOWED"}:
        return False
    return True if said.startswith("DMI-PROHIBITED") else None


def _c2pa(value: str) -> bool | None:
    """C2PA training and data mining: allowed, notAllowed or constrained, maybe several."""
    said = set(re.split(r"[\s,;]+", value.strip().lower()))
    if said & {"notallowed", "constrained"}:
        return True
    return False if said == {"allowed"} else None


_EMBEDDED: tuple[tuple[str, Callable[[str], bool | None]], ...] = (
    ("datamining", _data_mining),
    ("tdmreservation", _tdm_reservation),
    ("trainingmining", _c2pa),
)


def _of_file(embedded: Mapping[str, str]) -> Iterator[Signal]:
    """Read the statements by the end of their names: ``plus:DataMining``, ``c2pa.training-mining``.

    Whatever prefix the metadata's reader leaves in front does not matter.
    """
    for name, value in embedded.items():
        bare = re.sub(r"[^a-z0-9]", "", name.lower())
        for ending, judge in _EMBEDDED:
            if bare.endswith(ending):
                yield _signal(name, value, judge)
