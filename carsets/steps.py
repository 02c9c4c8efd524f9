"""The steps that an address passes on its way, and the one at which it ended."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping


class Step(StrEnum):
    """Where addresses end, in the order in which they meet it."""

    ASKED = "not asked for"  # known, over a limit, forbidden: no request was sent
    NETWORK = "network"
    CONTENT = "content"
    RIGHTS = "rights"
    DUPLICATES = "duplicates"
    DETECTOR = "detector"
    STORE = "store"
    KEPT = "kept"


# The first outcome of each step; those after it, up to the next, belong to it too.
_FIRST = {
    Outcome.STORED: Step.KEPT,
    Outcome.KNOWN_URL: Step.ASKED,
    Outcome.HTTP_401: Step.NETWORK,
    Outcome.HTML: Step.CONTENT,
    Outcome.OPTED_OUT: Step.RIGHTS,
    Outcome.DUPLICATE_BYTES: Step.DUPLICATES,
    Outcome.NOT_A_CAR: Step.DETECTOR,
    Outcome.DISK_FULL: Step.STORE,
}
# What the order of the list does not tell: rights are asked before any request, too.
_APART = {Outcome.REMOVED: Step.RIGHTS, Outcome.LICENSE_EXCLUDED: Step.RIGHTS}


def _steps() -> dict[str, Step]:
    found: dict[str, Step] = {}
    step = Step.KEPT
    for outcome in Outcome:
        step = _FIRST.get(outcome, step)
        found[outcome.value] = _APART.get(outcome, step)
    return found


STEP_OF: Mapping[str, Step] = _steps()


def by_step(outcomes: Mapping[str, int]) -> dict[Step, int]:
    """Return how many addresses ended at which step; an unknown outcome is the store's."""
    ended = dict.fromkeys(Step, 0)
    for outcome, number in outcomes.items():
        ended[STEP_OF.get(outcome, Step.STORE)] += number
    return ended


def remaining(outcomes: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return how many addresses were left after each step, beginning with those found."""
    ended = by_step(outcomes)
    left = sum(ended.values())
    found = [("found", left)]
    for step in Step:
        if step is not Step.KEPT:
            left -= ended[step]
            found.append((AFTER[step], left))
    return found


AFTER: Mapping[Step, str] = {
    Step.ASKED: "asked for",
    Step.NETWORK: "fetched",
    Step.CONTENT: "whole images",
    Step.RIGHTS: "free to use",
    Step.DUPLICATES: "not there yet",
    Step.DETECTOR: "with a car",
    Step.STORE: "kept",
}
