"""Opens the steps. What the user has to mend closes the run in good order, with a receipt.

Scrapy 2.19 tears a crawl down whose steps fail to open, and on the way its own extensions print
tracebacks: nobody would find the one line that says what to do.
"""

from __future__ import annotations

from scrapy.exceptions import CloseSpider
from scrapy.pipelines import ItemPipelineManager

from carsets.problems import UserError


class StepManager(ItemPipelineManager):
    """Turn a ``UserError`` of a step that opens into the end of the run."""

    async def open_spider_async(self) -> None:
        """Open all steps; leave a problem in the stats, where the ledger finds it."""
        try:
            await super().open_spider_async()
        except UserError as problem:
            assert self.crawler is not None
            self.crawler.stats.set_value("carsets/problem", str(problem))
            self.crawler.stats.set_value("carsets/problem_code", int(problem.exit_code))
            raise CloseSpider("bad_use") from None
