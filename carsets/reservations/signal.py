"""One signal: what was said, and whether it reserves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_VALUE = 16_384  # characters; a longer value is not read, so it counts as malformed
LONGEST_EVIDENCE = 1000  # characters of a raw value that are kept


@dataclass(frozen=True, slots=True)
class Signal:
    """One signal as it was found. ``understood`` is False for a malformed or failed one."""

    name: str  # one of policy.SIGNALS
    value: str
    reserved: bool
    understood: bool = True


def judged(name: str, value: str, judge: Callable[[str], bool | None]) -> Signal:
    """Build a signal; a verdict of None (not understood) is a reservation."""
    return found(name, value, judge(value) if len(value) <= LONGEST_VALUE else None)


def found(name: str, value: str, verdict: bool | None) -> Signal:
    """Build a signal of which the verdict is known already."""
    # Lone surrogates and NUL, which JSON may hold, no database takes.
    text = value[:LONGEST_EVIDENCE].replace("\0", "\ufffd").encode(errors="replace").decode()
    return Signal(name, text, verdict is not False, verdict is not None)


def strictest(verdicts: list[bool | None]) -> bool | None:
    """Join verdicts: a reservation wins, then what cannot be understood."""
    if True in verdicts:
        return True
    return None if None in verdicts else False
