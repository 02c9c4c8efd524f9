"""Flickr: how many photos a search has, from its interface. Safe search is on, always.

Counted without the licenses that a crawl may be limited to: a total describes the model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carsets.counting.engine import Came, Engine, Question, Told
from carsets.outcomes import QueryOutcome
from carsets.sources.foreign_text import ForeignTextError, read_json, to_int, to_text

if TYPE_CHECKING:
    from carsets.counting.engine import Place

ENDPOINT = "https://api.flickr.com/services/rest/"
KEY = "FLICKR_API_KEY"
_REFUSED = {100, 111, 112, 114, 115, 116}  # wrong key, wrong method: nothing will work


def ask(text: str, place: Place) -> Question:
    """Post the question, so that the key stands in no address."""
    form = {
        "method": "flickr.photos.search",
        "api_key": place.keys[KEY],
        "text": text,
        "safe_search": "1",
        "content_types": "0",
        "media": "photos",
        "per_page": "1",  # the total is the same, and nothing else is wanted
        "format": "json",
        "nojsoncallback": "1",
    }
    return Question(url=ENDPOINT, form=form)


def read(came: Came) -> Told:
    """Read ``photos.total``. Failures come with status 200."""
    if came.status == 429:
        return Told.error(429, limited=True)
    try:
        answer = read_json(came.body)
        if answer["stat"] == "fail":
            note = f"Flickr says {answer['code']}: {to_text(answer.get('message'), 300)}"
            refused = to_int(answer["code"]) in _REFUSED
            outcome = QueryOutcome.BLOCKED if refused else QueryOutcome.HTTP_ERROR
            return Told(outcome=outcome, note=note)
        total = answer["photos"]["total"]
    except (ForeignTextError, KeyError, TypeError) as error:
        if came.status != 200:
            return Told.error(came.status)
        return Told(outcome=QueryOutcome.FORMAT_CHANGED, note=f"no total: {error}")
    return Told.answer(to_int(total), str(total)[:100])


FLICKR = Engine(name="flickr", ask=ask, read=read, requests_per_minute=54, keys=(KEY,), language="")
