"""The license that a page gives an image: JSON-LD, ``rel=license``, and microdata.

A page's own license counts for its image only together with what it says of the image itself:
where both speak and contradict each other, the stricter one holds.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin

from carsets.licenses.agreement import together
from carsets.licenses.declared import DeclaredLicense, Evidence
from carsets.licenses.reading import read_license
from carsets.licenses.schema_org import ImageRights, image_rights
from carsets.sources.foreign_text import MAX_PAGE_BYTES, ForeignTextError, read_json, to_text
from carsets.sources.start_tags import start_tags

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carsets.sources.start_tags import StartTag

MAX_SCRIPTS = 100  # of one page that are opened
MAX_LINKS = 50

_SCRIPT = re.compile(r"<script\b([^<>]{0,1000})>", re.IGNORECASE)
_SCRIPT_END = re.compile(r"</script", re.IGNORECASE)
_LD_JSON = re.compile(r"type\s*=\s*[\"']?application/ld\+json\b", re.IGNORECASE)
_WORDS = frozenset({"license", "cc:license", "dc:license", "dct:license", "dcterms:license"})


def page_license(page: str, image_url: str = "", page_url: str = "") -> DeclaredLicense:
    """Return the license that a page gives to an image; ``NO_LICENSE`` when it names none.

    Without an ``image_url`` the page is taken to be about all images that it describes. Never
    raises.
    """
    images = rights_on_page(page)
    if image_url:
        wanted = _bare(image_url, "")
        images = [one for one in images if wanted in {_bare(url, page_url) for url in one.urls}]
    links = [read_license(text, Evidence.PAGE) for text in license_links(page)]
    return together([*(one.license for one in images), *links])


def rights_on_page(page: str) -> list[ImageRights]:
    """Return what the JSON-LD of a page says of its images. Never raises."""
    found: list[ImageRights] = []
    for text in _ld_json(page[:MAX_PAGE_BYTES]):
        try:
            found += image_rights(read_json(text))
        except ForeignTextError:
            continue
    return found


def _ld_json(page: str) -> Iterator[str]:
    place = 0
    for _ in range(MAX_SCRIPTS):
        opening = _SCRIPT.search(page, place)
        closing = _SCRIPT_END.search(page, opening.end()) if opening else None
        if not opening or not closing:
            return
        if _LD_JSON.search(opening[1]):
            yield page[opening.end() : closing.start()]
        place = closing.end()


def license_links(page: str) -> list[str]:
    """Return the addresses, or names, that a page marks as its license. Never raises."""
    try:
        marked = [text for tag in start_tags(page[:MAX_PAGE_BYTES]) if (text := _marked(tag))]
    except ForeignTextError:
        return []
    return list(dict.fromkeys(marked))[:MAX_LINKS]


def _marked(tag: StartTag) -> str:
    attributes = tag.attributes
    says = " ".join(attributes.get(name, "") for name in ("rel", "itemprop", "property"))
    name = attributes.get("name", "").lower() if tag.name == "meta" else ""
    if _WORDS.isdisjoint(says.lower().split()) and name not in {"dcterms.license", "dc.license"}:
        return ""
    return to_text(html.unescape(attributes.get("href") or attributes.get("content") or ""))


def _bare(url: str, base: str) -> str:
    """Return an address for comparing: whole, without its scheme and what stands behind ``#``."""
    try:
        whole = urldefrag(urljoin(base, html.unescape(url)))[0]
    except ValueError:
        return url
    return whole.partition("://")[2] or whole
