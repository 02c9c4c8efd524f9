"""The JSON that a page fetches behind what it shows, caught while the browser shows it."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.async_api import Page
    from playwright.async_api import Response as Fetched

MOST_ANSWERS = 60  # of one page
SCROLL_SECONDS = 6.0  # for something new after a scroll; at the end nothing comes
MOST_CHARACTERS = 20_000_000  # of all of them together


class PageTraffic:
    """Scroll a page, and give what it fetched from one host instead of what it shows.

    ``paths`` begin the paths that are of interest; ``scrolls`` is how often to scroll at most,
    ``seconds`` how long to wait for something new. The answer's body is then JSON:
    ``{"url", "status", "answers": [{"url", "status", "text"}]}``.
    """

    def __init__(self, host: str, paths: tuple[str, ...], *, scrolls: int, seconds: float) -> None:
        self.host = host
        self.paths = paths
        self.scrolls = scrolls
        self.seconds = seconds
        self.answers: list[dict[str, Any]] = []
        self.status = 200
        self._room = MOST_CHARACTERS

    async def watch(self, fetched: Fetched) -> None:
        """Keep an answer, if it is one of interest. Called by Playwright for every one."""
        from playwright.async_api import Error

        request = fetched.request
        if request.is_navigation_request():
            self.status = fetched.status
            return
        parts = urlsplit(fetched.url)
        if request.resource_type not in {"xhr", "fetch"} or parts.hostname != self.host:
            return
        if not parts.path.startswith(self.paths) or len(self.answers) >= MOST_ANSWERS:
            return
        try:
            text = await fetched.text()
        except (Error, UnicodeError):
            return  # a redirect, or the page is gone
        if len(text) <= self._room:
            self._room -= len(text)
            self.answers.append({"url": fetched.url, "status": fetched.status, "text": text})

    async def __call__(self, page: Page) -> str:
        """Scroll until nothing new is fetched; return everything as JSON."""
        await self._wait_for_more(page, 0, self.seconds)
        for _ in range(self.scrolls):
            there = len(self.answers)
            if not there or any(answer["status"] >= 400 for answer in self.answers):
                break
            await page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
            if not await self._wait_for_more(page, there, min(self.seconds, SCROLL_SECONDS)):
                break
        scripts = page.locator('script[type="application/json"]')
        embedded = [
            {"url": page.url, "status": self.status, "text": text}
            for text in (await scripts.all_text_contents())[:MOST_ANSWERS]
        ]
        answers = [*embedded, *self.answers]
        return json.dumps({"url": page.url, "status": self.status, "answers": answers})

    async def _wait_for_more(self, page: Page, there: int, seconds: float) -> bool:
        for _ in range(max(1, int(seconds / 0.25))):
            if len(self.answers) > there:
                return True
            if urlsplit(page.url).path.startswith(("/accounts/", "/challenge/")):
                return False  # sent away: nothing will come
            await asyncio.sleep(0.25)
        return False
