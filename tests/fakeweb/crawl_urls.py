"""A crawl of the built-in web in a process of its own: prints how each URL ended, as JSON.

Arguments: the port, then the settings as JSON; the URLs come on the standard input, one a line.
"""

import json
import sys

import scrapy
from scrapy.crawler import AsyncCrawlerProcess

from carsets.net.failures import outcome_of

PORT, MORE = int(sys.argv[1]), json.loads(sys.argv[2])
URLS = sys.stdin.read().splitlines()
ENDED = {}


class Spider(scrapy.Spider):
    name = "urls"

    async def start(self):
        for url in URLS:
            yield scrapy.Request(url, callback=self.parse, errback=self.failed, dont_filter=True)

    def parse(self, response):
        ENDED[response.request.url] = [response.status, response.url, len(response.body)]

    def failed(self, failure):
        ENDED[failure.request.url] = [str(outcome_of(failure.value)[0])]


SETTINGS = {
    "ADDONS": {"carsets.fakeweb.addon.FakeWebAddon": 100},
    "FAKEWEB_PORT": PORT,
    "TWISTED_DNS_RESOLVER": "carsets.net.address_guard.GuardedResolver",
    "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "COOKIES_ENABLED": False,
    "RETRY_ENABLED": False,
    "REDIRECT_ENABLED": False,
    "HTTPERROR_ALLOW_ALL": True,
    "LOG_LEVEL": "ERROR",
}
process = AsyncCrawlerProcess(SETTINGS | MORE)
process.crawl(Spider)
process.start()
print(json.dumps(ENDED))
