"""Openverse: how many works a search has. It counts no further than 240.

A total of 240 therefore means "240 or more": words that all reach it come out as undecided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from carsets.counting.engine import Came, Engine, Question, Told
from carsets.outcomes import QueryOutcome
from carsets.sources.foreign_text import ForeignTextError, read_json, to_int, to_text

if TYPE_CHECKING:
    from carsets.counting.engine import Place

ENDPOINT = "https://api.openverse.org/v1/images/"
LONGEST_QUESTION = 200  # characters


def ask(text: str, place: Place) -> Question:
    """Ask for one work. Sensitive ones stay out, always."""
    parameters = {"q": text[:LONGEST_QUESTION], "mature": "false", "page": 1, "page_size": 1}
    return Question(url=f"{ENDPOINT}?{urlencode(parameters)}")


def read(came: Came) -> Told:
    """Read ``result_count``."""
    try:
        answer = read_json(came.body)
        if came.status != 200:
            detail = to_text(str(answer.get("detail", "")), 300)
            return Told.error(came.status, detail, limited=True)
        total = answer["result_count"]
    except (ForeignTextError, KeyError, TypeError, AttributeError) as error:
        if came.status != 200:
            return Told.error(came.status, limited=True)
        return Told(outcome=QueryOutcome.FORMAT_CHANGED, note=f"no result_count: {error}")
    return Told.answer(to_int(total), str(total)[:100])


OPENVERSE = Engine(
    name="openverse", ask=ask, read=read, requests_per_minute=20, needs_contact=True, language=""
)
