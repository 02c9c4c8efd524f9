"""Google's Programmable Search API: what is asked, and what the answers say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from carsets.items import FoundImage
from carsets.outcomes import QueryOutcome
from carsets.sources.answers import Answer
from carsets.sources.foreign_text import ForeignTextError, pixels, read_json, to_int, to_text
from carsets.sources.search_filters import (
    ANYTHING,
    STRICT,
    SearchFilters,
    engine_words,
    license_note,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

API_HOST = "customsearch.googleapis.com"
ENDPOINT = f"https://{API_HOST}/customsearch/v1"
PAGE_SIZE = 10
# What the API calls the filters: parameters of the address. It has none for aspect.
_CC = "cc_publicdomain|cc_attribute|cc_sharealike"
_COLORS = ("red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "brown")
FILTER_WORDS: Mapping[str, Mapping[str, str]] = {
    "size": {word: f"imgSize={word}" for word in ("small", "medium", "large", "huge")},
    "color": {
        **{word: f"imgDominantColor={word}" for word in (*_COLORS, "black", "gray", "white")},
        "color": "imgColorType=color",
        "monochrome": "imgColorType=gray",
    },
    "type": {
        **{word: f"imgType={word}" for word in ("photo", "clipart", "animated", "face")},
        "line": "imgType=lineart",
        "transparent": "imgColorType=trans",
    },
    "date": {word: f"dateRestrict={word[0]}1" for word in ("day", "week", "month", "year")},
    "license": {
        "any-cc": f"rights={_CC}|cc_noncommercial|cc_nonderived",
        "public-domain": "rights=cc_publicdomain",
        "share": f"rights={_CC}|cc_noncommercial|cc_nonderived",
        "commercial": f"rights=({_CC}|cc_nonderived).-(cc_noncommercial)",
        "modify": f"rights=({_CC}|cc_noncommercial).-(cc_nonderived)",
        "modify-commercial": f"rights=({_CC}).-(cc_noncommercial|cc_nonderived)",
    },
    "safe": {STRICT: "safe=active"},
}
REACH = 100  # the start of a page and its size may not add up to more


def search_url(text: str, start: int, *, engine: str, filters: SearchFilters = ANYTHING) -> str:
    """Return the address of the page that begins with result ``start`` (from 1), without key."""
    parameters: dict[str, str | int] = {
        "cx": engine,
        "q": text,
        "searchType": "image",
        "num": min(PAGE_SIZE, REACH - start),
        "start": start,
        "gl": filters.country or "us",
        "hl": filters.language or "en",
        **dict(word.split("=", 1) for word in engine_words(filters, FILTER_WORDS).values()),
    }
    return f"{ENDPOINT}?{urlencode(parameters)}"


def read_answer(
    body: bytes | str, *, status: int = 200, filters: SearchFilters = ANYTHING
) -> Answer:
    """Read one answer of the API."""
    try:
        answer = read_json(body)
        if not isinstance(answer, dict):
            raise ForeignTextError("JSON, but no object")
    except ForeignTextError as error:
        if status != 200:
            return _api_error(status, {})
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, note=str(error))
    if status != 200 or "error" in answer:
        return _api_error(status, answer.get("error"))
    about = answer.get("searchInformation")
    total = to_int(about.get("totalResults")) if isinstance(about, dict) else None
    records = answer.get("items", [])[:REACH]
    if not records and about is None:
        note = "neither items nor what was searched for"
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, note=note)
    if not records:
        return Answer(outcome=QueryOutcome.NO_RESULTS, total=total, note="no items")
    images = [image for record in records if (image := read_item(record, filters))]
    if not images:
        note = f"{len(records)} items, none of which can be read"
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, total=total, note=note)
    following = answer["queries"].get("nextPage") or [{}]
    start = to_int(following[0].get("startIndex"))
    return Answer(
        outcome=QueryOutcome.RESULTS,
        images=images,
        next=start if start and start < REACH else None,
        total=total,
    )


def read_item(record: Any, filters: SearchFilters = ANYTHING) -> FoundImage | None:
    """Read one image; None when it lacks what every image has."""
    try:
        image_url, about = to_text(record["link"]), record["image"]
        page = to_text(about["contextLink"])
    except (KeyError, TypeError):
        return None
    if not image_url:
        return None
    extra = {
        "mime": to_text(record.get("mime"), 100),
        "bytes": to_int(about.get("byteSize")),
        "site": to_text(record.get("displayLink"), 300),
        **license_note("google", filters),
    }
    return FoundImage(
        image_url=image_url,
        page_url=page,
        thumbnail_url=to_text(about.get("thumbnailLink")),
        title=to_text(record.get("title")),
        description=to_text(record.get("snippet")),
        width=pixels(about.get("width")),
        height=pixels(about.get("height")),
        extra={name: value for name, value in extra.items() if value},
    )


def _api_error(status: int, error: Any) -> Answer:
    """Name an error: what is left of the allowance, and what the key may not do, end the source."""
    facts = error if isinstance(error, dict) else {}
    code = to_int(facts.get("code")) or status
    message = to_text(facts.get("message"), 300)
    note = f"HTTP {status}: {message}" if message else f"HTTP {status}"
    if code == 429 or (code == 403 and _speaks_of_quota(facts)):
        return Answer(outcome=QueryOutcome.QUOTA, note=note)
    if code in {401, 403} or "API key" in message:
        return Answer(outcome=QueryOutcome.BLOCKED, note=note)
    return Answer(outcome=QueryOutcome.HTTP_ERROR, note=note)


def _speaks_of_quota(facts: Mapping[str, Any]) -> bool:
    words = str(facts.get("errors", ""))[:2000] + to_text(facts.get("message"), 500)
    return any(word in words.lower() for word in ("quota", "limitexceeded", "limit exceeded"))
