"""Crawls in a process of their own: a configuration a line on stdin, a report a line on stdout.

The pipeline only writes down how each URL ended, so that the same crawl can be run with the
settings of carsets and with those of stock Scrapy ("stock": true). What belongs to the process
(the resolver) is set by the first argument, as JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import warnings
from pathlib import Path

import scrapy
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.exceptions import ScrapyDeprecationWarning
from scrapy.http.request import NO_CALLBACK
from scrapy.pipelines.media import MediaPipeline, _MediaRequestFiltered
from scrapy.settings import Settings

from carsets.net.host_load import HostLoad


class Recorder(MediaPipeline):
    """Write down how each image ended."""

    LOG_FAILED_RESULTS = False

    def get_media_requests(self, item, info):
        spider = self.crawler.spider
        for url in item["image_urls"]:
            try:
                meta = {"as_given": url, **spider.config.get("meta", {})}
                headers = spider.config.get("headers")
                yield scrapy.Request(url, callback=NO_CALLBACK, meta=meta, headers=headers)
            except ValueError as error:
                spider.report["images"][url] = ["url_forbidden", str(error)]

    def media_to_download(self, request, info, *, item=None):
        return None

    def file_path(self, request, response=None, info=None, *, item=None):
        return ""

    def media_downloaded(self, response, request, info, *, item=None):
        ended = [response.status, len(response.body), response.url]
        self.crawler.spider.report["images"][request.meta["as_given"]] = ended
        return {"url": request.url, "path": "", "checksum": None, "status": ""}

    def media_failed(self, failure, request, info):
        from carsets.net.failures import outcome_of

        outcome, note = outcome_of(failure.value)
        self.crawler.spider.report["images"][request.meta["as_given"]] = [str(outcome), note]
        raise _MediaRequestFiltered(str(outcome))  # logged without a traceback

    def item_completed(self, results, item, info):
        return item


class TestSpider(scrapy.Spider):
    name = "test"

    def __init__(self, config, report):
        super().__init__()
        self.config, self.report = config, report
        if "allowed_domains" in config:
            self.allowed_domains = config["allowed_domains"]

    async def start(self):
        meta = {"carsets_source": True} if self.config.get("source") else {}
        for url in self.config.get("pages", []):
            yield scrapy.Request(url, self.read, errback=self.failed, dont_filter=True, meta=meta)
        if self.config.get("images"):
            yield scrapy.Request("data:,1", self.rows, dont_filter=True)

    def rows(self, response):
        for url in self.config["images"]:
            yield {"image_urls": [url]}

    def read(self, response):
        self.report["pages"][response.url] = response.status

    def failed(self, failure):
        self.report["pages"][failure.request.url] = type(failure.value).__name__


def build_settings(config) -> Settings:
    settings = Settings()
    settings.set("TWISTED_REACTOR", "twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    if config.get("stock"):
        for name in ("TELNETCONSOLE_ENABLED", "REMOTE_CONTROL_ENABLED"):
            settings.set(name, False)
    else:
        settings.setmodule("carsets.settings")
        extensions = {"carsets.net.guard_probe.GuardProbe": 0, "carsets.net.watchdog.Watchdog": 0}
        settings.set("EXTENSIONS", extensions, priority="cmdline")
    settings.set("ITEM_PIPELINES", {Recorder: 1}, priority="cmdline")
    settings.update(config.get("settings", {}), priority="cmdline")
    return settings


def memory(field: str) -> int:
    """Return VmRSS or VmHWM in bytes."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024
    return 0


async def crawl(config):
    report = {"images": {}, "pages": {}}
    spider = type("ThisSpider", (TestSpider,), {"custom_settings": config.get("custom_settings")})
    crawler = Crawler(spider, build_settings(config))
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before, cpu, began = memory("VmRSS"), time.process_time(), time.monotonic()
    try:
        await crawler.crawl_async(config=config, report=report)
    except Exception as error:
        report["exception"] = repr(error)
    report["seconds"] = time.monotonic() - began
    report["cpu"] = time.process_time() - cpu
    report["growth"] = memory("VmHWM") - before
    report["load"] = HostLoad.of(crawler).as_json()
    stats = crawler.stats.get_stats() if crawler._stats else {}
    report["stats"] = {k: v for k, v in stats.items() if isinstance(v, int | float | str)}
    return report


async def serve():
    from twisted.internet import reactor

    while line := await asyncio.to_thread(sys.stdin.readline):
        report = await crawl(json.loads(line))
        print(json.dumps(report), flush=True)
    reactor.stop()


def main() -> None:
    warnings.simplefilter("error", ScrapyDeprecationWarning)
    settings = Settings()
    settings.setmodule("carsets.settings")
    settings.update(
        {"LOG_ENABLED": False, "SPIDER_MODULES": [], **json.loads(sys.argv[1])}, priority="cmdline"
    )
    process = AsyncCrawlerProcess(settings)
    asyncio.get_event_loop().create_task(serve())
    process.start(stop_after_crawl=False, install_signal_handlers=False)


if __name__ == "__main__":
    main()
