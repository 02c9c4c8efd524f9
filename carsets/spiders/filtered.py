"""What the image searches share that can be asked with filters."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import scrapy

from carsets.problems import UserError
from carsets.sources.foreign_text import MAX_PAGE_BYTES, to_int
from carsets.sources.search_filters import (
    FILTER_ARGUMENTS,
    STRICT,
    missing_filters,
    read_filters,
)
from carsets.spiders.base import ImageSearchSpider

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carsets.queries import Query
    from carsets.sources.search_filters import SearchFilters


class FilteredSearchSpider(ImageSearchSpider):
    """An image search that can be told what to leave out."""

    arguments = ImageSearchSpider.arguments | FILTER_ARGUMENTS
    filter_words: Mapping[str, Mapping[str, str]] = {}  # see ``search_filters``
    read_for_itself: ClassVar[frozenset[str]] = frozenset()  # filters in words of its own
    # Search pages answer 429 to robots, and to those that try again for longer.
    no_retry_at: ClassVar[tuple[int, ...]] = (429,)
    has_regions: ClassVar[bool] = False  # whether it can be told whose results to give

    def prepare(self) -> None:
        """Read the filters, and say which of them the engine has not."""
        given = {
            name: word for name, word in self.given.items() if name not in self.read_for_itself
        }
        allowed = self.settings.getbool("SAFE_SEARCH_OFF_ALLOWED", False)
        try:
            filters = read_filters(given, safe_off_allowed=allowed)
        except UserError as error:
            raise UserError(f"{self.name}: {error}") from None
        if STRICT not in self.filter_words.get("safe", {}) and not allowed:
            raise UserError(
                f"{self.name}: it has no safe search and may show anything; if that is what you "
                "mean, add -s SAFE_SEARCH_OFF_ALLOWED=True"
            )
        missing = missing_filters(filters, self.filter_words, region=self.has_regions)
        if missing:
            self.logger.warning(
                "%s has no filter for %s: its answers are not limited to that",
                self.name,
                ", ".join(missing),
            )
        region = filters.region or self.settings.get("SEARCH_REGION", "us-en")
        self.filters = replace(filters, region=region)
        super().prepare()

    def _request(
        self, query: Query, page: int, cursor: str | int | None, taken: int
    ) -> scrapy.Request:
        request = super()._request(query, page, cursor, taken)
        request.meta["no_retry_at"] = self.no_retry_at
        return request


class NumberedPagesSpider(FilteredSearchSpider):
    """One whose pages are numbered from 0, and whose safe search travels in a cookie."""

    @staticmethod
    @abstractmethod
    def search_url(text: str, page: int, filters: SearchFilters) -> str:
        """Return the address of a page (from 0)."""

    @staticmethod
    @abstractmethod
    def safety_cookie(filters: SearchFilters) -> str:
        """Return the cookie with safe search in it."""

    def page_request(self, query: Query, page: int, cursor: str | int | None) -> scrapy.Request:
        """Ask for the page that the page before named, or else for the one in turn."""
        number = to_int(cursor)
        return scrapy.Request(
            self.search_url(query.text, page - 1 if number is None else number, self.filters),
            headers={"Cookie": self.safety_cookie(self.filters)},
            meta={"download_maxsize": MAX_PAGE_BYTES},
        )
