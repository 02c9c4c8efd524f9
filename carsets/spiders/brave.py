"""Brave image search: the data inside its page, or its API with the user's key.

Terms:      https://search.brave.com/help/terms-of-use and https://api-dashboard.search.brave.com
Licenses:   none given: every image is ``unknown``; there is no license filter
Needs:      nothing for the page; for the API a key in the environment variable BRAVE_API_KEY
Limits:     one answer a query, about 100 images (API: 200). The page answers 429 soon, often at
            the first question; the API takes one question a second
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

import scrapy

from carsets.items import FoundImage
from carsets.net.redaction import register_secret
from carsets.outcomes import QueryOutcome
from carsets.problems import UserError
from carsets.sources.answers import Answer
from carsets.sources.foreign_text import (
    MAX_PAGE_BYTES,
    ForeignTextError,
    pixels,
    read_json,
    to_text,
    without_markup,
)
from carsets.sources.js_literal import read_literal
from carsets.sources.refusals import refusal_of_status, without_results
from carsets.sources.search_filters import ANYTHING, SearchFilters, engine_words
from carsets.spiders.filtered import FilteredSearchSpider

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapy.http import Response

    from carsets.queries import Query

PAGE_ENDPOINT = "https://search.brave.com/images"
API_ENDPOINT = "https://api.search.brave.com/res/v1/images/search"
MAX_RESULTS = 100
API_COUNT = 200
MAX_RECORDS = 400  # read of one answer
LONGEST_QUESTION, MOST_WORDS = 400, 50

PAGE_WORDS: Mapping[str, Mapping[str, str]] = {
    "safe": {word: word for word in ("strict", "moderate", "off")}
}
API_WORDS: Mapping[str, Mapping[str, str]] = {"safe": {"strict": "strict", "off": "off"}}

_DATA = re.compile(r"\bdata\s{0,9}:\s{0,9}(?=\[)")


def page_url(text: str) -> str:
    """Return the address of the page; what it is limited to stands in the cookies."""
    return f"{PAGE_ENDPOINT}?{urlencode({'q': _question(text), 'source': 'web'})}"


def page_cookies(filters: SearchFilters = ANYTHING) -> str:
    """Return the cookies of the page: safe search, and whose results."""
    country, language = filters.country or "us", filters.language or "en"
    return (
        f"safesearch={engine_words(filters, PAGE_WORDS)['safe']}; country={country}; "
        f"useLocation=0; ui_lang={language}-{country}; summarizer=0"
    )


def api_url(text: str, filters: SearchFilters = ANYTHING) -> str:
    """Return the address of the API's one answer. The key travels in a header."""
    parameters = {
        "q": _question(text),
        "country": (filters.country or "us").upper(),
        "search_lang": filters.language or "en",
        "count": API_COUNT,
        "safesearch": engine_words(filters, API_WORDS)["safe"],
        "spellcheck": "false",  # what is asked is what is labelled
    }
    return f"{API_ENDPOINT}?{urlencode(parameters)}"


def _question(text: str) -> str:
    return " ".join(text.split()[:MOST_WORDS])[:LONGEST_QUESTION]


def read_page(html: str, *, status: int = 200) -> Answer:
    """Read the data that the page hands to its script; nothing of it is run."""
    refused = refusal_of_status(status)
    if refused:
        return refused
    start = html.find("kit.start(")
    found = _DATA.search(html, start) if start >= 0 else None
    if found is None:
        # The word captcha is on every page, so the title has to say it.
        if "<title>Captcha" in html:
            return Answer(outcome=QueryOutcome.CAPTCHA, note="a captcha instead of results")
        return without_results(html, r"//imgs\.search\.brave\.com/")
    try:
        nodes = read_literal(html, found.end())
        response = next(
            node["data"]["body"]["response"]
            for node in nodes
            if isinstance(node, dict) and (node.get("data") or {}).get("page") == "images"
        )
        return _answer(response["results"])
    except (ForeignTextError, KeyError, TypeError, AttributeError, StopIteration) as error:
        note = f"the data of the page: {type(error).__name__} {error}".strip()
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, note=note)


