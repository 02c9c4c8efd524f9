"""What the doctor says of one thing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from carsets.problems import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


class Health(StrEnum):
    """How one thing is."""

    OK = "ok"
    WARN = "warn"  # a crawl runs, and may not do what was meant
    FAIL = "fail"  # a crawl would not run, or should not


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    health: Health
    said: str  # what was found, in one line
    fix: str = ""  # what to do, in one line; "" where all is well


def ok(name: str, said: str) -> Finding:
    """Return that all is well."""
    return Finding(name, Health.OK, said)


def warn(name: str, said: str, fix: str) -> Finding:
    """Return that somebody should look at it."""
    return Finding(name, Health.WARN, said, fix)


def fail(name: str, said: str, fix: str) -> Finding:
    """Return that it has to be mended first."""
    return Finding(name, Health.FAIL, said, fix)


def look(name: str, check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """Yield what a check finds; what stops it is a finding too, and stops no other check."""
    try:
        yield from check()
    except UserError as problem:
        said, colon, fix = str(problem).partition(": ")
        yield fail(name, said, fix if colon else str(problem))
    except OSError as error:
        yield fail(name, f"cannot be looked at: {error}", "mend that, then ask again")
