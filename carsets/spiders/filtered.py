"""What the image searches share that can be asked with filters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from carsets.problems import UserError
from carsets.sources.search_filters import FILTER_ARGUMENTS, missing_filters, read_filters
from carsets.spiders.base import ImageSearchSpider

if TYPE_CHECKING:
    from collections.abc import Mapping

    import scrapy

    from carsets.queries import Query


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
