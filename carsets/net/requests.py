"""The kinds of requests, and what each may carry.

- An image request is made by the images pipeline for a URL that was found: it obeys robots.txt,
  carries no cookie and no referrer, and is never ``data:``.
- A source's own request (search pages, APIs) carries ``meta["carsets_source"] = True``.
- ``data:,N`` starts a source that has no pages; see ``is_own_data_request``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from scrapy import Request
from scrapy.http.request import NO_CALLBACK

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE = "carsets_source"  # key of request.meta
_OWN_DATA = re.compile(r"data:,[0-9]{0,18}\Z")
_FORBIDDEN_FOR_IMAGES = (b"Referer", b"Cookie", b"Authorization")


def image_request(url: str, meta: Mapping[str, Any] | None = None) -> Request:
    """Return the request for an image that was found. Raise ValueError for an unusable URL."""
    # Without allow_offsite a spider's allowed_domains would swallow the images of other hosts.
    return Request(url, callback=NO_CALLBACK, meta={"allow_offsite": True, **(meta or {})})


def is_image_request(request: Request) -> bool:
    """Whether the request is for an image, made by a media pipeline."""
    return request.callback is NO_CALLBACK and not request.meta.get("dont_obey_robotstxt")


def is_source_request(request: Request) -> bool:
    """Whether the request is for a source's own page or API."""
    return bool(request.meta.get(SOURCE)) and request.callback is not NO_CALLBACK


def is_own_data_request(request: Request) -> bool:
    """Whether this is the start of a source without pages: ``data:,N`` with a spider's callback.

    A URL that was found cannot become one: media pipelines ask with ``NO_CALLBACK``, redirects
    never lead to ``data:``, and a number carries no picture.
    """
    return request.callback is not NO_CALLBACK and bool(_OWN_DATA.match(request.url))


def strip_for_image_host(request: Request) -> None:
    """Take away what an image host need not know, and ask for the bytes as they are."""
    headers = request.headers
    for name in _FORBIDDEN_FOR_IMAGES:
        headers.pop(name, None)
    request.meta["dont_merge_cookies"] = True
    # A compressed answer could grow a thousandfold, and pictures are compressed already.
    headers[b"Accept-Encoding"] = b"identity"
    headers[b"Accept"] = b"image/*"
