"""The robots.txt of every host of the built-in web."""

from __future__ import annotations

import asyncio

from aiohttp import web

from carsets.fakeweb import names, opt_outs

_CLOSED = "User-agent: *\nDisallow: /\n"
_TEXTS = {
    names.ROBOTS_HOST: _CLOSED,
    names.PARTLY_CLOSED_HOST: "User-agent: *\nDisallow: /private/\nAllow: /\n",
    names.BING: "User-agent: *\nDisallow: /search\nDisallow: /images/async\nDisallow: /images/s\n",
    names.FLICKR: _CLOSED,
    names.HOSTILE: "User-agent: *\nDisallow: /robots-denied/\n",
    "ai-closed.any.carsets.test": "User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /\n",
    "paced.any.carsets.test": "User-agent: *\nCrawl-delay: 2\n",
}
_OPEN = "User-agent: *\nDisallow: /admin/\n"
SLOW = 1.0  # seconds


async def robots_answer(host: str) -> web.Response:
    """Return the robots.txt of a host: most allow everything, some forbid, some cannot say."""
    if host == names.ROBOTS_5XX_HOST:
        return web.Response(status=503)
    if (site := opt_outs.site_of(host)) is not None:
        return web.Response(text=site.robots, content_type="text/plain")
    if host in names.COPY_HOSTS:
        return web.Response(status=404, text="Not Found")
    if host == names.ROBOTS_SLOW_HOST:
        await asyncio.sleep(SLOW)
    return web.Response(text=_TEXTS.get(host, _OPEN), content_type="text/plain")
