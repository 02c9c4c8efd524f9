"""What the search engines of the built-in web have in common: an index, and pages to show it in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from carsets.fakeweb.addresses import image_url, page_url, size_of
from carsets.fakeweb.corpus import Results
from carsets.fakeweb.facts import facts
from carsets.fakeweb.wording import wording

if TYPE_CHECKING:
    from collections.abc import Mapping

CONSENT = (
    '<html><body><form action="/consent" id="consent"><h1>Before you continue</h1>'
    "<button>Accept all</button></form></body></html>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request asks: the parts of it that search engines look at."""

    path: str
    parameters: Mapping[str, str]
    headers: Mapping[str, str]  # lower-case names
    per_combination: int

    def number(self, name: str, default: int) -> int:
        """Return a parameter that is a count; the default for one that is none."""
        text = self.parameters.get(name, "")
        return int(text) if text.isdigit() and len(text) < 9 else default

    @property
    def cookies(self) -> dict[str, str]:
        """Return the cookies that came with the request."""
        pairs = (part.partition("=") for part in self.headers.get("cookie", "").split(";"))
        return {name.strip(): value.strip() for name, _, value in pairs if name.strip()}


@dataclass(frozen=True, slots=True)
class Page:
    """One answer of a search engine."""

    text: str
    kind: str = "text/html"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One image as an engine shows it."""

    number: int
    url: str
    page: str
    host: str  # of the page
    title: str
    width: int
    height: int
    thumbnail: str  # at Bing's image hosts, whose index most engines share
    identity: str  # 40 hex digits, in capitals


def shown(number: int) -> Shown:
    """Return how engines show an image."""
    image = facts(number)
    page = page_url(image)
    width, height = size_of(image)
    digest = hashlib.blake2b(f"mid {number}".encode(), digest_size=20).hexdigest()
    return Shown(
        number=number,
        url=image_url(image),
        page=page,
        host=urlsplit(page).hostname or "",
        title=wording(image).title,
        width=width,
        height=height,
        thumbnail=f"https://tse{1 + number % 4}.mm.bing.net/th?id=OIP.{digest[:8]}-{number}",
        identity=digest.upper(),
    )


def index(words: str, per_combination: int, turn: float = 0.0) -> list[int]:
    """Return the numbers of the images that an engine has for words, best first.

    All engines have seen the same web; ``turn`` (from 0 to 1) is how differently they rank it.
    """
    numbers = list(Results("bing", words, per_combination))
    start = int(len(numbers) * turn)
    return numbers[start:] + numbers[:start]
