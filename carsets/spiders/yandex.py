"""Yandex image search: the state that its page carries as JSON.

Terms:      https://yandex.com/legal/rules/
Licenses:   none given: every image is ``unknown``; there is no license filter
Needs:      nothing
Limits:     about 30 results a page, some hundreds a query; asks for a captcha soon, and then for
            about seven minutes
"""

from __future__ import annotations

import html as entities
import re
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

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
from carsets.spiders.filtered import NumberedPagesSpider

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapy.http import Response

ENDPOINT = "https://yandex.com/images/search"
PAGE_SIZE = 30
MAX_RESULTS = 300
MAX_RECORDS = 200  # read of one page
MAX_COPIES = 5  # other places of one picture that are kept

FILTER_WORDS: Mapping[str, Mapping[str, str]] = {
    "size": {
        **{word: f"isize={word}" for word in ("small", "medium", "large")},
        "huge": "isize=wallpaper",
    },
    "color": {
        **{
            word: f"icolor={word}"
            for word in ("color", "red", "orange", "yellow", "green", "blue", "white", "black")
        },
        "teal": "icolor=cyan",
        "purple": "icolor=violet",
        "monochrome": "icolor=gray",
    },
    "type": {
        **{word: f"type={word}" for word in ("photo", "clipart", "face")},
        "line": "type=lineart",
        "animated": "itype=gifan",
    },
    "aspect": {
        "square": "iorient=square",
        "wide": "iorient=horizontal",
        "tall": "iorient=vertical",
    },
    "date": {"week": "recent=7D"},
    # Not in the address but in a cookie: the number behind ``sp.family``.
    "safe": {"strict": "2", "moderate": "1", "off": "0"},
}

_STATE = re.compile(r"""\bdata-state=(?:"([^"]*)"|'([^']*)')""")
_CAPTCHAS = ('action="/checkcaptcha', "CheckboxCaptcha", "<title>Are you not a robot?")
_NO_RESULTS_WORDS = ("ничего не найдено</title>", "Ничего не нашли")
_MARKS = r"//avatars\.mds\.yandex\.net/|class=\"[^\"<>]{0,200}\bserp-item"


def search_url(text: str, page: int = 0, filters: SearchFilters = ANYTHING) -> str:
    """Return the address of a page (from 0)."""
    wanted = engine_words(filters, FILTER_WORDS)
    del wanted["safe"]
    parameters = [
        ("text", text),
        ("p", page),
        *parse_qsl("&".join(wanted.values())),
        ("noreask", 1),  # the question as it is, spelling and all
        ("uinfo", "sw-1920-sh-1080-ww-1125-wh-999"),
    ]
    return f"{ENDPOINT}?{urlencode(parameters)}"


def cookies(filters: SearchFilters = ANYTHING) -> str:
    """Return the cookie with the family filter, valid till 2038."""
    return f"yp=2147483647.sp.family%3A{engine_words(filters, FILTER_WORDS)['safe']}"


def read_page(
    html: str, *, url: str = "", status: int = 200, headers: Mapping[str, str] | None = None
) -> Answer:
    """Read one page. ``headers`` have lower-case names."""
    if "captcha" in (headers or {}).get("x-yandex-captcha", "") or "/showcaptcha" in url:
        return Answer(outcome=QueryOutcome.CAPTCHA, note="sent to a captcha")
    if html.startswith("{") and '"captcha"' in html[:1000]:
        return Answer(outcome=QueryOutcome.CAPTCHA, note="JSON that says captcha")
    state = _state_in(html)
    if state is None:
        for sign in _CAPTCHAS:
            if sign in html:
                return Answer(outcome=QueryOutcome.CAPTCHA, note=sign)
        if status == 200 and any(words in html for words in _NO_RESULTS_WORDS):
            return Answer(outcome=QueryOutcome.NO_RESULTS, note="Yandex says that there are none")
        return refusal_of_status(status) or without_results(html, _MARKS)
    refused = refusal_of_status(status)
    if refused:
        return refused
    try:
        entities_ = read_json(state)["initialState"]["serpList"]["items"]["entities"] or {}
        records = sorted(entities_.values(), key=_place)[:MAX_RECORDS]
    except (ForeignTextError, KeyError, TypeError, AttributeError) as error:
        note = f"the state of the page: {type(error).__name__} {error}"
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, note=note)
    images = [image for record in records if (image := read_record(record))]
    if records and not images:
        note = f"{len(records)} records, none of which can be read"
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, note=note)
    if not records:
        return Answer(outcome=QueryOutcome.NO_RESULTS, note="an empty list")
    following = _page_of(url) + 1
    more = following * PAGE_SIZE < MAX_RESULTS
    return Answer(outcome=QueryOutcome.RESULTS, images=images, next=following if more else None)


