"""Scrapy's own media pipelines with Scrapy's own defaults: images|files LIST STORE."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import scrapy
from scrapy.crawler import AsyncCrawlerProcess

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

kind, url_list, store = sys.argv[1:]


class PhotosSpider(scrapy.Spider):
    name = "photos"

    async def start(self) -> AsyncIterator[Any]:
        yield scrapy.Request("data:,", callback=self.items, dont_filter=True)

    def items(self, response: scrapy.http.Response) -> Iterator[dict[str, list[str]]]:
        for url in Path(url_list).read_text().split():
            yield {"image_urls": [url], "file_urls": [url]}


pipeline = {"images": "ImagesPipeline", "files": "FilesPipeline"}[kind]
process = AsyncCrawlerProcess(
    {
        "ITEM_PIPELINES": {f"scrapy.pipelines.{kind}.{pipeline}": 1},
        "IMAGES_STORE": store,
        "FILES_STORE": store,
        "LOG_LEVEL": "WARNING",  # its DEBUG lines would cost it more than the work
        "TELNETCONSOLE_ENABLED": False,
    }
)
process.crawl(PhotosSpider)
process.start()
