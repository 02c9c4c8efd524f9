"""DuckDuckGo image search: a token of its page, then its JSON.

Terms:      https://duckduckgo.com/terms
Licenses:   none given: every image is ``unknown``. The license filter is a guess of the engine
            behind; it is kept as ``license_filter`` and never becomes a license
Needs:      nothing
Limits:     100 results a page, some hundreds a query; blocks after few questions, for about an
            hour. The index is Bing's: expect what Bing finds
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import scrapy

from carsets.items import FoundImage
from carsets.outcomes import QueryOutcome
from carsets.sources.answers import Answer
from carsets.sources.foreign_text import (
    MAX_PAGE_BYTES,
    ForeignTextError,
    pixels,
    read_json,
    to_int,
    to_text,
)
from carsets.sources.refusals import refusal_of_status, without_results
from carsets.sources.search_filters import ANYTHING, SearchFilters, engine_words, license_note
from carsets.spiders.filtered import FilteredSearchSpider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from scrapy.http import Response

    from carsets.items import CarImage
    from carsets.queries import Query

HOME = "https://duckduckgo.com/"
PAGE_SIZE = 100
MAX_RESULTS = 500
MAX_RECORDS = 200  # read of one answer
LONGEST_QUESTION = 499  # characters
TOKENS_KEPT = 64  # of questions that are open; a later page of one forgotten asks for a new one

_SLOTS = ("date", "size", "color", "type", "aspect", "license")  # of ``f``, in this order
_COLORS = ("Red", "Orange", "Yellow", "Green", "Teal", "Blue", "Purple", "Pink", "Brown")
FILTER_WORDS: Mapping[str, Mapping[str, str]] = {
    "date": {word: f"time:{word.title()}" for word in ("day", "week", "month", "year")},
    "size": {
        **{word: f"size:{word.title()}" for word in ("small", "medium", "large")},
        "huge": "size:Wallpaper",
    },
    "color": {
        **{word.lower(): f"color:{word}" for word in (*_COLORS, "Black", "Gray", "White")},
        "color": "color:color",
        "monochrome": "color:Monochrome",
    },
    "type": {
        **{word: f"type:{word}" for word in ("photo", "clipart", "line", "transparent")},
        "animated": "type:gif",
    },
    "aspect": {word: f"layout:{word.title()}" for word in ("square", "wide", "tall")},
    "license": {
        "any-cc": "license:Any",
        "public-domain": "license:Public",
        "share": "license:Share",
        "commercial": "license:ShareCommercially",
        "modify": "license:Modify",
        "modify-commercial": "license:ModifyCommercially",
    },
    "safe": {"strict": "1", "off": "-1"},
}

_TOKEN = re.compile(r"""\bvqd"?\s{0,3}[=:]\s{0,3}["']?(\d[\d-]{5,200})""")
_CHALLENGES = (
    "anomaly-modal",
    "challenge-form",
    "bots use DuckDuckGo too",
    "anomalyDetectionBlock(",
)


def token_url(text: str) -> str:
    """Return the address of the page that holds the token for a question."""
    parameters = {"q": text[:LONGEST_QUESTION], "iax": "images", "ia": "images"}
    return f"{HOME}?{urlencode(parameters)}"


def search_url(
    text: str, token: str, following: str = "", filters: SearchFilters = ANYTHING
) -> str:
    """Return the address of one answer; ``following`` is what the answer before named as next.

    Whatever that says, our own question, filters and safe search stand in the address.
    """
    wanted = engine_words(filters, FILTER_WORDS)
    parameters = {"o": "json", "q": "", "l": "", "vqd": "", "p": "", "f": "", "s": "0"}
    parameters |= dict(parse_qsl(urlsplit(following).query)[:20])
    parameters |= {
        "o": "json",
        "q": text[:LONGEST_QUESTION],
        "l": filters.region or "wt-wt",
        "vqd": token,
        "p": wanted["safe"],
        "f": ",".join(wanted.get(name, "") for name in _SLOTS),
    }
    return f"{HOME}i.js?{urlencode(parameters, safe=',:')}"


def cookies(filters: SearchFilters = ANYTHING) -> str:
    """Return the cookie that says the same about safe search as the address does."""
    return "p=-2" if engine_words(filters, FILTER_WORDS)["safe"] == "-1" else "p=1"


def read_token(page: str) -> str:
    """Return the token of a page; "" when there is none."""
    found = _TOKEN.search(page)
    return found[1] if found else ""


