"""Baidu image search: its JSON, asked with the cookies of its first page.

Terms:      https://www.baidu.com/duty/
Licenses:   none given: every image is ``unknown``; there is no license filter
Needs:      nothing
Limits:     30 results an answer, 1,000 to 2,000 a query. Many originals are gone or want to know
            where they were found. No way to ask for safe search is known: it is asked only with
            SAFE_SEARCH_OFF_ALLOWED, so look at what comes
"""

from __future__ import annotations

import re
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

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
    without_markup,
)
from carsets.sources.refusals import refusal_of_status, without_results
from carsets.sources.search_filters import ANYTHING, SearchFilters, engine_words
from carsets.spiders.filtered import FilteredSearchSpider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from scrapy.http import Response

    from carsets.items import CarImage
    from carsets.queries import Query

HOME = "https://image.baidu.com/"
ENDPOINT = f"{HOME}search/acjson"
PAGE_SIZE = 30
MAX_RESULTS = 1000
MAX_RECORDS = 200  # read of one answer

_COLORS = {"red": 1, "yellow": 2, "green": 4, "teal": 8, "brown": 12, "blue": 16, "purple": 32}
_OTHER_COLORS = {"pink": 64, "orange": 256, "black": 512, "white": 1024, "monochrome": 2048}
FILTER_WORDS: Mapping[str, Mapping[str, str]] = {
    "size": {"small": "z=1", "medium": "z=2", "large": "z=3", "huge": "z=9"},
    "color": {word: f"ic={number}" for word, number in (_COLORS | _OTHER_COLORS).items()},
    "type": {"face": "face=1", "clipart": "st=1", "line": "st=2", "animated": "lm=6"},
}

# How Baidu writes addresses: three groups of characters, then every other one by another.
_GROUPS = (("_z2C$q", ":"), ("_z&e3B", "."), ("AzdH3F", "/"))
_LETTERS = str.maketrans("0123456789abcdefghijklmnopqrstuvw", "7dgjmoru140852vsnkheb963wtqplifca")
_OWN_HOSTS = (".bdimg.com", ".bdstatic.com", ".baidu.com")

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f]")
_CAPTCHA_SIGNS = ("百度安全验证", "passMod_", "wappass.baidu.com/static/captcha")


def search_url(text: str, first: int = 0, filters: SearchFilters = ANYTHING) -> str:
    """Return the address of the answer that begins with result ``first`` (from 0)."""
    wanted = engine_words(filters, FILTER_WORDS)
    fixed = {"tn": "resultjson_com", "ipn": "rj", "fp": "result", "ie": "utf-8", "oe": "utf-8"}
    asked = {"cl": 2, "word": text, "queryWord": text}
    limits = dict(parse_qsl("&".join(wanted.values())))
    parameters = {**fixed, **asked, **limits, "pn": first, "rn": PAGE_SIZE}
    return f"{ENDPOINT}?{urlencode(parameters)}"


def read_cookies(headers: Iterable[str]) -> str:
    """Return the cookies that ``Set-Cookie`` headers set, as a request sends them back."""
    kept: dict[str, str] = {}
    for header in headers:
        try:
            kept |= {name: morsel.value for name, morsel in SimpleCookie(header[:4096]).items()}
        except CookieError:
            continue
    return "; ".join(f"{name}={value}" for name, value in list(kept.items())[:50])


def decode_address(written: str) -> str:
    """Return the address that Baidu has written in its own way; one that is plain stays."""
    if written.startswith("http"):
        return written
    for group, meant in _GROUPS:
        written = written.replace(group, meant)
    return written.translate(_LETTERS)


def read_page(body: bytes, *, url: str = "", status: int = 200) -> Answer:
    """Read one answer; ``url`` tells which results it holds."""
    page = body[:MAX_PAGE_BYTES].decode("utf-8", "replace")
    if "wappass.baidu.com" in (urlsplit(url).hostname or ""):
        return Answer(outcome=QueryOutcome.CAPTCHA, note="sent to a captcha")
    is_json = page.lstrip().startswith("{")
    if not is_json and any(sign in page for sign in _CAPTCHA_SIGNS):
        return Answer(outcome=QueryOutcome.CAPTCHA, note="a captcha instead of an answer")
    refused = refusal_of_status(status)
    if refused:
        return refused
    if not is_json:
        return without_results(page, r"(?i)\bdata-imgurl=|class=\"imgitem|\.bdimg\.com/")
    try:
        answer = read_json(repaired(page))
        if "antiFlag" in answer:
            note = f"antiFlag: {to_text(answer.get('message'), 200)}"
            return Answer(outcome=QueryOutcome.BLOCKED, note=note)
        records = [record for record in answer["data"] if record][:MAX_RECORDS]
    except (ForeignTextError, KeyError, TypeError) as error:
        note = f"{type(error).__name__} {error}"
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, note=note)
    total = to_int(answer.get("displayNum"))
    images = [image for record in records if (image := read_record(record))]
    if records and not images:
        note = f"{len(records)} records, none of which can be read"
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, total=total, note=note)
    if not records:
        return Answer(outcome=QueryOutcome.NO_RESULTS, total=total, note="an empty list")
    following = _first_of(url) + PAGE_SIZE
    reachable = min(to_int(answer.get("listNum")) or MAX_RESULTS, MAX_RESULTS)
    return Answer(
        outcome=QueryOutcome.RESULTS,
        images=images,
        next=following if following < reachable else None,
        total=total,
    )


