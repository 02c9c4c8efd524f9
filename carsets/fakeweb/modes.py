"""How a host misbehaves when a test switches it to a mode."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from carsets.fakeweb import answers, bing_pages, flickr_api, names, openverse_api

if TYPE_CHECKING:
    from carsets.fakeweb.traffic import Mode

MODES = (
    "captcha",  # Bing and other engines: a page that wants a human
    "blocked",  # DuckDuckGo, Brave, Ecosia, Yandex, Baidu: refused, each in its own way
    "changed",  # engines: results in an unknown markup; the APIs: JSON of another shape
    "consent",  # a form stands before the results
    "no_results",  # Bing and other engines: none for any words
    "script_wall",  # Google: a page of scripts only
    "quota",  # Google, Instagram: the allowance is used up
    "tags_used_up",  # Instagram: 30 hashtags in 7 days
    "permission",  # Instagram: the token may not do this
    "login",  # Instagram: sent to a login wall
    "gated",  # Instagram: a post for those who are logged in
    "bad_key",  # Flickr: code 100; Google, Instagram: a key or token that does not work
    "unavailable",  # Flickr: code 105
    "busy",  # Flickr: code 201
    "decayed",  # the decaying host: what ``decaying.fate_of`` says
    "crowded",  # Flickr: all photos were uploaded in one second
    "originals_gone",  # Flickr's image host: only smaller copies are left
    "relicensed",  # Commons, Flickr, Openverse: every second image has another license
    "not_json",
    "empty",
    "reset",
    "hang",  # no answer at all
    "401",
    "403",
    "429",
    "500",
    "503",
)
# These change what a host answers, and not whether it does: the host sees to them itself.
OF_THE_HOST = frozenset({"crowded", "originals_gone", "relicensed"})
_CONSENT = (
    '<html><body><form action="/consent" id="consent"><h1>Before you continue</h1>'
    "<button>Accept all</button></form></body></html>"
)


async def mode_answer(
    request: web.Request, host: str, mode: Mode, per_combination: int
) -> web.StreamResponse:
    """Return the answer of a host in a mode. Raises ValueError for an unknown one."""
    name = mode.name
    if name.isdigit():
        headers = {"Retry-After": mode.retry_after} if mode.retry_after else {}
        if host == names.OPENVERSE:
            headers |= openverse_api.RATE_HEADERS
            return web.json_response(openverse_api.THROTTLED, status=int(name), headers=headers)
        return web.Response(status=int(name), headers=headers, text=name)
    if name == "reset":
        return await answers.raw(request, b"", reset=True)
    if name == "hang":
        await asyncio.sleep(3600)
    failures = {
        "bad_key": (100, "Invalid API Key (Key has invalid format)"),
        "unavailable": flickr_api.UNAVAILABLE,
        "busy": flickr_api.BUSY,
    }
    if name in failures:
        return web.json_response(flickr_api.failure(*failures[name]))
    if name == "changed" and host != names.BING:
        return web.json_response({"data": {"items": [{"href": "https://photos-00.carpix.test/"}]}})
    pages = {
        "captcha": bing_pages.CAPTCHA,
        "consent": _CONSENT,
        "no_results": bing_pages.NO_RESULTS.format(words=""),
        "not_json": "<error>BOOM!</error>",
        "empty": "",
    }
    if name == "changed":
        text = bing_pages.changed_format(request.path, dict(request.query), per_combination)
    elif name in pages:
        text = pages[name]
    else:
        raise ValueError(f"{name!r} is not a mode: {', '.join(MODES)}")
    return web.Response(text=text, content_type="text/html")
