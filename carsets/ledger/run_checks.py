"""Holds what a run brought against bounds: found, blocked, failed, kept.

What Spidermon's monitors do, asked before the run is judged instead of after it: a check that
fails decides the exit code, and stands in the receipt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from carsets.outcomes import Outcome
from carsets.problems import UserError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

EVERY_SOURCE = "*"
BOUNDS = (
    "CHECK_FOUND_MIN",
    "CHECK_BLOCKED_SHARE",
    "CHECK_ERROR_SHARE",
    "CHECK_KEPT_SHARE",
    "CHECK_LEAST_IMAGES",
)

# Ends of which the host was not even asked: they say nothing about it.
NOT_ASKED = frozenset(
    {
        Outcome.KNOWN_URL,
        Outcome.OVER_LIMIT,
        Outcome.INLINE_THUMBNAIL,
        Outcome.SCHEME_FORBIDDEN,
        Outcome.URL_FORBIDDEN,
        Outcome.ADDRESS_FORBIDDEN,
        Outcome.REMOVED,
        Outcome.LICENSE_EXCLUDED,
        Outcome.HOST_LIMIT,
        Outcome.HOST_DAY_LIMIT,
        Outcome.CANCELLED,
    }
)
BLOCKED = frozenset({Outcome.HTTP_401, Outcome.HTTP_403, Outcome.HTTP_429, Outcome.HOST_BENCHED})
FAILED = frozenset(
    {
        Outcome.HTTP_5XX,
        Outcome.HTTP_OTHER,
        Outcome.DNS,
        Outcome.CONNECTION_REFUSED,
        Outcome.CONNECTION_LOST,
        Outcome.INCOMPLETE,
        Outcome.TLS,
        Outcome.TIMEOUT,
        Outcome.TOO_SLOW,
        Outcome.EMPTY,
        Outcome.TRUNCATED,
        Outcome.DECODER_CRASH,
        Outcome.ERROR,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What a run of one source has to keep to. Shares are of the images that were asked for."""

    found_min: int = 0  # URLs, of a run that asked anything
    blocked_share: float = 1.0  # at most
    error_share: float = 1.0  # at most
    kept_share: float = 0.0  # at least
    least_images: int = 1  # asked for; of fewer, no share is judged

    @classmethod
    def of(cls, settings: Mapping[str, Any], source: str) -> Bounds:
        """Read the ``CHECK_...`` settings for a source. Raises UserError for a wrong one."""
        return cls(
            found_min=int(bound(settings, "CHECK_FOUND_MIN", source, 0, most=None)),
            blocked_share=bound(settings, "CHECK_BLOCKED_SHARE", source, 1.0),
            error_share=bound(settings, "CHECK_ERROR_SHARE", source, 1.0),
            kept_share=bound(settings, "CHECK_KEPT_SHARE", source, 0.0),
            least_images=int(bound(settings, "CHECK_LEAST_IMAGES", source, 1, most=None)),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check of one run, as the receipt tells it."""

    name: str
    value: float
    bound: float
    passed: bool
    message: str  # one line; "" for a check that passed


def check_run(
    bounds: Bounds, *, found: int, asked: int, outcomes: Mapping[Outcome, int]
) -> list[Check]:
    """Return the checks of a run that asked ``asked`` queries and found ``found`` URLs."""
    checks = []
    if bounds.found_min and asked:
        few = "" if found >= bounds.found_min else f"{found} images found of {asked} queries"
        checks.append(_check("CHECK_FOUND_MIN", found, bounds.found_min, few, "at least"))
    images = sum(number for outcome, number in outcomes.items() if outcome not in NOT_ASKED)
    if images < max(bounds.least_images, 1):
        return checks
    for name, group, word, most in (
        ("CHECK_BLOCKED_SHARE", BLOCKED, "blocked", bounds.blocked_share),
        ("CHECK_ERROR_SHARE", FAILED, "failed", bounds.error_share),
    ):
        number = sum(outcomes.get(outcome, 0) for outcome in group)
        share = number / images
        much = "" if share <= most else f"{share:.0%} of {images} images {word}"
        much = much and f"{much} ({_most_frequent(outcomes, group)})"
        checks.append(_check(name, share, most, much, "at most"))
    share = outcomes.get(Outcome.STORED, 0) / images
    little = "" if share >= bounds.kept_share else f"{share:.1%} of {images} images kept"
    checks.append(_check("CHECK_KEPT_SHARE", share, bounds.kept_share, little, "at least"))
    return checks


def _check(name: str, value: float, limit: float, problem: str, word: str) -> Check:
    message = f"check failed: {problem}, {name} wants {word} {limit:g}" if problem else ""
    return Check(name=name, value=round(value, 4), bound=limit, passed=not problem, message=message)


def _most_frequent(outcomes: Mapping[Outcome, int], group: Collection[Outcome]) -> str:
    present = sorted(group & outcomes.keys(), key=lambda code: (-outcomes[code], code.value))
    return ", ".join(f"{outcomes[code]} {code.value}" for code in present[:3])


# --- The settings -----------------------------------------------------------------------------


def bound(
    settings: Mapping[str, Any], name: str, source: str, default: float, most: float | None = 1.0
) -> float:
    """Return a bound: one number for all, or ``flickr:0.3,*:0.1``, a number for each source.

    Raises UserError for what is neither, for whichever source it stands.
    """
    given = settings.get(name)
    if given is None or given == "":
        return default
    numbers = {key: _number(name, value, most) for key, value in _entries(name, given)}
    return numbers.get(source, numbers.get(EVERY_SOURCE, default))


def named_sources(settings: Mapping[str, Any]) -> dict[str, set[str]]:
    """Return the sources for which each ``CHECK_...`` setting has a number of its own."""
    found = {}
    for name in BOUNDS:
        given = settings.get(name)
        found[name] = {source for source, _ in _entries(name, given or 0)} - {EVERY_SOURCE}
    return found


def _entries(name: str, given: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(given, Mapping):
        yield from ((str(key), value) for key, value in given.items())
    elif isinstance(given, str) and ":" in given:
        for entry in given.split(","):
            source, colon, value = entry.partition(":")
            if not colon or not source.strip():
                raise UserError(f"{name}={given}: a number, or SOURCE:NUMBER,... is expected")
            yield source.strip(), value
    else:
        yield EVERY_SOURCE, given


def _number(name: str, value: Any, most: float | None) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if most is None and (not isfinite(number) or number != int(number)):
        number = -1.0
    if not number >= 0 or (most is not None and number > most):
        kind = "a whole number" if most is None else f"a number from 0 to {most:g}"
        raise UserError(f"{name}={value}: {kind} is expected, or SOURCE:NUMBER,...")
    return number
