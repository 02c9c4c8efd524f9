"""The hosts of Google on the built-in web: the page, the API, consent and captcha."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from aiohttp import web

from carsets.fakeweb import google_api, google_pages
from carsets.fakeweb.answers import redirect
from carsets.fakeweb.modes import mode_answer

if TYPE_CHECKING:
    from carsets.fakeweb.traffic import Mode

PAGE, CONSENT, API = "www.google.com", "consent.google.com", "customsearch.googleapis.com"
HOSTS = frozenset({PAGE, CONSENT, API})


async def google_answer(
    request: web.Request, host: str, mode: Mode | None, per_combination: int
) -> web.StreamResponse:
    """Return the answer of one of Google's hosts, in a mode or well."""
    if host == API:
        return await _api(request, host, mode, per_combination)
    if host == CONSENT:
        return _html(google_pages.CONSENT)
    if request.path == "/sorry/index":
        return _html(google_pages.CAPTCHA, status=429)
    if request.path != "/search":
        return web.Response(status=404)
    if mode is None:
        return _html(google_pages.search_answer(dict(request.query), per_combination))
    here = quote(f"https://{host}{request.path_qs}", safe="")
    if mode.name == "captcha":
        return redirect(f"https://{PAGE}/sorry/index?continue={here}&q=x")
    if mode.name == "consent":
        return redirect(f"https://{CONSENT}/ml?continue={here}&gl=US&hl=en")
    pages = {
        "script_wall": google_pages.SCRIPT_WALL,
        "no_results": google_pages.NO_RESULTS.format(words=""),
        "empty": "<html><body></body></html>",
    }
    if mode.name == "changed":
        return _html(google_pages.changed_format(dict(request.query), per_combination))
    if mode.name in pages:
        return _html(pages[mode.name])
    return await mode_answer(request, host, mode, per_combination)


def _html(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, status=status, content_type="text/html")


async def _api(
    request: web.Request, host: str, mode: Mode | None, per_combination: int
) -> web.StreamResponse:
    if request.path != "/customsearch/v1":
        return web.Response(status=404)
    answers = {
        "429": google_api.error(429, google_api.QUOTA, "RESOURCE_EXHAUSTED"),
        "quota": google_api.error(429, google_api.QUOTA, "RESOURCE_EXHAUSTED"),
        "bad_key": google_api.error(400, "API key not valid.", "INVALID_ARGUMENT"),
    }
    if mode is None:
        status, answer = google_api.search_answer(dict(request.query), per_combination)
    elif mode.name == "no_results":
        status, answer = google_api.search_answer({**request.query, "q": ""}, per_combination)
    elif mode.name in answers:
        status, answer = answers[mode.name]
    else:
        return await mode_answer(request, host, mode, per_combination)
    return web.json_response(answer, status=status)
