"""Google's page of image results, as a browser shows it.

The tiles name an id and a page each; the originals stand in the scripts of the page, in lists
like ``[0, ID, [thumbnail, height, width], [original, height, width], …]``: height before width.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from carsets.items import FoundImage
from carsets.outcomes import QueryOutcome
from carsets.sources.answers import Answer
from carsets.sources.foreign_text import MAX_PAGE_BYTES, pixels, to_text
from carsets.sources.search_filters import (
    ANYTHING,
    STRICT,
    SearchFilters,
    engine_words,
    license_note,
)
from carsets.sources.start_tags import StartTag, start_tags

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ENDPOINT = "https://www.google.com/search"
# All that the browser may reach: the page, the form before it, and the scripts of both.
HOSTS = ("www.google.com", "consent.google.com", "www.gstatic.com", "ssl.gstatic.com")
MAX_RESULTS = 300  # what scrolling reaches; not measured, more than one query should be asked for

# What the page calls the filters: pieces of ``tbs``. Safe search is its own parameter.
_COLORS = ("red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "brown")
FILTER_WORDS: Mapping[str, Mapping[str, str]] = {
    "size": {"small": "isz:i", "medium": "isz:m", "large": "isz:l", "huge": "isz:lt,islt:10mp"},
    "color": {
        **{word: f"ic:specific,isc:{word}" for word in (*_COLORS, "black", "gray", "white")},
        "color": "ic:color",
        "monochrome": "ic:gray",
    },
    "type": {
        **{word: f"itp:{word}" for word in ("photo", "clipart", "animated", "face")},
        "line": "itp:lineart",
        "transparent": "ic:trans",
    },
    "aspect": {"square": "iar:s", "wide": "iar:w", "tall": "iar:t"},
    "date": {word: f"qdr:{word[0]}" for word in ("day", "week", "month", "year")},
    "license": {"any-cc": "sur:cl"},
    "safe": {STRICT: "active"},
}
MAX_LISTS = 2000  # of images, read in one page; a recorded one has 27
LONGEST_LIST = 40_000  # characters of one of them; recorded ones stay below 4,000

_LIST = re.compile(r'\[0,"([\w-]{4,64})",\["')
_CONSENT_WORDS = "Before you continue"
_CAPTCHA_WORDS = "Our systems have detected unusual traffic"
_SCRIPT_WALL = (
    "/httpservice/retry/enablejs",
    "emsg=SG_REL",
    "If you're having trouble accessing Google Search",
)
_NO_RESULTS = re.compile(
    r"did not match any (?:image results|documents|images)|looks like there aren.t any matches"
    r"|>About 0 results"
)


def search_url(text: str, filters: SearchFilters = ANYTHING) -> str:
    """Return the address of the page. Safe search is on, always."""
    wanted = engine_words(filters, FILTER_WORDS)
    parameters = {
        "q": text,
        "udm": "2",  # images
        "hl": filters.language or "en",
        "gl": filters.country or "us",
        "safe": wanted.pop("safe"),
    }
    if wanted:
        parameters["tbs"] = ",".join(wanted.values())
    return f"{ENDPOINT}?{urlencode(parameters, safe=':,')}"


def read_page(
    html: str, *, url: str = "", status: int = 200, filters: SearchFilters = ANYTHING
) -> Answer:
    """Read one page; ``url`` is where the browser ended, ``filters`` what was asked with.

    Raises ``ForeignTextError`` for a page of too many tags to be one.
    """
    html = html[:MAX_PAGE_BYTES]
    tags = list(start_tags(_without_noscript(html)))
    refusal = _refusal(html, tags, url, status)
    if refusal:
        return refusal
    tiles = {
        tag.attributes["data-docid"]: tag.attributes["data-lpage"]
        for tag in tags
        if tag.get("data-docid") and "data-lpage" in tag.escaped
    }
    lists = {facts[1]: facts for facts in image_lists(html)}
    images = [
        image
        for docid, page_url in tiles.items()
        if docid in lists and (image := _image(lists[docid], page_url, filters))
    ]
    if images:
        lost = len(tiles) - len(images)
        note = f"{lost} of {len(tiles)} tiles without an original" if lost else ""
        return Answer(outcome=QueryOutcome.RESULTS, images=images, note=note)
    if tiles or lists:
        note = f"{len(tiles)} tiles and {len(lists)} lists of images that do not fit each other"
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, note=note)
    return _empty(html, tags)


def image_lists(html: str) -> Iterator[list[Any]]:
    """Yield the lists of images that stand in the scripts of a page, in their order."""
    decoder = json.JSONDecoder()
    place = 0
    for _ in range(MAX_LISTS):
        found = _LIST.search(html, place)
        if not found:
            return
        try:
            # A piece of the page: a list without an end is not looked for to the page's end.
            facts, length = decoder.raw_decode(html[found.start() : found.start() + LONGEST_LIST])
        except (ValueError, RecursionError):
            place = found.end()
            continue
        place = found.start() + length
        if _is_image(facts):
            yield facts


def _is_image(facts: Any) -> bool:
    """Say whether a list holds a thumbnail and an original with their sizes."""
    return len(facts) >= 4 and all(
        isinstance(copy, list) and len(copy) >= 3 and isinstance(copy[0], str)
        for copy in facts[2:4]
    )


def _image(facts: list[Any], page_url: str, filters: SearchFilters) -> FoundImage | None:
    thumbnail, original = facts[2], facts[3]
    if not original[0].startswith(("http://", "https://")):
        return None
    more = facts[9] if len(facts) > 9 and isinstance(facts[9], dict) else {}
    page = _entries(more, "2003")
    title = to_text(_at(page, 3)) or to_text(_at(_entries(more, "2008"), 1))
    extra: dict[str, Any] = {
        "site": to_text(_at(page, 12)),
        "file_size": to_text(_at(_entries(more, "2000"), 2), 20),
        "iptc": _iptc(_at(page, 18)),
        **license_note("google", filters),
    }
    return FoundImage(
        image_url=to_text(original[0]),
        page_url=to_text(page_url),
        thumbnail_url=to_text(thumbnail[0]) if thumbnail[0].startswith("https://") else "",
        source_id=to_text(facts[1]),
        title=title,
        width=pixels(original[2]),
        height=pixels(original[1]),
        extra={name: value for name, value in extra.items() if value},
    )


def _entries(more: Mapping[str, Any], name: str) -> list[Any]:
    value = more.get(name)
    return value if isinstance(value, list) else []


def _at(values: list[Any], place: int) -> Any:
    return values[place] if place < len(values) else None


def _iptc(rights: Any) -> dict[str, Any]:
    """Return what the file says of its rights, as Google read it: ``[credit, [creators], …]``."""
    if not isinstance(rights, list):
        return {}
    creators = _at(rights, 1)
    read = {
        "credit": to_text(_at(rights, 0), 500),
        "creators": [to_text(name, 200) for name in creators[:20]]
        if isinstance(creators, list)
        else [],
        "copyright": to_text(_at(rights, 3), 500),
    }
    return {name: value for name, value in read.items() if value}


def _refusal(html: str, tags: list[StartTag], url: str, status: int) -> Answer | None:
    """Name the page that stands where the results should be."""
    parts = urlsplit(url)
    if status == 429 or parts.path.startswith("/sorry") or _has_captcha(html, tags):
        note = f"HTTP {status}: Google wants to see a human"
        return Answer(outcome=QueryOutcome.CAPTCHA, note=note)
    if parts.hostname == "consent.google.com" or _CONSENT_WORDS in html:
        return Answer(outcome=QueryOutcome.CONSENT, note="a consent form before the results")
    if status in {401, 403}:
        return Answer(outcome=QueryOutcome.BLOCKED, note=f"HTTP {status}")
    if status != 200:
        return Answer(outcome=QueryOutcome.HTTP_ERROR, note=f"HTTP {status}")
    return None


def _has_captcha(html: str, tags: list[StartTag]) -> bool:
    return _CAPTCHA_WORDS in html or any(
        tag.get("id") == "captcha-form"
        or (tag.has_class("g-recaptcha") and "data-sitekey" in tag.escaped)
        for tag in tags
    )


def _empty(html: str, tags: list[StartTag]) -> Answer:
    """Name a page without images."""
    if _NO_RESULTS.search(html):
        return Answer(outcome=QueryOutcome.NO_RESULTS, note="Google says that there are none")
    # Good pages carry these words too, inside noscript, beside their results.
    results = any(tag.name == "h3" or tag.get("id") in {"search", "rso"} for tag in tags)
    if not results and any(mark in html for mark in _SCRIPT_WALL):
        note = "a page of scripts only: Google does not show its results to this browser"
        return Answer(outcome=QueryOutcome.BLOCKED, note=note)
    note = "a page without images that does not say why"
    return Answer(outcome=QueryOutcome.BLOCKED, note=note)


def _without_noscript(html: str) -> str:
    pieces: list[str] = []
    place = 0
    while (start := html.find("<noscript", place)) >= 0:
        end = html.find("</noscript>", start)
        if end < 0:
            break
        pieces.append(html[place:start])
        place = end + len("</noscript>")
    return "".join((*pieces, html[place:]))
