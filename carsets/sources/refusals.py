"""How pages say that they do not want us: by their status, by a form, by a riddle."""

from __future__ import annotations

import re

from carsets.outcomes import QueryOutcome
from carsets.sources.answers import Answer

REFUSING = frozenset({401, 403, 418, 429})  # statuses with which search pages send robots away

_CONSENT = re.compile(
    r"<form[^<>]{0,500}consent|//consent\.|>\s*Before you continue", re.IGNORECASE
)
_CHALLENGES = (
    "Just a moment...",
    "cf-turnstile-response",
    "challenges.cloudflare.com/turnstile",
    "Please solve the challenge below",
)


def refusal_of_status(status: int) -> Answer | None:
    """Return what an error status means for a search page; None for 200."""
    if status == 200:
        return None
    refused = status in REFUSING
    return Answer(
        outcome=QueryOutcome.BLOCKED if refused else QueryOutcome.HTTP_ERROR, note=f"HTTP {status}"
    )


def wall_in(page: str) -> Answer | None:
    """Return the wall that a page without results is, if it is one.

    Only for pages without results: the words may stand in a title among them.
    """
    for words in _CHALLENGES:
        if words in page:
            return Answer(outcome=QueryOutcome.CAPTCHA, note=words)
    if _CONSENT.search(page):
        return Answer(outcome=QueryOutcome.CONSENT, note="a consent form")
    return None


def without_results(page: str, marks: str) -> Answer:
    """Name a page of status 200 without results that does not say that there are none.

    ``marks`` is a regular expression for what only results have: thumbnails, tiles.
    """
    found = sum(1 for _ in re.finditer(marks, page))
    if found:
        note = f"{found} marks of results, none of which can be read"
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, note=note)
    note = "a page without results that does not say why"
    return wall_in(page) or Answer(outcome=QueryOutcome.BLOCKED, note=note)
