"""The search engines of the built-in web by their hosts: good answers, and those of a mode."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from carsets.fakeweb import (
    baidu_pages,
    brave_pages,
    duckduckgo_pages,
    ecosia_pages,
    names,
    yandex_pages,
)
from carsets.fakeweb.engine_page import CONSENT, Asked, Page

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Engine:
    """What one engine can answer."""

    search: Callable[[Asked], Page]
    no_results: Callable[[Asked], Page]
    changed: Callable[[Asked], Page]
    captcha: Page
    blocked: Page


def _changed_api(asked: Asked) -> Page:
    page = brave_pages.api_answer(asked)
    return Page(page.text.replace('"properties"', '"facts"'), page.kind, page.status)


ENGINES = {
    names.DUCKDUCKGO: Engine(
        duckduckgo_pages.search_answer,
        duckduckgo_pages.no_results,
        duckduckgo_pages.changed_format,
        duckduckgo_pages.CAPTCHA,
        duckduckgo_pages.BLOCKED,
    ),
    names.BRAVE: Engine(
        brave_pages.search_answer,
        brave_pages.no_results,
        brave_pages.changed_format,
        brave_pages.CAPTCHA,
        brave_pages.BLOCKED,
    ),
    names.BRAVE_API: Engine(
        brave_pages.api_answer,
        brave_pages.api_without_results,
        _changed_api,
        brave_pages.CAPTCHA,
        brave_pages.BLOCKED,
    ),
    names.ECOSIA: Engine(
        ecosia_pages.search_answer,
        ecosia_pages.no_results,
        ecosia_pages.changed_format,
        ecosia_pages.CAPTCHA,
        ecosia_pages.BLOCKED,
    ),
    names.YANDEX: Engine(
        yandex_pages.search_answer,
        yandex_pages.no_results,
        yandex_pages.changed_format,
        yandex_pages.CAPTCHA,
        yandex_pages.BLOCKED,
    ),
    names.BAIDU: Engine(
        baidu_pages.search_answer,
        baidu_pages.no_results,
        baidu_pages.changed_format,
        baidu_pages.CAPTCHA,
        baidu_pages.BLOCKED,
    ),
}


def engine_page(host: str, asked: Asked, mode: str = "") -> Page | None:
    """Return the answer of an engine, in a mode if one is named; None where it has no such mode."""
    engine = ENGINES[host]
    if mode == "captcha":
        return engine.captcha
    if mode == "blocked":
        return engine.blocked
    if mode == "consent":
        return Page(CONSENT)
    ways = {"": engine.search, "no_results": engine.no_results, "changed": engine.changed}
    return ways[mode](asked) if mode in ways else None


async def engine_answer(
    request: web.Request, host: str, mode: str, per_combination: int
) -> web.Response | None:
    """Answer a request to an engine; None for a mode that is every host's."""
    asked = Asked(
        path=request.path,
        parameters=dict(request.query),
        headers={name.lower(): value for name, value in request.headers.items()},
        per_combination=per_combination,
    )
    loop = asyncio.get_running_loop()
    page = await loop.run_in_executor(None, engine_page, host, asked, mode)
    if page is None:
        return None
    return web.Response(
        text=page.text, status=page.status, headers=page.headers, content_type=page.kind
    )
