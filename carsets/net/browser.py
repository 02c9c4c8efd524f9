"""A browser for the sources that show nothing without one, and what it may reach.

A browser resolves names by itself, past the guarded resolver. So it is shut in twice: Chromium
itself resolves only the hosts of its source, addresses included (``--host-resolver-rules``), and
every request of a page to another host or over another scheme than https is aborted. What is left
is what the source's own names resolve to, and there the certificate has to be the source's.
"""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from carsets.net.redaction import register_secret
from carsets.problems import UserError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from scrapy.settings import BaseSettings

ADDON = "carsets.addons.BrowserAddon"
PAGE = "carsets_browser_page"  # key of request.meta: a coroutine function that gets the page
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
UNWANTED = frozenset({"image", "media", "font"})  # images are fetched by the pipeline alone
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
    "--disable-features=OptimizationHints,MediaRouter,Translate",
    # A peer connection would send packets to any address, past every rule for names.
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
)


def use_browser(settings: BaseSettings, hosts: Sequence[str], storage_state: str = "") -> None:
    """Switch the browser on for a crawl; called by a spider while it is built.

    ``hosts`` are all that the browser may reach, ``storage_state`` a file that Playwright wrote
    (cookies of the user's own session), or "". Raises UserError for an unreadable one.
    """
    if storage_state:
        _check_storage_state(storage_state)
    settings.set("BROWSER_HOSTS", list(hosts), priority="spider")
    settings.set("BROWSER_STORAGE_STATE", storage_state, priority="spider")
    addons = {**settings.getdict("ADDONS"), ADDON: 500}
    settings.set("ADDONS", addons, priority="spider")


def shown(settle: Callable[[Any], Awaitable[str | None]]) -> dict[str, Any]:
    """Return the meta of a request that is shown in the browser.

    ``settle`` gets Playwright's page when it has begun. What it returns is the answer's body; if
    it is None, the page as it then stands.
    """
    return {PAGE: settle, "dont_retry": True}  # asking again prolongs a block


def _check_storage_state(path: str) -> None:
    try:
        state = json.loads(Path(path).expanduser().read_bytes())
        cookies = [cookie["value"] for cookie in state["cookies"]]
    except OSError as error:
        raise UserError(f"storage_state={path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise UserError(
            f"storage_state={path}: not a storage state; Playwright writes one with "
            f"`playwright open --save-storage={path} ADDRESS`, after you have logged in there"
        ) from None
    for value in cookies:
        if isinstance(value, str):
            register_secret(value)


def find_browser(executable: str = "") -> str:
    """Return the path of a Chromium; "" for the one that Playwright has fetched itself.

    ``executable`` is the setting BROWSER_EXECUTABLE. Raises UserError if there is none.
    """
    for package in ("playwright", "scrapy_playwright"):
        if importlib.util.find_spec(package) is None:
            raise UserError("this source needs a browser: pip install -r requirements.txt")
    if executable:
        found = shutil.which(Path(executable).expanduser())
        if found:
            return found
        raise UserError(f"BROWSER_EXECUTABLE={executable}: there is no such program")
    for name in NAMES:
        if found := shutil.which(name):
            return found
    if _playwright_has_one():
        return ""
    raise UserError(
        "this source needs a browser, and there is none: `apt-get install chromium` on "
        "Debian and Ubuntu, `playwright install chromium` elsewhere, or "
        "set BROWSER_EXECUTABLE to your Chromium"
    )


def _playwright_has_one() -> bool:
    """Say whether Playwright's own Chromium, of the very revision that it wants, is there."""
    package = importlib.util.find_spec("playwright")
    if package is None or package.origin is None:
        return False
    try:
        listed = Path(package.origin).parent / "driver" / "package" / "browsers.json"
        browsers = json.loads(listed.read_bytes())["browsers"]
        wanted = [b for b in browsers if b["name"] == "chromium-headless-shell"]
        folders = [f"{b['name'].replace('-', '_')}-{b['revision']}" for b in wanted]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return any((_playwright_folder() / name / "INSTALLATION_COMPLETE").exists() for name in folders)


def _playwright_folder() -> Path:
    if given := os.environ.get("PLAYWRIGHT_BROWSERS_PATH"):
        return Path(given)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "ms-playwright"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "ms-playwright"
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ms-playwright"


def launch_options(
    executable: str, hosts: Sequence[str], *, builtin_web: int = 0, proxy: bool = False
) -> dict[str, Any]:
    """Return how to start the browser.

    ``builtin_web`` is the TLS port of the built-in web on this machine; 0 = the live web. Only
    towards the built-in web, whose certificate nobody has signed, are certificates not checked.
    """
    arguments = [*QUIET, f"--host-resolver-rules={resolver_rules(hosts, builtin_web)}"]
    if not proxy or builtin_web:
        arguments.append("--no-proxy-server")  # Chromium reads the proxies of the environment
    if builtin_web:
        arguments.append("--ignore-certificate-errors")
    options: dict[str, Any] = {"headless": True, "args": arguments}
    if executable:
        options["executable_path"] = executable
    return options


def resolver_rules(hosts: Sequence[str], builtin_web: int = 0) -> str:
    """Return Chromium's rules: these hosts resolve (to the built-in web, if it has a port)."""
    if builtin_web:
        known = [f"MAP {host} 127.0.0.1:{builtin_web}" for host in hosts]
        return ", ".join((*known, "MAP * ~NOTFOUND"))
    return ", ".join(("MAP * ~NOTFOUND", *(f"EXCLUDE {host}" for host in hosts)))


def context_options(storage_state: str = "") -> dict[str, Any]:
    """Return what a browser context begins with."""
    # The requests of a service worker could not be aborted.
    options: dict[str, Any] = {"service_workers": "block", "accept_downloads": False}
    if storage_state:
        options["storage_state"] = str(Path(storage_state).expanduser())
    return options


class RequestGate:
    """Say which requests of a page are aborted: unwanted kinds, foreign hosts, other schemes."""

    def __init__(self, hosts: Collection[str]) -> None:
        self.hosts = frozenset(hosts)

    def __call__(self, request: Any) -> bool:
        """Return whether to abort a request, given as Playwright's object."""
        if request.resource_type in UNWANTED:
            return True
        try:
            parts = urlsplit(request.url)
            port = parts.port
        except ValueError:
            return True
        return parts.scheme != "https" or parts.hostname not in self.hosts or port is not None
