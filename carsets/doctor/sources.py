"""What sources need: a contact, keys in the environment, a browser, a way to the network."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from carsets.doctor.finding import fail, ok, warn
from carsets.net.browser import find_browser
from carsets.net.redaction import MIN_LENGTH
from carsets.problems import UserError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from carsets.doctor.finding import Finding

# Variable of the environment -> the sources that read it, and what goes without it.
KEYS: dict[str, tuple[tuple[str, ...], str]] = {
    "FLICKR_API_KEY": (("flickr",), ""),
    "OPENVERSE_TOKEN": (("openverse",), "openverse allows less without"),
    "BRAVE_API_KEY": (("brave",), "brave is asked by -a mode=page without"),
    "GOOGLE_API_KEY": (("google",), "google is asked by -a mode=page without"),
    "GOOGLE_CX": (("google",), "google is asked by -a mode=page without"),
    "INSTAGRAM_TOKEN": (("instagram",), "instagram has other modes without"),
    "INSTAGRAM_USER_ID": (("instagram",), "instagram has other modes without"),
}
PAIRS = (("GOOGLE_API_KEY", "GOOGLE_CX"), ("INSTAGRAM_TOKEN", "INSTAGRAM_USER_ID"))
NEEDS_BROWSER = "google -a mode=page and instagram -a mode=playwright"
_CONTACT = re.compile(r"https?://[^\s/]+\.[^\s]+|[^\s@]+@[^\s@]+\.[^\s@]+")
_PLACEHOLDER = re.compile(r"(?i)change.?me|your.?(?:api.?)?key|x{4,}|\.{3}|<.*>")


def look_at_contact(settings: Mapping[str, Any], demanding: Collection[str]) -> Iterator[Finding]:
    """Yield whether hosts can reach who crawls; ``demanding``: named sources that insist on it."""
    contact = str(settings.get("CONTACT") or "").strip()
    fix = "export CONTACT=you@example.org (your own address, or a page about your crawl)"
    if not contact:
        if demanding:
            yield fail("contact", f"{', '.join(sorted(demanding))}: CONTACT is not set", fix)
        else:
            yield warn("contact", "CONTACT is not set: hosts cannot reach you", fix)
    elif not _CONTACT.fullmatch(contact):
        yield warn("contact", f"CONTACT={contact} is no mail address and no web page", fix)
    elif contact.endswith(("@example.org", "@example.com")):
        yield warn("contact", f"CONTACT={contact} is the example, and reaches nobody", fix)
    else:
        yield ok("contact", contact)


def look_at_keys(
    environment: Mapping[str, str], settings: Mapping[str, Any], asked: Collection[str]
) -> Iterator[Finding]:
    """Yield whether keys are there, and whole; never their values. ``asked``: named sources."""
    for name, (sources, without) in KEYS.items():
        value = environment.get(name, "")
        if settings.get(name):
            said = f"{name} stands in the settings, where receipts and jobs may show it"
            yield warn("key", said, f"give it in the environment alone: export {name}=...")
        if not value.strip():
            missing = set(sources) & set(asked)
            if missing and not without:
                yield fail("key", f"{name} is not set", f"export {name}=..., or leave out {name}")
            else:
                yield ok("key", f"{name} is not set: {without or f'no {sources[0]}'}")
        elif problem := _key_problem(value):
            yield warn("key", f"{name} {problem}", f"export {name}=... as it was given to you")
        else:
            yield ok("key", f"{name} is set")
    for one, other in PAIRS:
        for there, lacking in ((one, other), (other, one)):
            if environment.get(there, "").strip() and not environment.get(lacking, "").strip():
                said = f"{there} is set, and {lacking} is not"
                yield warn("key", said, f"export {lacking}=...: one is of no use without the other")


def _key_problem(value: str) -> str:
    if len(value) < MIN_LENGTH:
        return f"has less than {MIN_LENGTH} characters, too few to be kept out of logs"
    if _PLACEHOLDER.search(value):
        return "looks like a placeholder"
    if value != value.strip() or value.strip("\"'") != value or not value.isprintable():
        return "has blanks, quotes or control characters around or in it"
    return ""


def look_at_browser(settings: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield whether there is a browser."""
    try:
        found = find_browser(str(settings.get("BROWSER_EXECUTABLE") or ""))
    except UserError as problem:
        if settings.get("BROWSER_EXECUTABLE"):
            yield fail("browser", str(problem), "set BROWSER_EXECUTABLE to your Chromium")
        else:
            fix = "apt-get install chromium, or playwright install chromium"
            yield warn("browser", f"none: needed by {NEEDS_BROWSER}", fix)
    else:
        yield ok("browser", found or "the one that Playwright has fetched")


def look_at_proxies(proxies: Mapping[str, str], settings: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield whether a proxy stands in the way of the address guard."""
    given = sorted({"http", "https", "all"} & proxies.keys())
    names = ", ".join(f"{name}_proxy" for name in given)
    if not given:
        yield ok("proxy", "none")
    elif str(settings.get("PROXY_TRUSTED")) in {"True", "true", "1"}:
        yield ok("proxy", f"{names}, trusted by PROXY_TRUSTED")
    else:
        yield fail(
            "proxy",
            f"{names}: what it connects to cannot be checked here, so no run begins",
            "unset it, or set PROXY_TRUSTED=True if it keeps the crawl out of private networks",
        )
