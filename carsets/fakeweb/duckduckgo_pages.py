"""DuckDuckGo's image search as the built-in web speaks it: the page with the token, the JSON."""

from __future__ import annotations

import hashlib
import json
from html import escape
from urllib.parse import quote

from carsets.fakeweb.engine_page import Asked, Page, index, shown

PAGE_SIZE = 100
LAST = 500
JSON = "application/x-javascript"

BLOCKED = Page("", status=202)
CAPTCHA = Page(
    '<html><body><form id="challenge-form" action="//duckduckgo.com/anomaly.js?sv=html" '
    'method="POST"><div class="anomaly-modal__mask"><div class="anomaly-modal__title">'
    "Unfortunately, bots use DuckDuckGo too.</div></div></form></body></html>",
    status=202,
)


def token_for(asked: Asked) -> str:
    """Return the token of a question; it depends on who asks."""
    who = f"{asked.parameters.get('q', '')} {asked.headers.get('user-agent', '')}"
    return f"4-{int.from_bytes(hashlib.blake2b(who.encode(), digest_size=16).digest(), 'big'):039d}"


def search_answer(asked: Asked) -> Page:
    """Return the page with the token, or the JSON of ``/i.js``; 403 for a wrong token."""
    words = asked.parameters.get("q", "")
    if asked.path == "/":
        return Page(
            f'<!DOCTYPE html><html lang="en-US"><head><title>{escape(words)} at DuckDuckGo</title>'
            f'<script type="text/javascript">rl=\'us-en\';vqd="{token_for(asked)}";safe_ddg=0;'
            "</script></head><body></body></html>"
        )
    if asked.path != "/i.js":
        return Page("", status=404)
    if asked.parameters.get("vqd") != token_for(asked) or not asked.headers.get("referer"):
        return Page("If this error persists, please let us know", status=403)
    first = asked.number("s", 0)
    numbers = index(words, asked.per_combination)[:LAST][first : first + PAGE_SIZE]
    return _answer(asked, [_record(number) for number in numbers], first + PAGE_SIZE)


def no_results(asked: Asked) -> Page:
    """Return an answer without results. The next page is named all the same."""
    return search_answer(asked) if asked.path == "/" else _answer(asked, [], PAGE_SIZE)


def changed_format(asked: Asked) -> Page:
    """Return results under names that nobody has seen before."""
    if asked.path == "/":
        return search_answer(asked)
    numbers = index(asked.parameters.get("q", ""), asked.per_combination)[:PAGE_SIZE]
    pictures = [{"src": shown(number).url, "href": shown(number).page} for number in numbers]
    return Page(json.dumps({"ads": None, "pictures": pictures}), JSON)


def _answer(asked: Asked, records: list[dict[str, object]], following: int) -> Page:
    words = asked.parameters.get("q", "")
    answer = {
        "ads": None,
        "next": f"i.js?q={quote(words)}&o=json&p=1&s={following}&u=bing&f=,,,,,&l=us-en",
        "query": words,
        "queryEncoded": quote(words),
        "response_type": "images",
        "results": records,
        "vqd": {words: token_for(asked)},
    }
    return Page(json.dumps(answer), JSON)


def _record(number: int) -> dict[str, object]:
    image = shown(number)
    return {
        "height": image.height,
        "image": image.url,
        "image_token": image.identity[:32].lower(),
        "source": "Bing",
        "thumbnail": image.thumbnail,
        "thumbnail_token": image.identity[8:40].lower(),
        "title": image.title,
        "url": image.page,
        "width": image.width,
    }
