"""What Scrapy logs about requests and items: short lines, and no secrets."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Self

from scrapy.logformatter import LogFormatter, LogFormatterResult

from carsets.net.redaction import SECRET_NAME, install, register_secret

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from twisted.python.failure import Failure


class CarsetsLogFormatter(LogFormatter):
    """Name an item by its URL and outcome: its repr would hold the bytes of the image."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        install()  # again: a script may run a crawl without the project's settings
        for name, value in crawler.settings.items():
            if isinstance(value, str) and SECRET_NAME.search(name):
                register_secret(value)
        return cls()

    def scraped(
        self, item: Any, response: Response | Failure | None, spider: Spider
    ) -> LogFormatterResult:
        return _line(logging.DEBUG, "Kept: %(item)s", item)

    def dropped(
        self,
        item: Any,
        exception: BaseException,
        response: Response | Failure | None,
        spider: Spider,
    ) -> LogFormatterResult:
        level = getattr(exception, "log_level", None) or logging.DEBUG
        level = logging.getLevelNamesMapping()[level] if isinstance(level, str) else level
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


def _line(level: int, message: str, item: Any) -> LogFormatterResult:
    return {"level": level, "msg": message, "args": {"item": _Name(item)}}


class _Name:
    """The short name of an item, made only when the line is really written."""

    def __init__(self, item: Any) -> None:
        self.item = item

    def __str__(self) -> str:
        url = getattr(getattr(self.item, "found", None), "image_url", "")
        return url or str(self.item)[:500]