def read_api_answer(body: bytes, *, status: int = 200) -> Answer:
    """Read one answer of the API."""
    if status == 429:
        return Answer(outcome=QueryOutcome.QUOTA, note="HTTP 429")
    if status in {401, 403, 422} and b"SUBSCRIPTION_TOKEN" in body:
        note = f"HTTP {status}: check BRAVE_API_KEY"
        return Answer(outcome=QueryOutcome.BLOCKED, note=note)
    refused = refusal_of_status(status)
    if refused:
        return refused
    try:
        return _answer(read_json(body)["results"])
    except (ForeignTextError, KeyError, TypeError, AttributeError) as error:
        note = f"{type(error).__name__} {error}".strip()
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, note=note)


def _answer(results: list[Any]) -> Answer:
    records = results[:MAX_RECORDS]
    images = [image for record in records if (image := read_record(record))]
    if records and not images:
        note = f"{len(records)} records, none of which can be read"
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, note=note)
    if not records:
        return Answer(outcome=QueryOutcome.NO_RESULTS, note="an empty list")
    return Answer(outcome=QueryOutcome.RESULTS, images=images)


def read_record(record: Any) -> FoundImage | None:
    """Read one result, of the page or of the API; None when it lacks what every result has."""
    try:
        facts = record["properties"]
        image_url, page = to_text(facts["url"]), to_text(record["url"])
    except (KeyError, TypeError):
        return None
    if not image_url:
        return None
    thumbnail = record.get("thumbnail")
    return FoundImage(
        image_url=image_url,
        page_url=page,
        thumbnail_url=to_text(thumbnail.get("src")) if isinstance(thumbnail, dict) else "",
        title=to_text(record.get("title")),
        description=without_markup(record.get("description")),
        width=pixels(facts.get("width")),
        height=pixels(facts.get("height")),
        extra={
            name: to_text(record[name])
            for name in ("page_fetched", "confidence")
            if to_text(record.get(name))
        },
    )


class BraveSpider(FilteredSearchSpider):
    """Images from Brave image searches."""

    name = "brave"
    arguments = FilteredSearchSpider.arguments | {"mode"}
    filter_words = PAGE_WORDS
    has_regions: ClassVar[bool] = True
    page_size: ClassVar[int] = MAX_RESULTS
    max_results: ClassVar[int] = MAX_RESULTS
    requests_per_minute: ClassVar[float] = 6  # of the page; the API takes more

    def prepare(self) -> None:
        """Choose the API where there is a key, or what ``-a mode=`` says."""
        self.key = os.environ.get("BRAVE_API_KEY", "").strip()
        register_secret(self.key)
        self.mode = self.given.get("mode", "") or ("api" if self.key else "page")
        if self.mode not in {"api", "page"}:
            raise UserError(f"brave: unknown mode {self.mode!r}; it is api or page")
        if self.mode == "api" and not self.key:
            raise UserError(
                "brave: the API needs a key: get one at https://brave.com/search/api/ and set the "
                "environment variable BRAVE_API_KEY (-a mode=page needs none)"
            )
        self.filter_words = API_WORDS if self.mode == "api" else PAGE_WORDS
        super().prepare()

    def page_request(self, query: Query, page: int, cursor: str | int | None) -> scrapy.Request:
        """Ask for the one answer that there is; safe search and region go with it."""
        meta = {"download_maxsize": MAX_PAGE_BYTES}
        if self.mode == "api":
            headers = {"X-Subscription-Token": self.key, "Accept": "application/json"}
            return scrapy.Request(api_url(query.text, self.filters), headers=headers, meta=meta)
        headers = {
            "Cookie": page_cookies(self.filters),
            "Accept-Encoding": "gzip, deflate",  # it answers nothing else to plain clients
        }
        return scrapy.Request(page_url(query.text), headers=headers, meta=meta)

    def read_page(self, response: Response) -> Answer:
        """Read the page, or the answer of the API."""
        if response.url.startswith(API_ENDPOINT):
            return read_api_answer(response.body, status=response.status)
        return read_page(response.body.decode("utf-8", "replace"), status=response.status)
