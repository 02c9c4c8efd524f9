"""What the steps have in common: each decides once, and is counted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from time import perf_counter
from typing import TYPE_CHECKING, Any, ClassVar, Self

from carsets.crawl_state import CrawlState
from carsets.items import CarImage
from carsets.pipelines.drop import OutcomeDrop

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class Step(ABC):
    """One step of the way: let the image pass, fill in its own fields, or drop it."""

    name: ClassVar[str]  # of the step, in stats and receipts

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.state = CrawlState.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    @abstractmethod
    async def decide(self, item: CarImage) -> None:
        """Fill in the step's fields, or raise ``OutcomeDrop``."""

    async def process_item(self, item: Any) -> Any:
        """Run the step and count it. Items of other classes pass."""
        if not isinstance(item, CarImage):
            return item
        await self.count(item)
        return item

    async def count(self, item: CarImage) -> None:
        """Decide, and keep the receipt's numbers of this step: in, out and waiting seconds."""
        stats = self.crawler.stats
        stats.inc_value(f"carsets/{self.name}/in")
        began = perf_counter()
        try:
            await self.decide(item)
        except OutcomeDrop as drop:
            item.outcome, item.note = drop.outcome, drop.note
            raise
        finally:
            seconds = f"carsets/{self.name}/seconds"
            stats.set_value(seconds, stats.get_value(seconds, 0.0) + perf_counter() - began)
        stats.inc_value(f"carsets/{self.name}/out")
