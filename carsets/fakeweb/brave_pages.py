"""Brave's image search as the built-in web speaks it: the page with its literal, and the API."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from carsets.fakeweb.engine_page import Asked, Page, index, shown

MOST = 100
API_MOST = 200
_TURN = 0.33  # Brave has an index of its own
_VOID = object()  # what JavaScript has and JSON has not

CAPTCHA = Page(
    "<!doctype html><html><head><title>Captcha - Brave Search</title></head><body>"
    '<div id="captcha">Please confirm that you are no robot</div></body></html>'
)
BLOCKED = Page("Too Many Requests", status=429)


def search_answer(asked: Asked) -> Page:
    """Return the page of a search."""
    if asked.path != "/images":
        return Page("", status=404)
    return _page(asked, _numbers(asked, MOST))


def no_results(asked: Asked) -> Page:
    """Return a page whose list is empty."""
    return _page(asked, [])


def changed_format(asked: Asked) -> Page:
    """Return the same page with the results under another name."""
    page = _page(asked, _numbers(asked, MOST))
    return Page(page.text.replace("properties:{", "facts:{"))


def api_answer(asked: Asked) -> Page:
    """Return the JSON of the API; 422 without a key."""
    if asked.path != "/res/v1/images/search":
        return Page("", status=404)
    if not asked.headers.get("x-subscription-token"):
        detail = "The provided subscription token is invalid."
        error = {"code": "SUBSCRIPTION_TOKEN_INVALID", "detail": detail, "status": 422}
        return _json({"type": "ErrorResponse", "error": error}, 422)
    most = min(asked.number("count", 50), API_MOST)
    return _api_page(asked, _numbers(asked, most))


def api_without_results(asked: Asked) -> Page:
    """Return an answer whose list is empty."""
    return _api_page(asked, [])


def _numbers(asked: Asked, most: int) -> list[int]:
    return index(asked.parameters.get("q", ""), asked.per_combination, _TURN)[:most]


def _json(answer: Any, status: int = 200) -> Page:
    return Page(json.dumps(answer), "application/json", status)


def _api_page(asked: Asked, numbers: list[int]) -> Page:
    words = asked.parameters.get("q", "")
    query = {"original": words, "altered": None, "spellcheck_off": True}
    records = [_record(number, api=True) for number in numbers]
    extra = {"might_be_offensive": False}
    return _json({"type": "images", "query": query, "results": records, "extra": extra})


def _record(number: int, *, api: bool) -> dict[str, Any]:
    image = shown(number)
    thumb = f"https://imgs.search.brave.com/{image.identity[:12]}/rs:fit:500:0:1:0/g:ce/aHR0cHM6"
    known = number % 9 != 0  # the size of a few is not known
    common = {
        "title": image.title,
        "url": image.page,
        "source": image.host,
        "page_fetched": "2026-01-03T19:59:17Z",
        "confidence": "high",
        "meta_url": {
            "scheme": "https",
            "netloc": image.host,
            "hostname": image.host,
            "path": "› gallery",
        },
    }
    size = {"height": image.height if known else None, "width": image.width if known else None}
    if api:
        properties = {"url": image.url, "placeholder": thumb, **size}
        return {
            "type": "image_result",
            **common,
            "thumbnail": {"src": thumb, "width": 500, "height": 375},
            "properties": properties,
        }
    return {
        **common,
        "description": "",
        "page_age": None,
        "family_friendly": True,
        "bo_debug": {},
        "thumbnail": {
            "src": thumb,
            "alt": None,
            "height": 375,
            "width": 500,
            "original": image.url,
        },
        "properties": {
            "url": image.url,
            "resized": thumb,
            **size,
            "format": None,
            "content_size": None,
        },
    }


def _page(asked: Asked, numbers: list[int]) -> Page:
    words = asked.parameters.get("q", "")
    title = f"{words} - Brave Search"
    layout = {
        "searchLang": "en",
        "country": asked.cookies.get("country", "us"),
        "safesearch": asked.cookies.get("safesearch", "moderate"),
        "premiumCookieValue": _VOID,
        "translations": {
            "Ask Brave_home": "<strong>Ask</strong> Brave",
            "Switch to traditional captcha": "Switch to traditional CAPTCHA",
        },
        "serverTime": 1790603873627,
        "askV2": _VOID,
    }
    response = {
        "type": "images",
        "query": {
            "original": words,
            "altered": None,
            "localQueryType": _VOID,
            "more_results_available": None,
        },
        "results": [_record(number, api=False) for number in numbers],
    }
    body = {"key": 1790603874110, "badResults": _VOID, "response": response, "blurImages": False}
    data = {"body": body, "status": 200, "page": "images", "searchPage": "/images", "title": title}
    nodes = [
        {"type": "data", "data": layout, "uses": {"route": 1}},
        {"type": "data", "data": data, "uses": {"search_params": ["q"], "route": 1}},
    ]
    return Page(
        f"<!doctype html><html><head><title>{escape(title)}</title></head><body>"
        '<div style="display: contents"><script nonce="x">{ Promise.all([]).then(([kit, app]) => '
        "{ kit.start(app, element, { node_ids: [0, 30], "
        f"data: {_literal(nodes)}, form: null, error: null }}); }}); }}</script>"
        "</div></body></html>"
    )


def _literal(value: Any) -> str:
    """Return a value as the script of the page writes it."""
    if value is _VOID:
        return "void 0"
    if isinstance(value, dict):
        pairs = (f"{_key(name)}:{_literal(inner)}" for name, inner in value.items())
        return "{" + ",".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_literal, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003C")


def _key(name: str) -> str:
    return name if name.isidentifier() else json.dumps(name)
