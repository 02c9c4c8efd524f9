"""The browser's handler towards the built-in web: what is no page goes there as everything else."""

from carsets.fakeweb.handler import FakeWebHandler
from carsets.net.browser_handler import BrowserPages


class FakeWebBrowserHandler(BrowserPages, FakeWebHandler):
    """Show pages of the built-in web in a browser, and download its images without one."""
