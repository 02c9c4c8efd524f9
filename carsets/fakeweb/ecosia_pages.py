"""Ecosia's image search as the built-in web speaks it."""

from __future__ import annotations

from html import escape
from urllib.parse import quote_plus

from carsets.fakeweb.engine_page import Asked, Page, index, shown

PAGE_SIZE = 24
LAST = 240

CAPTCHA = Page(
    "<!DOCTYPE html><html><head><title>Just a moment...</title></head><body>"
    '<input type="hidden" name="cf-turnstile-response" value=""></body></html>',
    status=403,
)
BLOCKED = Page("Forbidden", status=403)


def search_answer(asked: Asked) -> Page:
    """Return one page of a search."""
    if asked.path != "/images":
        return Page("", status=404)
    words, page = asked.parameters.get("q", ""), asked.number("p", 0)
    numbers = index(words, asked.per_combination)[:LAST]
    first = page * PAGE_SIZE
    tiles = numbers[first : first + PAGE_SIZE]
    if not tiles:
        return no_results(asked)
    content = "".join(_tile(number, place, len(tiles)) for place, number in enumerate(tiles, 1))
    more = first + PAGE_SIZE < len(numbers)
    feed = f'<div role="feed" aria-label="Image results" class="image-feed">{content}</div>'
    return _page(words, feed + _arrows(words, page, more=more))


def no_results(asked: Asked) -> Page:
    """Return the page that says that there is nothing."""
    words = asked.parameters.get("q", "")
    return _page(
        words,
        '<div data-test-id="images-no-results" class="no-results images__no-results"><p>'
        "Unfortunately we didn’t find any results for “<strong data-test-id="
        f'"no-results-query">{escape(words)}</strong>” </p></div>',
    )


def changed_format(asked: Asked) -> Page:
    """Return the same results in a markup that nobody has seen before."""
    page = search_answer(asked)
    return Page(page.text.replace("<article ", "<section ").replace("images-result", "tile"))


def _page(words: str, content: str) -> Page:
    return Page(
        f'<!DOCTYPE html><html lang="en"><head><title>{escape(words)} - Ecosia - Images</title>'
        '</head><body><div id="app" data-server-rendered="true"><main id="main" '
        'data-test-id="layout-content"><h1 data-test-id="images-title"> Images </h1>'
        f"{content}</main></div></body></html>"
    )


def _arrows(words: str, page: int, *, more: bool) -> str:
    address = f"/images?q={quote_plus(words)}&amp;p={page + 1}"
    following = (
        f'<a href="{address}" aria-label="Next" data-test-id="pagination-control-next" as="a" '
        'class="button"></a>'
        if more
        else "<!---->"
    )
    return (
        '<nav aria-label="Pagination" data-test-id="images-pagination" class="images__pagination">'
        f'<div aria-label="Page {page + 1}" data-test-id="pagination-current"></div>'
        f'<div class="pagination__control">{following}</div></nav>'
    )


def _tile(number: int, place: int, of: int) -> str:
    image = shown(number)
    title, thumbnail = escape(image.title), escape(image.thumbnail)
    return (
        f'<article aria-label="{title}" aria-describedby="image-details-{image.identity}" '
        f'aria-posinset="{place}" aria-setsize="{of}" data-test-id="images-result" tabindex="0" '
        'class="image-feed__item image-result"><div class="image-result__link-wrapper">'
        f'<a href="{escape(image.url)}" rel="noopener" data-test-id="image-result-link" '
        f'aria-controls="image-preview-{image.identity}" class="image-result__link">'
        f'<img src="{thumbnail}" height="355" width="474" alt="{title}" '
        'class="image-result__image"><!----><div data-test-id="image-result-dimensions" '
        f'class="image-result__dimensions"> {image.width} × {image.height} </div></a></div>'
        f'<div id="image-details-{image.identity}" class="image-result__details">'
        f'<a href="{escape(image.page)}" rel="noopener" class="image-result__details-link">'
        f'<h2 class="image-result__details-title"> {title} </h2>'
        f'<div data-test-id="image-result-source"> {image.host} </div></a></div></article>'
    )