def repaired(text: str) -> str:
    """Return Baidu's JSON without what is none: odd escapes, control characters in titles."""
    text = _ESCAPE.sub(lambda found: found[0] if found[1] in '"\\/bfnrtu' else found[1], text)
    return _CONTROL.sub(" ", text)


def read_record(record: Any) -> FoundImage | None:
    """Read one result: the original elsewhere, or the copy that Baidu has where it is all."""
    if not isinstance(record, dict):
        return None
    replaced = record.get("replaceUrl")
    other = replaced[0] if isinstance(replaced, list) and replaced else {}
    other = other if isinstance(other, dict) else {}
    own = [to_text(record.get(name)) for name in ("hoverURL", "middleURL", "thumbURL")]
    named = to_text(other.get("ObjURL"))
    decoded = decode_address(to_text(record.get("objURL")))
    originals = dict.fromkeys(address for address in (named, decoded) if "://" in address)
    # What Baidu names first is at times a small copy on a host of its own.
    found = sorted(originals, key=_is_own)
    scaled_down = not found
    found = found or [address for address in own if address][:1]
    if not found:
        return None
    page = to_text(other.get("FromURL")) or decode_address(to_text(record.get("fromURL")))
    return FoundImage(
        image_url=found[0],
        page_url=page,
        alternates=tuple(found[1:]),
        thumbnail_url=own[2],
        source_id=to_text(record.get("di")),
        title=to_text(record.get("fromPageTitleEnc"))
        or without_markup(record.get("fromPageTitle")),
        width=pixels(record.get("width")),
        height=pixels(record.get("height")),
        extra={"scaled_down": True} if scaled_down else {},
    )


def _is_own(address: str) -> bool:
    try:
        return (urlsplit(address).hostname or "").endswith(_OWN_HOSTS)
    except ValueError:
        return False


def _first_of(url: str) -> int:
    return to_int(parse_qs(urlsplit(url).query).get("pn", ["0"])[0]) or 0


class BaiduSpider(FilteredSearchSpider):
    """Images from Baidu image searches."""

    name = "baidu"
    filter_words = FILTER_WORDS
    page_size: ClassVar[int] = PAGE_SIZE
    max_results: ClassVar[int] = MAX_RESULTS
    requests_per_minute: ClassVar[float] = 20

    def prepare(self) -> None:
        """Begin without cookies: the first page of the run gives them."""
        self.cookies: str | None = None
        super().prepare()

    def page_request(self, query: Query, page: int, cursor: str | int | None) -> scrapy.Request:
        """Ask for an answer; for the first page of the site, as long as there are no cookies.

        COOKIES_ENABLED is off for all the image hosts, so the cookies travel in the request.
        """
        first = to_int(cursor)
        first = (page - 1) * PAGE_SIZE if first is None else first
        meta = {"download_maxsize": MAX_PAGE_BYTES, "baidu_first": first}
        if self.cookies is None:
            return scrapy.Request(HOME, meta={**meta, "baidu_home": True})
        headers = {"Referer": HOME, "Accept": "application/json, text/javascript, */*; q=0.01"}
        if self.cookies:
            headers["Cookie"] = self.cookies
        return scrapy.Request(
            search_url(query.text, first, self.filters), headers=headers, meta=meta
        )

    async def parse_page(
        self, response: Response, query: Query, page: int, taken: int
    ) -> AsyncIterator[CarImage | scrapy.Request]:
        """Go on with the cookies, if this is the first page; else as every source."""
        if response.meta.get("baidu_home") and response.status == 200:
            wall = self.read_page(response)
            if wall.outcome is not QueryOutcome.CAPTCHA:
                given = [line.decode("latin-1") for line in response.headers.getlist("Set-Cookie")]
                self.cookies = read_cookies(given)
                yield self._request(query, page, response.meta["baidu_first"], taken)
                return
        async for result in super().parse_page(response, query, page, taken):
            yield result

    def read_page(self, response: Response) -> Answer:
        """Read one answer."""
        return read_page(response.body, url=response.url, status=response.status)
