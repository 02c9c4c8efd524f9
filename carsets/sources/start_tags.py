"""The start tags of a page, read in one pass.

A search page is asked for a few tags and their attributes. A tree is not needed for that, and
building one can be made to take minutes: libxml2 compares every attribute of a tag with all
others, so half a million of them in one tag (4 MB) stop a crawl.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from carsets.sources.foreign_text import ForeignTextError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_PIECES = 100_000  # tags and attributes of one page; a recorded page of Bing has 9,300

_OPENING = re.compile(r"<(?:(!--|[!?])|([a-zA-Z][a-zA-Z0-9:-]*)(?=[\s/>]))")
# Every alternative starts with another character, so nothing is read more than twice.
_ATTRIBUTE = re.compile(
    r"[\s/]*([^\s\"'<>/=]+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'<>`]+)))?"
)
_TAG_END = re.compile(r"[^<>]*>?")
_CLOSING = {
    name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "textarea")
}


@dataclass(frozen=True, slots=True)
class StartTag:
    """One start tag. Names are in lower case.

    Most tags of a page are asked for one attribute or none, so entities are read on asking.
    """

    name: str
    escaped: Mapping[str, str]  # the attributes as they stand in the page

    def get(self, name: str) -> str:
        """Return one attribute; "" for one that is not there."""
        return html.unescape(self.escaped.get(name, ""))

    @property
    def attributes(self) -> dict[str, str]:
        """All attributes."""
        return {name: html.unescape(value) for name, value in self.escaped.items()}

    def has_class(self, wanted: str) -> bool:
        """Say whether ``wanted`` is one of the words of ``class``."""
        words = self.escaped.get("class", "")
        return (wanted in words or "&" in words) and wanted in html.unescape(words).split()


def start_tags(page: str) -> Iterator[StartTag]:
    """Yield the start tags in their order. Scripts, styles and comments hold none.

    Raises ForeignTextError for a page of more than ``MAX_PIECES`` tags and attributes.
    """
    place = pieces = 0
    while opening := _OPENING.search(page, place):
        place = opening.end()
        pieces += 1
        if opening[1]:  # a comment, a declaration
            end = page.find("-->" if opening[1] == "!--" else ">", place)
            place = end + 1 if end >= 0 else len(page)
            continue
        name = opening[2].lower()
        attributes: dict[str, str] = {}
        while found := _ATTRIBUTE.match(page, place):
            pieces += 1
            if pieces > MAX_PIECES:
                break
            value = found[2] or found[3] or found[4] or ""
            attributes.setdefault(found[1].lower(), value)
            place = found.end()
        if pieces > MAX_PIECES:
            raise ForeignTextError(f"a page of more than {MAX_PIECES} tags and attributes")
        yield StartTag(name, attributes)
        rest = _TAG_END.match(page, place)
        place = rest.end() if rest else place
        if name in _CLOSING:
            closing = _CLOSING[name].search(page, place)
            place = closing.end() if closing else len(page)
