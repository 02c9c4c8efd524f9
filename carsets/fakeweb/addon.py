"""One setting, FAKEWEB_PORT, turns a crawl to the built-in web; everything else stays as live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

_HANDLER = "carsets.fakeweb.handler.FakeWebHandler"
# Nobody is disturbed on loopback. Not zero: the pace is then decided elsewhere in Scrapy.
_DELAY = 0.001
_PRIORITY = 35  # above the project (20) and the spiders (30), below the command line (40)


class FakeWebAddon:
    """Send all http and https requests to the built-in web if FAKEWEB_PORT is set.

    Name it in ADDONS. What the command line or a spider sets wins, as with every add-on; the
    delays are set only where nobody asked for others.
    """

    def update_settings(self, settings: BaseSettings) -> None:
        """Change the settings of a crawl."""
        if not settings.getint("FAKEWEB_PORT"):
            return
        handlers: dict[str, Any] = dict(settings.getdict("DOWNLOAD_HANDLERS"))
        handlers |= {"http": _HANDLER, "https": _HANDLER}
        settings.set("DOWNLOAD_HANDLERS", handlers, priority=_PRIORITY)
        for name, value in (("DOWNLOAD_DELAY", _DELAY), ("DOWNLOAD_SLOTS", {})):
            settings.set(name, value, priority=_PRIORITY)
