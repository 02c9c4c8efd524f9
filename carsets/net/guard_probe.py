"""Lets no run begin that the address guard does not protect."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Self
from urllib.request import getproxies

from scrapy import signals
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.exceptions import CloseSpider
from scrapy.utils.misc import load_object
from twisted.internet.interfaces import IResolutionReceiver
from zope.interface import implementer  # type: ignore[import-untyped]

from carsets.net.address_guard import AddressPolicy

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings
    from twisted.internet.interfaces import IAddress, IHostResolution

logger = logging.getLogger(__name__)

# The reason with which a run is closed that must not begin.
UNGUARDED = "unguarded"
# Of these literals the first that is forbidden is resolved, and must not be answered.
PROBES = ("127.0.0.1", "169.254.169.254", "10.0.0.1", "192.168.0.1", "240.0.0.1", "224.0.0.1")


class GuardProbe:
    """Resolve a forbidden address at the start, and close the run if the answer is an address.

    The resolver is chosen by the settings of the process; in a spider's ``custom_settings``, and
    in a script that runs its own reactor, TWISTED_DNS_RESOLVER does nothing, without a word.
    """

    def __init__(self, settings: BaseSettings) -> None:
        self.settings = settings

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        probe = cls(crawler.settings)
        crawler.signals.connect(probe.spider_opened, signals.spider_opened)
        return probe

    async def spider_opened(self) -> None:
        """Raise ``CloseSpider`` if the run must not begin."""
        from twisted.internet import reactor

        if fault := self.fault(reactor):
            logger.critical("The run does not begin: %s", fault)
            raise CloseSpider(UNGUARDED)

    def fault(self, reactor: Any) -> str:
        """Return why a run on this reactor must not begin, in one line, or ""."""
        return self._proxy_fault() or self._handler_fault() or self._resolver_fault(reactor)

    def _proxy_fault(self) -> str:
        if self.settings.getbool("PROXY_TRUSTED") or self.settings.getint("FAKEWEB_PORT"):
            return ""
        proxies = sorted({"http", "https", "all"} & getproxies().keys())
        if not proxies:
            return ""
        return (
            f"a proxy is configured ({', '.join(f'{name}_proxy' for name in proxies)}), and what "
            "it connects to cannot be checked here. Unset it, or set PROXY_TRUSTED=True if it "
            "keeps the crawl out of private networks"
        )

    def _handler_fault(self) -> str:
        handlers = self.settings.getwithbase("DOWNLOAD_HANDLERS")
        for scheme in ("http", "https"):
            handler = handlers.get(scheme)
            loaded = load_object(handler) if handler else HTTP11DownloadHandler
            if not (isinstance(loaded, type) and issubclass(loaded, HTTP11DownloadHandler)):
                return f"the {scheme} handler {handler} does not ask the guarded resolver"
        return ""

    def _resolver_fault(self, reactor: Any) -> str:
        policy = AddressPolicy(self.settings.getlist("ADDRESS_ALLOWED"))
        forbidden = [address for address in PROBES if policy.reason(address)]
        answers = _Answers()
        if forbidden:
            # The guard refuses an IP literal at once; every other resolver asks a thread first.
            reactor.nameResolver.resolveHostName(answers, forbidden[0], 80)
        if not forbidden or answers.refused:
            return ""
        return (
            "the address guard is not in force. TWISTED_DNS_RESOLVER has to name "
            "carsets.net.address_guard.GuardedResolver in the settings of the process (not in "
            "custom_settings), and the crawl has to be started by Scrapy's own command or process"
        )


@implementer(IResolutionReceiver)
class _Answers:
    """Receives the answer of a resolver."""

    def __init__(self) -> None:
        self.addresses: list[IAddress] = []
        self.complete = False

    @property
    def refused(self) -> bool:
        return self.complete and not self.addresses

    def resolutionBegan(self, resolution: IHostResolution) -> None:  # noqa: N802
        """Nothing to do."""

    def addressResolved(self, address: IAddress) -> None:  # noqa: N802
        """Note an answer."""
        self.addresses.append(address)

    def resolutionComplete(self) -> None:  # noqa: N802
        """Note that there are no more answers."""
        self.complete = True
