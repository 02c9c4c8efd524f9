"""Yandex' image search as the built-in web speaks it."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from carsets.fakeweb.engine_page import Asked, Page, index, shown

PAGE_SIZE = 30
LAST = 300
_TURN = 0.5  # Yandex has an index of its own

CAPTCHA = Page(
    '<html lang="en"><head><title>Are you not a robot?</title></head><body>'
    '<form method="POST" action="/checkcaptcha?key=0&amp;retpath=0"><div class="CheckboxCaptcha" '
    'data-testid="checkbox-captcha"></div></form></body></html>',
    headers={"x-yandex-captcha": "captcha"},
)
BLOCKED = Page("Forbidden", status=403)


def search_answer(asked: Asked) -> Page:
    """Return one page of a search; beyond the end its list is empty."""
    if asked.path.rstrip("/") != "/images/search":
        return Page("", status=404)
    words = asked.parameters.get("text", "")
    first = asked.number("p", 0) * PAGE_SIZE
    numbers = index(words, asked.per_combination, _TURN)[:LAST][first : first + PAGE_SIZE]
    return _page(words, {f"e{n}": _entity(n, first + at) for at, n in enumerate(numbers)})


def no_results(asked: Asked) -> Page:
    """Return a page whose list is empty."""
    return _page(asked.parameters.get("text", ""), {})


def changed_format(asked: Asked) -> Page:
    """Return the same results under names that nobody has seen before."""
    page = search_answer(asked)
    renamed = page.text.replace("origUrl", "source").replace("viewerData", "viewer")
    return Page(renamed)


def _page(words: str, entities: dict[str, Any]) -> Page:
    items = {"keys": list(entities), "entities": entities}
    state = {"location": "/images/search/", "initialState": {"serpList": {"items": items}}}
    header = {"type": "header-desktop", "user": None}
    return Page(
        f'<!DOCTYPE html><html lang="en"><head><title>{escape(words)}: images</title></head><body>'
        f'<div class="Root" id="Header-1" data-state="{escape(json.dumps(header))}"></div>'
        f'<div class="Root" id="ImagesApp-a1b2c3" data-state="{escape(json.dumps(state))}"></div>'
        "</body></html>"
    )


def _entity(number: int, place: int) -> dict[str, Any]:
    image = shown(number)
    thumbnail = f"//avatars.mds.yandex.net/i?id={image.identity.lower()}-{number}&n=13"
    entity: dict[str, Any] = {
        "pos": place,
        "origWidth": image.width,
        "origHeight": image.height,
        "origUrl": image.url,
        "alt": image.title,
        "image": thumbnail,
        "snippet": {
            "title": image.title,
            "text": f"{image.title} <b>{image.host}</b>",
            "url": image.page,
            "domain": image.host,
        },
    }
    if number % 5:  # not every result has what the viewer needs
        copy = {"url": image.url, "w": image.width, "h": image.height, "fileSizeInBytes": 315000}
        entity["viewerData"] = {"thumb": {"url": thumbnail, "w": 320, "h": 240}, "preview": [copy]}
        if number % 3:
            entity["viewerData"]["dups"] = [copy]
    return entity
