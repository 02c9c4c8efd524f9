"""Who we say we are, and the proxy that we use only if we are told to trust it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Self

from scrapy.downloadermiddlewares.httpproxy import HttpProxyMiddleware
from scrapy.exceptions import NotConfigured

import carsets

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

PRODUCT = "carsets"  # the name that robots.txt may use for us


def user_agent(contact: str = "", bot_name: str = PRODUCT) -> str:
    """Return the User-Agent: name, version, and where the crawl's owner can be reached."""
    name = f"{bot_name}/{carsets.__version__}"
    contact = " ".join(contact.split())
    return f"{name} (+{contact})" if contact else name


class ContactUserAgent:
    """Put the CONTACT into the User-Agent; say once if a live crawl has none.

    A User-Agent that a request brings along, or the setting USER_AGENT, is left as it is.
    """

    def __init__(self, agent: str, *, say_so: bool) -> None:
        self.agent = agent
        self.say_so = say_so

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        contact = settings.get("CONTACT") or ""
        agent = user_agent(contact, settings.get("BOT_NAME") or PRODUCT)
        own = (settings.getpriority("USER_AGENT") or 0) > 0
        live = not settings.getint("FAKEWEB_PORT")
        return cls(settings["USER_AGENT"] if own else agent, say_so=live and not contact)

    def process_request(self, request: Request) -> None:
        """Set the header."""
        request.headers.setdefault(b"User-Agent", self.agent)
        if self.say_so and request.url.startswith("http"):
            self.say_so = False
            logger.warning(
                "CONTACT is not set: the hosts you crawl cannot reach you. Set it, in the "
                "environment or with -s, to a web page or a mail address of yours"
            )


class TrustedProxy(HttpProxyMiddleware):
    """Use the proxy of the environment, if PROXY_TRUSTED says that it keeps us out of networks."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        if not settings.getbool("PROXY_TRUSTED") or settings.getint("FAKEWEB_PORT"):
            raise NotConfigured
        return super().from_crawler(crawler)