def read_record(record: Any) -> FoundImage | None:
    """Read one result: the original, and the copies of it that lie elsewhere."""
    if not isinstance(record, dict):
        return None
    copies = _copies(record.get("viewerData"))
    original = _address(record.get("origUrl"))
    width, height = pixels(record.get("origWidth")), pixels(record.get("origHeight"))
    if not original and copies:
        original, width, height = copies[0]
    if not original:
        return None
    snippet = record.get("snippet")
    about = snippet if isinstance(snippet, dict) else {}
    others = dict.fromkeys(address for address, _, _ in copies if address != original)
    return FoundImage(
        image_url=original,
        page_url=to_text(about.get("url")),
        alternates=tuple(others)[:MAX_COPIES],
        thumbnail_url=_address(record.get("image")),
        title=without_markup(about.get("title")) or without_markup(record.get("alt")),
        description=without_markup(about.get("text")),
        width=width,
        height=height,
    )


def _copies(viewer: Any) -> list[tuple[str, int | None, int | None]]:
    """Return the copies that the viewer knows, largest first."""
    found = []
    for name in ("preview", "dups"):
        listed = viewer.get(name) if isinstance(viewer, dict) else None
        for copy in listed[:50] if isinstance(listed, list) else ():
            if isinstance(copy, dict) and (address := _address(copy.get("url"))):
                found.append((address, pixels(copy.get("w")), pixels(copy.get("h"))))
    return sorted(found, key=lambda copy: (copy[1] or 0) * (copy[2] or 0), reverse=True)


def _address(value: Any) -> str:
    text = to_text(value)
    return f"https:{text}" if text.startswith("//") else text


def _place(record: Any) -> int:
    place = to_int(record.get("pos")) if isinstance(record, dict) else None
    return MAX_PAGE_BYTES if place is None else place


def _state_in(html: str) -> str | None:
    """Return the JSON of the images' list; other parts of the page carry a state too."""
    for found in _STATE.finditer(html[:MAX_PAGE_BYTES]):
        state = found[1] or found[2] or ""
        if "serpList" in state:
            return entities.unescape(state)
    return None


def _page_of(url: str) -> int:
    return to_int(parse_qs(urlsplit(url).query).get("p", ["0"])[0]) or 0


class YandexSpider(NumberedPagesSpider):
    """Images from Yandex image searches."""

    name = "yandex"
    filter_words = FILTER_WORDS
    search_url = staticmethod(search_url)
    safety_cookie = staticmethod(cookies)
    page_size: ClassVar[int] = PAGE_SIZE
    max_results: ClassVar[int] = MAX_RESULTS
    requests_per_minute: ClassVar[float] = 12

    def read_page(self, response: Response) -> Answer:
        """Read one page."""
        return read_page(
            response.body.decode("utf-8", "replace"),
            url=response.url,
            status=response.status,
            headers={
                name.decode("latin-1").lower(): values[0].decode("latin-1")
                for name, values in response.headers.items()
                if values
            },
        )
