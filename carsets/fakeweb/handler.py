"""The download handler that turns every http and https request to the built-in web.

A request keeps its real URL in everything that Scrapy does with it; only the connection goes to
loopback. Before that the real host is resolved through the table of ``names`` and judged by the
very policy that guards live crawls, so that a forbidden address is refused here as it is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from scrapy.exceptions import CannotResolveHostError

from carsets.fakeweb.names import resolve
from carsets.fakeweb.server import REAL_HOST
from carsets.net.address_guard import BUILTIN_WEB, AddressPolicy
from carsets.net.deadline import SPENT, DeadlineDownloadHandler
from carsets.net.secret_parameters import wire_url

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

_CONNECTIONS = 64  # all hosts share one address: Scrapy's limit per host would be too few


class FakeWebHandler(DeadlineDownloadHandler):
    """Download from the built-in web as if it were the live one."""

    host_header = REAL_HOST

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._fakeweb_port = crawler.settings.getint("FAKEWEB_PORT")
        self._policy = AddressPolicy(crawler.settings.getlist("ADDRESS_ALLOWED"))
        self._pool.maxPersistentPerHost = _CONNECTIONS

    async def download_request(self, request: Request) -> Response:
        """Return the built-in web's answer under the real URL.

        Raises ``AddressForbidden`` or ``CannotResolveHostError`` as a live download does.
        """
        parts = urlsplit(wire_url(request))
        host = parts.hostname or ""
        addresses = resolve(host)
        if not addresses:
            raise CannotResolveHostError(f"no such host on the built-in web: {host}")
        for address in addresses:
            self._policy.check(address, host)
        place = f"{BUILTIN_WEB}:{self._fakeweb_port}"
        there = request.replace(
            url=urlunsplit(("http", place, parts.path, parts.query, "")),
            headers={**request.headers, REAL_HOST: parts.netloc},
        )
        try:
            response = await super().download_request(there)
        finally:
            # What the download notes about itself belongs to the request that Scrapy knows.
            for key in (SPENT, "download_latency"):
                if key in there.meta:
                    request.meta[key] = there.meta[key]
        return response.replace(url=request.url)
