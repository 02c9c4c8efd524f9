"""Bing image search, through the result tiles that its own page loads.

Terms:      https://www.microsoft.com/servicesagreement
Licenses:   none given: every image is ``unknown``. The license filter is Bing's guess; it is
            kept as ``license_filter`` and never becomes a license
Needs:      nothing
Limits:     35 tiles a page; what comes after about 140 has little to do with the question
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import unquote_plus, urlencode, urlsplit

import scrapy

from carsets.items import FoundImage
from carsets.outcomes import QueryOutcome
from carsets.sources.answers import Answer
from carsets.sources.foreign_text import (
    MAX_PAGE_BYTES,
    pixels,
    read_json,
    to_int,
    to_text,
    without_markup,
)
from carsets.sources.refusals import wall_in
from carsets.sources.search_filters import ANYTHING, SearchFilters, engine_words, license_note
from carsets.sources.start_tags import StartTag, start_tags
from carsets.spiders.filtered import FilteredSearchSpider

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapy.http import Response

    from carsets.queries import Query

ENDPOINT = "https://www.bing.com/images/async"
PAGE_SIZE = 35
MAX_RESULTS = 140
MAX_TILES = 200  # read of one page; a recorded one has 47

# What Bing calls the filters (the values after ``filterui:``), and safe search.
_COLORS = ("red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "brown")
_MINUTES = {"day": 1440, "week": 10080, "month": 43200, "year": 525600}
FILTER_WORDS: Mapping[str, Mapping[str, str]] = {
    "size": {
        "small": "imagesize-small",
        "medium": "imagesize-medium",
        "large": "imagesize-large",
        "huge": "imagesize-wallpaper",
    },
    "color": {
        **{word: f"color2-FGcls_{word.upper()}" for word in (*_COLORS, "black", "gray", "white")},
        "color": "color2-color",
        "monochrome": "color2-bw",
    },
    "type": {
        "photo": "photo-photo",
        "clipart": "photo-clipart",
        "line": "photo-linedrawing",
        "animated": "photo-animatedgif",
        "transparent": "photo-transparent",
        "face": "face-face",
    },
    "aspect": {word: f"aspect-{word}" for word in ("square", "wide", "tall")},
    "date": {word: f"age-lt{minutes}" for word, minutes in _MINUTES.items()},
    "license": {
        "any-cc": "licenseType-Any",
        "public-domain": "license-L1",
        "share": "license-L2_L3_L4_L5_L6_L7",
        "commercial": "license-L2_L3_L4",
        "modify": "license-L2_L3_L5_L6",
        "modify-commercial": "license-L2_L3",
    },
    "safe": {word: word for word in ("strict", "moderate", "off")},
}

_CAPTCHA_PATH = "/turing/captcha/"
_CAPTCHA_WORDS = (
    "Please solve the challenge below to continue",
    "challenges.cloudflare.com/turnstile",
)
_NO_RESULTS_WORDS = ("There are no results for", "No results found for")


def search_url(text: str, first: int = 1, filters: SearchFilters = ANYTHING) -> str:
    """Return the address of the page of tiles that begins with result ``first`` (from 1).

    Safe search is always told, whatever the visitor's country has as its default.
    """
    wanted = engine_words(filters, FILTER_WORDS)
    parameters = {
        "q": text,
        "first": first,
        "count": PAGE_SIZE,
        "mmasync": 1,
        "adlt": wanted.pop("safe"),
        "cc": filters.country or "us",
        "setlang": filters.language or "en",
    }
    url = f"{ENDPOINT}?{urlencode(parameters)}"
    # Bing wants the plus and the colon of its filters literal.
    pieces = "".join(f"+filterui:{word}" for word in wanted.values())
    return f"{url}&qft={pieces}" if pieces else url


def read_page(
    html: str, *, url: str = "", status: int = 200, filters: SearchFilters = ANYTHING
) -> Answer:
    """Read one page of tiles.

    ``url`` is where the answer came from: a captcha shows in it. Raises ``ForeignTextError`` for a
    page that is too large to be one.
    """
    blocked = _refusal(html, url, status)
    if blocked:
        return blocked
    tags = list(start_tags(html[:MAX_PAGE_BYTES]))
    if any(tag.has_class("captcha") or tag.get("id") == "b_captcha" for tag in tags):
        return Answer(outcome=QueryOutcome.CAPTCHA, note="a captcha in the page")
    tiles = [tag for tag in tags if tag.name == "a" and tag.has_class("iusc")][:MAX_TILES]
    grids = [tag for tag in tags if _is_grid(tag)]
    images = [image for tile in tiles if (image := read_tile(tile.attributes, filters))]
    if images:
        return Answer(outcome=QueryOutcome.RESULTS, images=images, next=_next_first(grids))
    # Thumbnails without tiles: the results are there, in a markup that is new.
    marks = len(tiles) or sum(tag.has_class("mimg") for tag in tags)
    if marks:
        note = f"{marks} tiles, none of which is a result that can be read"
        return Answer(outcome=QueryOutcome.FORMAT_CHANGED, note=note)
    if any(tag.has_class("b_no") for tag in tags) or any(w in html for w in _NO_RESULTS_WORDS):
        return Answer(outcome=QueryOutcome.NO_RESULTS, note="Bing says that there are none")
    if _first_of(url) > 1 and grids and not _next_first(grids):
        return Answer(outcome=QueryOutcome.NO_RESULTS, note="the grid ends here")
    note = "a page without tiles that does not say why"
    return wall_in(html) or Answer(outcome=QueryOutcome.BLOCKED, note=note)


def read_tile(
    attributes: Mapping[str, str], filters: SearchFilters = ANYTHING
) -> FoundImage | None:
    """Read one tile; None for clusters, related searches and what is no tile any more."""
    try:
        facts = read_json(attributes["m"])
        image_url, page_url = facts["murl"], facts["purl"]
    except (ValueError, KeyError, TypeError):
        return None
    if not page_url or not image_url:  # a cluster or a related search
        return None
    asked = _query_of(attributes.get("href", ""))
    extra: dict[str, Any] = {"bing_md5": to_text(facts.get("md5")), **license_note("bing", filters)}
    if asked.get("cdnurl"):
        extra["cdn_url"] = to_text(asked["cdnurl"])
    return FoundImage(
        image_url=to_text(image_url),
        page_url=to_text(page_url),
        thumbnail_url=to_text(facts.get("turl")),
        source_id=to_text(facts.get("mid")),
        title=_unmarked(facts.get("t")),
        description=without_markup(_unmarked(facts.get("desc"))),
        width=pixels(asked.get("expw")),
        height=pixels(asked.get("exph")),
        extra=extra,
    )


def _refusal(html: str, url: str, status: int) -> Answer | None:
    if _CAPTCHA_PATH in urlsplit(url).path:
        return Answer(outcome=QueryOutcome.CAPTCHA, note="sent to a captcha")
    for words in _CAPTCHA_WORDS:
        if words in html:
            return Answer(outcome=QueryOutcome.CAPTCHA, note=words)
    if status in {401, 403, 429}:
        return Answer(outcome=QueryOutcome.BLOCKED, note=f"HTTP {status}")
    if status != 200:
        return Answer(outcome=QueryOutcome.HTTP_ERROR, note=f"HTTP {status}")
    return None


def _is_grid(tag: StartTag) -> bool:
    identity = tag.get("id")
    return tag.has_class("dgControl") and identity.startswith("mmComponent_images_")


def _next_first(grids: list[StartTag]) -> int | None:
    """Return the ``first`` of the page that the first grid announces, None at the end."""
    announced = grids[0].get("data-nexturl") if grids else ""
    first = _first_of(announced)
    return first if 1 < first <= MAX_RESULTS else None


def _first_of(url: str) -> int:
    return to_int(_query_of(url).get("first")) or 0


_WANTED = frozenset({"first", "cdnurl", "expw", "exph"})


def _query_of(url: str) -> dict[str, str]:
    """Return the parameters of an address that we need, the first of each name."""
    found: dict[str, str] = {}
    for piece in url.partition("?")[2].partition("#")[0].split("&"):
        name, _, value = piece.partition("=")
        if name in _WANTED:  # to decode the others takes longer than all the rest of a tile
            found.setdefault(name, unquote_plus(value))
    return found


def _unmarked(value: object) -> str:
    """Drop the private characters with which Bing marks the words that were asked for."""
    return re.sub("[\ue000\ue001]", "", to_text(value))


class BingSpider(FilteredSearchSpider):
    """Images from Bing image searches."""

    name = "bing"
    filter_words = FILTER_WORDS
    has_regions: ClassVar[bool] = True
    page_size: ClassVar[int] = PAGE_SIZE
    max_results: ClassVar[int] = MAX_RESULTS
    requests_per_minute: ClassVar[float] = 30

    def page_request(self, query: Query, page: int, cursor: str | int | None) -> scrapy.Request:
        """Ask for the page that begins where the one before said."""
        first = to_int(cursor) or (page - 1) * PAGE_SIZE + 1
        url = search_url(query.text, first, self.filters)
        return scrapy.Request(url, meta={"download_maxsize": MAX_PAGE_BYTES})

    def read_page(self, response: Response) -> Answer:
        """Read one page of tiles."""
        return read_page(
            response.body.decode("utf-8", "replace"),
            url=response.url,
            status=response.status,
            filters=self.filters,
        )
