"""What Scrapy logs about requests and items: short lines, and no secrets."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Self

from scrapy.logformatter import LogFormatter, LogFormatterResult

from carsets.net.redaction import SECRET_NAME, install, register_secret
from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from scrapy import Request, Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure


class CarsetsLogFormatter(LogFormatter):
    """Name an item by its URL and outcome: its repr would hold the bytes of the image.

    ``least`` is the level of the least important lines that are written: of others, two for each
    image, none is made.
    """

    def __init__(self, least: int = logging.DEBUG) -> None:
        self.least = least

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        install()  # again: a script may run a crawl without the project's settings
        for name, value in crawler.settings.items():
            if isinstance(value, str) and SECRET_NAME.search(name):
                register_secret(value)
        return cls(_number(crawler.settings["LOG_LEVEL"]))

    def crawled(  # type: ignore[override]  # None: Scrapy makes no line
        self, request: Request, response: Response, spider: Spider
    ) -> LogFormatterResult | None:
        return super().crawled(request, response, spider) if self._writes(logging.DEBUG) else None

    def scraped(  # type: ignore[override]  # None: Scrapy makes no line
        self, item: Any, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult | None:
        return _line(logging.DEBUG, "Kept: %(item)s", item) if self._writes(logging.DEBUG) else None

    def dropped(  # type: ignore[override]  # None: Scrapy makes no line
        self,
        item: Any,
        exception: BaseException,
        response: Response | Failure | None,
        spider: Spider,
    ) -> LogFormatterResult | None:
        level = _number(getattr(exception, "log_level", None) or logging.DEBUG)
        if not self._writes(level):
            return None
        line = _line(level, "Dropped: %(exception)s: %(item)s", item)
        return {**line, "args": {"exception": exception, "item": _Name(item)}}

    def item_error(
        self,
        item: Any,
        exception: BaseException,
        response: Response | Failure | None,
        spider: Spider,
    ) -> LogFormatterResult:
        return _line(logging.ERROR, "Error processing %(item)s", item)

    def _writes(self, level: int) -> bool:
        return level >= self.least


def _number(level: int | str) -> int:
    return logging.getLevelNamesMapping()[level] if isinstance(level, str) else level


def _line(level: int, message: str, item: Any) -> LogFormatterResult:
    return {"level": level, "msg": message, "args": {"item": _Name(item)}}


class _Name:
    """The short name of an item, made only when the line is really written."""

    def __init__(self, item: Any) -> None:
        self.item = item

    def __str__(self) -> str:
        if getattr(self.item, "outcome", None) is Outcome.QUARANTINED:
            return "an image whose address is in the catalog alone"
        url = getattr(getattr(self.item, "found", None), "image_url", "")
        return url or str(self.item)[:500]
