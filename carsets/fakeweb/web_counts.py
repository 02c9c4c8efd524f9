"""Web searches of the built-in web that tell how many results they have: Bing's and Yandex's."""

from __future__ import annotations

import hashlib
import re
from html import escape
from typing import TYPE_CHECKING

from carsets.fakeweb.fleet import FLEET, matching
from carsets.queries.vocabulary import body_named

if TYPE_CHECKING:
    from collections.abc import Mapping

# The share of a model's pages that also hold a word, by what the model is. The one car that is a
# truck to as many people is in between.
_KINDS = {"suv": "suv", "pickup": "truck", "truck": "truck", "van": "van", "minivan": "van"}
_BOTH = {"El Camino": ("car", "truck")}
_SHARES = {True: 0.8, False: 0.06}

NO_COUNT = "no-count"  # a word of the question: results, and no line that counts them


def web_total(words: str) -> int:
    """Return how many pages there are for words, the same every time; 0 for what is unknown."""
    if not matching(words):
        return 0
    digest = hashlib.blake2b(" ".join(words.split()[:2]).encode(), digest_size=4).digest()
    pages = 1_000_000 + int.from_bytes(digest, "big") % 9_000_000
    asked = {body_named(token) or token for token in re.findall(r"\w+", words.casefold())}
    named = [model for model in FLEET if model.model.casefold() in words.casefold()]
    kinds = set(_KINDS.values()) | {"car"}
    if not named or not asked & kinds:
        return pages
    model = named[0]
    mine = _BOTH.get(model.model, (_KINDS.get(model.body, "car"),))
    share = _SHARES[bool(asked & set(mine))] / len(mine)
    return int(pages * share * (1 + len(words) % 3 / 100))


def bing_page(parameters: Mapping[str, str]) -> str:
    """Return Bing's ``/search``: the line above the results, in the language that was asked."""
    words = parameters.get("q", "")
    total = web_total(words)
    if not total:
        content = (
            '<li class="b_no"><h1>There are no results for <strong>'
            f"{escape(words)}</strong></h1></li>"
        )
        return _bing(words, "", content)
    line = {
        "de": f"Ungefähr {total:,} Ergebnisse".replace(",", "."),
        "fr": f"Environ {total:,} r&#233;sultats".replace(",", "&#160;"),
    }.get(parameters.get("setlang", ""), f"About {total:,} results")
    count = f'<span class="sb_count">{line}</span>' if NO_COUNT not in words else ""
    result = '<li class="b_algo"><h2><a href="https://www.carpix.test/">A page</a></h2></li>'
    return _bing(words, count, result)


def _bing(words: str, count: str, content: str) -> str:
    return (
        f"<!DOCTYPE html><html><head><title>{escape(words)} - Search</title>"
        "<style>.sb_count{text-transform:capitalize}</style></head><body>"
        f'<div id="b_tween" class="null">{count}</div><ol id="b_results">{content}</ol>'
        "</body></html>"
    )


def yandex_page(parameters: Mapping[str, str]) -> str:
    """Return Yandex's ``/search/``: the title tells a rounded number in Russian."""
    words = parameters.get("text", "")
    total = web_total(words)
    if not total:
        told = ": ничего не найдено"
    elif total >= 1_000_000:
        told = f": нашлось {total // 1_000_000} млн результатов"
    else:
        told = f": нашлось {max(total // 1000, 1)} тыс. результатов"
    if NO_COUNT in words:
        told = ""
    return (
        f"<!DOCTYPE html><html><head><title>{escape(words)} — Яндекс{told}</title></head>"
        '<body><ul id="search-result"><li class="serp-item"></li></ul></body></html>'
    )
