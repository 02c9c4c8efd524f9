"""Google image search: the Programmable Search API, or its page in a browser.

Terms:      https://policies.google.com/terms (the page), https://developers.google.com/terms (API)
Licenses:   none given: every image is ``unknown``. The rights filter is Google's guess; it is
            kept as ``filters`` and never becomes a license
Needs:      mode=api (the default): a key and an engine of yours in the environment variables
            GOOGLE_API_KEY and GOOGLE_CX; closed to new customers, ends on 2027-01-01.
            mode=page: a browser; off unless asked for, often stopped by Google
Limits:     api: 10 images a question, about 100 a query, 100 questions a day free of charge;
            page: a few hundred a query at most
"""

from __future__ import annotations

import asyncio
import os
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import scrapy

from carsets.net.browser import shown, use_browser
from carsets.net.secret_parameters import secret_parameters, without_secrets
from carsets.problems import UserError
from carsets.sources import google_api, google_page
from carsets.sources.foreign_text import MAX_PAGE_BYTES, to_int
from carsets.spiders.filtered import FilteredSearchSpider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from playwright.async_api import Page
    from scrapy.http import Response

    from carsets.items import CarImage
    from carsets.queries import Query
    from carsets.sources.answers import Answer

PAGE_PER_MINUTE = 6.0  # the pace of a browser: one page in ten seconds
SCROLL_SECONDS = 6.0  # for more tiles after a scroll; at the end none come
_ANYTHING = "div[data-docid], #captcha-form, form[action*='consent'], #search"


async def show_more(page: Page, wanted: int, scrolls: int, seconds: float) -> None:
    """Wait for tiles, then scroll until as many as wanted are there or no more come.

    Whatever stands there instead of tiles is left for the parser to name.
    """
    from playwright.async_api import TimeoutError as NothingCame

    try:
        await page.wait_for_selector(_ANYTHING, timeout=seconds * 1000, state="attached")
    except NothingCame:
        return
    for _ in range(scrolls):
        there = await _tiles(page)
        if not 0 < there < wanted:
            return
        await page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
        for _ in range(int(min(seconds, SCROLL_SECONDS) / 0.25)):
            await asyncio.sleep(0.25)
            if await _tiles(page) > there:
                break
        else:
            return


async def _tiles(page: Page) -> int:
    return await page.locator("div[data-docid]").count()


class GoogleSpider(FilteredSearchSpider):
    """Images from Google."""

    name = "google"
    arguments = FilteredSearchSpider.arguments | {"mode"}
    page_size: ClassVar[int] = google_api.PAGE_SIZE
    max_results: ClassVar[int] = google_api.REACH - 1
    requests_per_minute: ClassVar[float] = 60
    filter_words: Mapping[str, Mapping[str, str]] = google_api.FILTER_WORDS
    has_regions: ClassVar[bool] = True

    def prepare(self) -> None:
        """Read the mode, and what it needs."""
        self.mode = self.given.get("mode", "") or "api"
        if self.mode not in {"api", "page"}:
            raise UserError(f"google: unknown mode {self.mode!r}; it is api or page")
        if self.mode == "api":
            self._prepare_api()
        else:
            self._prepare_page()
        super().prepare()

    def _prepare_page(self) -> None:
        use_browser(self.settings, google_page.HOSTS)
        self.filter_words = google_page.FILTER_WORDS
        # One visit shows all that a query gets: the tiles come while the page is scrolled.
        self.requests_per_minute = PAGE_PER_MINUTE  # type: ignore[misc]  # of this run

    def _prepare_api(self) -> None:
        self.key = os.environ.get("GOOGLE_API_KEY", "").strip()
        self.engine = os.environ.get("GOOGLE_CX", "").strip()
        if not self.key or not self.engine:
            raise UserError(
                "google needs a key and an engine of yours in the environment variables "
                "GOOGLE_API_KEY and GOOGLE_CX (new ones are not given out any more), or a "
                "browser: -a mode=page (bing needs neither)"
            )

    def page_request(self, query: Query, page: int, cursor: str | int | None) -> scrapy.Request:
        """Ask for a page; the key travels in the address on the wire, and only there."""
        if self.mode == "page":
            return self._shown_page(query)
        start = to_int(cursor) or (page - 1) * google_api.PAGE_SIZE + 1
        url = google_api.search_url(query.text, start, engine=self.engine, filters=self.filters)
        secret = secret_parameters(google_api.API_HOST, {"key": self.key})
        return scrapy.Request(url, meta={"download_maxsize": MAX_PAGE_BYTES, **secret})

    def _shown_page(self, query: Query) -> scrapy.Request:
        wanted = min(self.plan.per_query or google_page.MAX_RESULTS, google_page.MAX_RESULTS)
        scroll = partial(
            show_more,
            wanted=wanted,
            scrolls=self.settings.getint("GOOGLE_SCROLLS", 10),
            seconds=self.settings.getfloat("BROWSER_TIMEOUT", 30.0),
        )
        url = google_page.search_url(query.text, self.filters)
        return scrapy.Request(url, meta=shown(scroll))

    def read_page(self, response: Response) -> Answer:
        """Read one answer of the mode's kind."""
        if self.mode == "page":
            text = response.body.decode("utf-8", "replace")
            return google_page.read_page(
                text, url=response.url, status=response.status, filters=self.filters
            )
        return google_api.read_answer(response.body, status=response.status, filters=self.filters)

    async def parse_page(
        self, response: Response, query: Query, page: int, taken: int
    ) -> AsyncIterator[CarImage | scrapy.Request]:
        """Take the key out of what may be saved, then go on as every source."""
        if self.mode == "api":
            response = without_secrets(response, self.key)
        async for result in super().parse_page(response, query, page, taken):
            yield result
