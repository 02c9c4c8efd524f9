"""The download handler for sources that need a browser: a page in Chromium, the rest as ever.

Imported only when ``BrowserAddon`` is on: playwright need not be there for other sources.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import TimeoutError as PlaywrightTimeoutError
from scrapy.exceptions import CannotResolveHostError, DownloadFailedError, DownloadTimeoutError
from scrapy_playwright.handler import (  # type: ignore[import-untyped]
    ScrapyPlaywrightDownloadHandler,
)
from scrapy_playwright.page import PageMethod  # type: ignore[import-untyped]

from carsets.net.browser import PAGE, RequestGate, context_options
from carsets.net.deadline import DeadlineDownloadHandler
from carsets.net.host_load import HostLoad

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import Request as PageRequest
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response


class BrowserPages(ScrapyPlaywrightDownloadHandler):  # type: ignore[misc]
    """Show the pages that ask for it in a browser; hand everything else to the next class."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings = crawler.settings
        self._gate = RequestGate(settings.getlist("BROWSER_HOSTS"))
        self._load = HostLoad.of(crawler)
        self.abort_request = self._abort
        self.process_request_headers = headers_with_contact
        self._context = context_options(settings.get("BROWSER_STORAGE_STATE") or "")
        self._settle: float = settings.getfloat("BROWSER_TIMEOUT", 30.0) * 1000
        # What fails is told by the outcome of the query; it would print tracebacks.
        logging.getLogger("scrapy-playwright").setLevel(logging.ERROR)

    def _abort(self, request: PageRequest) -> bool:
        """Return whether to abort what a page asks for; what it may ask is a load on its host."""
        if self._gate(request):
            return True
        self._load.begin(urlsplit(request.url).hostname or "")  # the bytes are the browser's secret
        return False

    async def download_request(self, request: Request) -> Response:
        """Return the page as it stands when the source's own coroutine has had it."""
        if PAGE not in request.meta:
            plain: Response = await super().download_request(request)
            return plain
        settle: Callable[..., Awaitable[str | None]] = request.meta[PAGE]
        method = PageMethod(settle)
        watch = getattr(settle, "watch", None)  # what wants to see all answers that the page gets
        there = request.replace(
            meta={
                **request.meta,
                "playwright": True,
                "playwright_context_kwargs": self._context,
                "playwright_page_goto_kwargs": {
                    "wait_until": "domcontentloaded",
                    "timeout": self._settle,
                },
                "playwright_page_methods": [method],
                "playwright_page_event_handlers": {"response": watch} if watch else {},
            }
        )
        try:
            response: Response = await super().download_request(there)
        except PlaywrightTimeoutError as error:
            raise DownloadTimeoutError(_first_line(error)) from None
        except PlaywrightError as error:
            line = _first_line(error)
            if "ERR_NAME_NOT_RESOLVED" in line:
                raise CannotResolveHostError(line) from None
            raise DownloadFailedError(line) from None
        if isinstance(method.result, str):
            response = response.replace(body=method.result.encode())
        return response.replace(request=request)


class BrowserHandler(BrowserPages, DeadlineDownloadHandler):
    """Show pages in a browser, and download everything else as without one."""


async def headers_with_contact(
    *, browser_type_name: str, playwright_request: PageRequest, scrapy_request_data: dict[str, Any]
) -> dict[str, str]:
    """Return the browser's own headers, with our name and contact at the end of its User-Agent."""
    headers: dict[str, str] = await playwright_request.all_headers()
    agent = headers.get("user-agent", "")
    ours = scrapy_request_data["headers"].to_unicode_dict().get("User-Agent", "")
    ours = ours.removeprefix(agent).strip()  # from the page's second request on it holds both
    if ours and ours not in agent:
        headers["user-agent"] = f"{agent} {ours}".strip()
    return headers


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:300]