def read_page(body: bytes, *, status: int = 200, filters: SearchFilters = ANYTHING) -> Answer:
    """Read one answer. A page with the token alone is an answer that holds no results."""
    page = body.decode("utf-8", "replace")
    if any(words in page for words in _CHALLENGES) and not page.startswith("{"):
        return Answer(outcome=QueryOutcome.CAPTCHA, note="a challenge instead of an answer")
    if status == 202:  # what DuckDuckGo says to those who asked too much
        return Answer(outcome=QueryOutcome.BLOCKED, note="HTTP 202")
    refused = refusal_of_status(status)
    if refused:
        return refused
    try:
        answer = read_json(body)
        records = answer["results"][:MAX_RECORDS]
    except (ForeignTextError, KeyError, TypeError):
        # An answer in a new shape has addresses in it, a refusal has none.
        return without_results(page, r'(?i)^[{\[].{0,5000}"https?:')
    images = [image for record in records if (image := read_record(record, filters))]
    if records and not images:
        note = f"{len(records)} records, none of which can be read"
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, note=note)
    if not records:
        return Answer(outcome=QueryOutcome.NO_RESULTS, note="an empty list")
    return Answer(outcome=QueryOutcome.RESULTS, images=images, next=_following(answer.get("next")))


def read_record(record: Any, filters: SearchFilters = ANYTHING) -> FoundImage | None:
    """Read one result; None when it lacks what every result has."""
    try:
        image_url, page_url = to_text(record["image"]), to_text(record["url"])
    except (KeyError, TypeError):
        return None
    if not image_url:
        return None
    return FoundImage(
        image_url=image_url,
        page_url=page_url,
        thumbnail_url=to_text(record.get("thumbnail")),
        title=to_text(record.get("title")),
        width=pixels(record.get("width")),
        height=pixels(record.get("height")),
        extra=license_note("duckduckgo", filters),
    )


def _following(value: Any) -> str | None:
    """Return what names the next answer; None at the end, and where nothing new follows."""
    following = to_text(value, 2000)
    try:
        first = to_int(dict(parse_qsl(urlsplit(following).query)).get("s")) or 0
    except ValueError:
        return None
    return following if following.startswith("i.js?") and 0 < first < MAX_RESULTS else None


class DuckDuckGoSpider(FilteredSearchSpider):
    """Images from DuckDuckGo image searches."""

    name = "duckduckgo"
    filter_words = FILTER_WORDS
    has_regions: ClassVar[bool] = True
    page_size: ClassVar[int] = PAGE_SIZE
    max_results: ClassVar[int] = MAX_RESULTS
    requests_per_minute: ClassVar[float] = 12

    def prepare(self) -> None:
        """Begin without tokens: each belongs to one question and one visitor."""
        self.tokens: dict[str, str] = {}
        super().prepare()

    def page_request(self, query: Query, page: int, cursor: str | int | None) -> scrapy.Request:
        """Ask for an answer; for the token first, where there is none for this question."""
        token = self.tokens.get(query.text)
        following = to_text(cursor)
        headers = {"Cookie": cookies(self.filters), "Referer": HOME, "Accept": "*/*"}
        if token is None:
            del headers["Referer"], headers["Accept"]
        return scrapy.Request(
            search_url(query.text, token, following, self.filters)
            if token is not None
            else token_url(query.text),
            headers=headers,
            meta={
                "download_maxsize": MAX_PAGE_BYTES,
                "duckduckgo_cursor": following,
                "duckduckgo_token": token or "",
            },
        )

    async def parse_page(
        self, response: Response, query: Query, page: int, taken: int
    ) -> AsyncIterator[CarImage | scrapy.Request]:
        """Go on with the token, if this is its page; else as every source."""
        token = "" if response.meta["duckduckgo_token"] else self._token_of(response)
        if token:
            if len(self.tokens) >= TOKENS_KEPT:
                self.tokens.pop(next(iter(self.tokens)))
            self.tokens[query.text] = token
            yield self._request(query, page, response.meta["duckduckgo_cursor"] or None, taken)
            return
        async for result in super().parse_page(response, query, page, taken):
            yield result

    def read_page(self, response: Response) -> Answer:
        """Read one answer."""
        return read_page(response.body, status=response.status, filters=self.filters)

    @staticmethod
    def _token_of(response: Response) -> str:
        is_page = response.status == 200
        return read_token(response.body.decode("utf-8", "replace")) if is_page else ""
