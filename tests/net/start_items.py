"""A crawl that closes while an item is in a pipeline: ``python start_items.py item|request``.

Says CLOSED when the spider has closed.
"""

import asyncio
import sys

import scrapy
from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess


class SlowPipeline:
    async def process_item(self, item):
        await asyncio.sleep(1)
        return item


class StartSpider(scrapy.Spider):
    name = "start"

    async def start(self):
        if sys.argv[1] == "item":
            yield {"number": 1}
        else:
            yield scrapy.Request("data:,1", self.rows, dont_filter=True)
        while True:
            await asyncio.sleep(0.1)

    def rows(self, response):
        yield {"number": 1}


def main():
    process = AsyncCrawlerProcess(
        {
            "ITEM_PIPELINES": {SlowPipeline: 1},
            "CLOSESPIDER_TIMEOUT": 0.3,
            "LOG_ENABLED": False,
            "TELNETCONSOLE_ENABLED": False,
            "REMOTE_CONTROL_ENABLED": False,
        }
    )
    crawler = process.create_crawler(StartSpider)
    # The signal is sent when closing ends, which is what never happens.
    crawler.signals.connect(lambda: print("CLOSED", flush=True), signals.spider_closed, weak=False)
    opened = lambda: print("OPENED", flush=True)  # noqa: E731
    crawler.signals.connect(opened, signals.spider_opened, weak=False)
    process.crawl(crawler)
    process.start()


if __name__ == "__main__":
    main()
