"""Ecosia image search: the tiles of its page.

Terms:      https://www.ecosia.org/terms-of-service
Licenses:   none given: every image is ``unknown``
Needs:      nothing
Limits:     24 tiles a page; now and then Cloudflare wants a human. The index is Bing's: expect
            what Bing finds. Its page offers more filters than are known here
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

from carsets.items import FoundImage
from carsets.outcomes import QueryOutcome
from carsets.sources.answers import Answer
from carsets.sources.foreign_text import MAX_PAGE_BYTES, pixels, to_int, to_text, without_markup
from carsets.sources.refusals import refusal_of_status, wall_in, without_results
from carsets.sources.search_filters import ANYTHING, SearchFilters, engine_words
from carsets.sources.start_tags import start_tags
from carsets.spiders.filtered import NumberedPagesSpider

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapy.http import Response

ENDPOINT = "https://www.ecosia.org/images"
PAGE_SIZE = 24
MAX_RESULTS = 240  # what comes after that is little to the point, as at Bing
MAX_TILES = 100  # read of one page

FILTER_WORDS: Mapping[str, Mapping[str, str]] = {
    "type": {
        **{word: word for word in ("clipart", "photo", "line", "transparent")},
        "animated": "animatedgif",
    },
    # Not in the address but in the cookie of the settings; no document of Ecosia's says so.
    "safe": {"strict": "y", "moderate": "i", "off": "n"},
}

_TILE_ID = re.compile(r"image-details-([0-9A-Fa-f]{8,64})")
# Lengths are limited, or what never ends would be read again from each beginning.
_DIMENSIONS = re.compile(
    r'image-result-dimensions"[^<>]{0,300}>\s{0,20}(\d{1,6})\s{0,9}[×x]\s{0,9}(\d{1,6})\s{0,20}<'
)
_TITLE = re.compile(r'class="image-result__details-title"[^<>]{0,300}>([^<>]{0,2000})<')
_NEXT = re.compile(r'<a\b([^<>]{0,1000})\bdata-test-id="pagination-control-next"')
_HREF = re.compile(r'\bhref="([^"<>]{0,1000})"')
# What only results have, by whatever names their tiles go.
_MARKS = r'//tse\d\.mm\.bing\.net/|class="image-result|data-test-id="image-result'


def search_url(text: str, page: int = 0, filters: SearchFilters = ANYTHING) -> str:
    """Return the address of a page (from 0)."""
    parameters: dict[str, str | int] = {"q": text}
    if page:
        parameters["p"] = page
    wanted = engine_words(filters, FILTER_WORDS)
    if "type" in wanted:
        parameters["imageType"] = wanted["type"]
    return f"{ENDPOINT}?{urlencode(parameters)}"


def cookies(filters: SearchFilters = ANYTHING) -> str:
    """Return the cookie of the settings, with safe search in it."""
    return f"ECFG=f={engine_words(filters, FILTER_WORDS)['safe']}"


def read_page(html: str, *, url: str = "", status: int = 200) -> Answer:
    """Read one page of tiles. Raises ``ForeignTextError`` for one that is none."""
    if status != 200:
        wall = wall_in(html)
        return wall or refusal_of_status(status) or Answer(outcome=QueryOutcome.HTTP_ERROR)
    tiles = html[:MAX_PAGE_BYTES].split("<article ")[1 : MAX_TILES + 1]
    images = [image for tile in tiles if (image := read_tile(tile))]
    if images:
        return Answer(outcome=QueryOutcome.RESULTS, images=images, next=_next_page(html, url))
    if 'data-test-id="images-no-results"' in html:
        return Answer(outcome=QueryOutcome.NO_RESULTS, note="Ecosia says that there are none")
    return without_results(html, _MARKS)


def read_tile(html: str) -> FoundImage | None:
    """Read one tile, from behind ``<article ``; None for other articles and advertisements."""
    tags = list(start_tags(f"<article {html}"))
    if not tags or tags[0].get("data-test-id") != "images-result":
        return None
    link = next((t for t in tags if t.get("data-test-id") == "image-result-link"), None)
    image_url = to_text(link.get("href")) if link else ""
    if not image_url:
        return None
    picture = next((t.attributes for t in tags if t.has_class("image-result__image")), {})
    page = next((t.attributes for t in tags if t.has_class("image-result__details-link")), {})
    identity = _TILE_ID.search(html)
    size = _DIMENSIONS.search(html)
    title = _TITLE.search(html)
    return FoundImage(
        image_url=image_url,
        page_url=to_text(page.get("href")),
        thumbnail_url=to_text(picture.get("src")),
        source_id=identity[1] if identity else "",
        title=without_markup(title[1]) if title else to_text(picture.get("alt")),
        width=pixels(size[1]) if size else None,
        height=pixels(size[2]) if size else None,
    )


def _next_page(html: str, url: str) -> int | None:
    """Return the page to which the page's own arrow leads; None where there is no arrow."""
    arrow = _NEXT.search(html)
    if arrow:
        href = _HREF.search(arrow[1])
        page = _page_of(href[1].replace("&amp;", "&")) if href else 0
    elif 'data-test-id="images-pagination"' in html:
        page = 0
    else:  # no arrows at all any more: the next page will tell
        page = _page_of(url) + 1
    return page if 0 < page < MAX_RESULTS // PAGE_SIZE else None


def _page_of(url: str) -> int:
    try:
        return to_int(parse_qs(urlsplit(url).query).get("p", ["0"])[0]) or 0
    except ValueError:
        return 0


class EcosiaSpider(NumberedPagesSpider):
    """Images from Ecosia image searches."""

    name = "ecosia"
    filter_words = FILTER_WORDS
    search_url = staticmethod(search_url)
    safety_cookie = staticmethod(cookies)
    page_size: ClassVar[int] = PAGE_SIZE
    max_results: ClassVar[int] = MAX_RESULTS
    requests_per_minute: ClassVar[float] = 20

    def read_page(self, response: Response) -> Answer:
        """Read one page of tiles."""
        html = response.body.decode("utf-8", "replace")
        return read_page(html, url=response.url, status=response.status)
