"""Bundles of settings that are switched on together."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from carsets.cluster.switch import is_switched_on
from carsets.net.browser import find_browser, launch_options
from carsets.problems import UserError

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

_LIVE = "carsets.net.browser_handler.BrowserHandler"
_BUILTIN = "carsets.fakeweb.browser_handler.FakeWebBrowserHandler"
_SHARED = "carsets.net.shared_downloader.SharedDownloader"
_LINKS = "carsets.net.link_queue"
_PRIORITY = 35  # above the project (20) and the spiders (30), below the command line (40)


class BrowserAddon:
    """Let a source show its pages in Chromium: https only, and no host but the source's own.

    A spider switches it on with ``carsets.net.browser.use_browser``. Raises UserError, before
    anything is asked, on a machine without a browser.
    """

    def update_settings(self, settings: BaseSettings) -> None:
        """Change the settings of a crawl."""
        executable = find_browser(settings.get("BROWSER_EXECUTABLE") or "")
        builtin_web = settings.getint("FAKEWEB_PORT") and settings.getint("FAKEWEB_TLS_PORT")
        if settings.getint("FAKEWEB_PORT") and not builtin_web:
            raise UserError("FAKEWEB_TLS_PORT is not set: a browser asks the built-in web over TLS")
        handlers: dict[str, Any] = dict(settings.getdict("DOWNLOAD_HANDLERS"))
        handlers["https"] = _BUILTIN if builtin_web else _LIVE
        options = launch_options(
            executable,
            settings.getlist("BROWSER_HOSTS"),
            builtin_web=builtin_web,
            proxy=settings.getbool("PROXY_TRUSTED"),
        )
        for name, value in (
            ("DOWNLOAD_HANDLERS", handlers),
            ("PLAYWRIGHT_BROWSER_TYPE", "chromium"),
            ("PLAYWRIGHT_LAUNCH_OPTIONS", options),
            ("PLAYWRIGHT_MAX_PAGES_PER_CONTEXT", 1),  # one page at a time, as for every source
        ):
            settings.set(name, value, priority=_PRIORITY)


class ClusterAddon:
    """Let several workers share plans, hosts and limits, through the catalog.

    Does nothing unless the catalog is in PostgreSQL or CLUSTER_ENABLED says so. With REDIS_URL
    spiders that follow links share one queue too. Raises UserError for a setting with which
    workers could not work together.
    """

    def update_settings(self, settings: BaseSettings) -> None:
        """Change the settings of a crawl."""
        if is_switched_on(settings):
            settings.set("DOWNLOADER", _SHARED, priority=_PRIORITY)
        if settings.get("REDIS_URL"):
            self._share_links(settings)

    def _share_links(self, settings: BaseSettings) -> None:
        if find_spec("scrapy_redis") is None:
            raise UserError("REDIS_URL is set: pip install -r requirements-cluster.txt")
        for name, value in (
            ("SCHEDULER", f"{_LINKS}.LinkScheduler"),
            ("SCHEDULER_QUEUE_CLASS", f"{_LINKS}.LeasedQueue"),
            ("SCHEDULER_QUEUE_KEY", "carsets:%(spider)s:requests"),
            ("SCHEDULER_DUPEFILTER_KEY", "carsets:%(spider)s:seen"),
            ("SCHEDULER_SERIALIZER", "carsets.net.json_requests"),  # never pickles
            ("SCHEDULER_PERSIST", True),  # the end of one worker is not that of all
        ):
            settings.set(name, value, priority=_PRIORITY)
        for name, order in (("SPIDER_MIDDLEWARES", 0), ("DOWNLOADER_MIDDLEWARES", 10)):
            added = {**settings.getdict(name), f"{_LINKS}.LettingGo": order}
            settings.set(name, added, priority=_PRIORITY)
