"""Google's Programmable Search API: how many images it estimates for the user's own engine."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from carsets.counting.engine import Came, Engine, Question, Told
from carsets.counting.result_totals import read_total
from carsets.outcomes import QueryOutcome
from carsets.sources.foreign_text import ForeignTextError, read_json, to_text

if TYPE_CHECKING:
    from carsets.counting.engine import Place

ENDPOINT = "https://customsearch.googleapis.com/customsearch/v1"
KEY, ENGINE = "GOOGLE_API_KEY", "GOOGLE_CX"


def ask(text: str, place: Place) -> Question:
    """Ask for one image. Safe search is on, always."""
    parameters = {
        "cx": place.keys[ENGINE],
        "q": text,
        "searchType": "image",
        "num": 1,
        "gl": place.country,
        "hl": place.language,
        "safe": "active",
    }
    return Question(url=f"{ENDPOINT}?{urlencode(parameters)}", secret={"key": place.keys[KEY]})


def read(came: Came) -> Told:
    """Read ``searchInformation.totalResults``, a text of digits."""
    try:
        answer = read_json(came.body)
        if came.status != 200 or "error" in answer:
            return _failure(came.status, answer.get("error") or {})
        raw = str(answer["searchInformation"]["totalResults"])[:100]
    except (ForeignTextError, KeyError, TypeError, AttributeError) as error:
        if came.status != 200:
            return Told.error(came.status, limited=True)
        return Told(outcome=QueryOutcome.FORMAT_CHANGED, note=f"no totalResults: {error}")
    return Told.answer(read_total(raw), raw)


def _failure(status: int, error: dict[str, object]) -> Told:
    message = to_text(error.get("message"), 300)
    used_up = any(word in f"{error}".casefold() for word in ("quota", "limitexceeded"))
    if status == 429 or (status == 403 and used_up):
        return Told(outcome=QueryOutcome.QUOTA, note=f"HTTP {status}: {message}")
    if "API key" in message:
        return Told(outcome=QueryOutcome.BLOCKED, note=f"HTTP {status}: {message}")
    return Told.error(status, message)


GOOGLE = Engine(name="google", ask=ask, read=read, requests_per_minute=60, keys=(KEY, ENGINE))
