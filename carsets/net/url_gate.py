"""Which URLs may be asked for at all, judged by their text alone.

The gate is the cheap half of the protection against forged URLs: the images pipeline asks it
before scheduling, ``UrlGateMiddleware`` for every request and every hop of a redirect. What a
host name resolves to is the other half, and is judged by ``address_guard``.
"""

from __future__ import annotations

import re
import socket
import unicodedata
from ipaddress import IPv6Address
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from carsets.net.address_guard import BUILTIN_WEB, AddressForbidden, AddressPolicy
from carsets.net.failures import Refused
from carsets.net.requests import is_image_request, is_own_data_request, strip_for_image_host
from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Collection

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

DEFAULT_PORTS = {"http": 80, "https": 443}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\Z")
_LAST_LABEL_IS_A_NUMBER = re.compile(r"(^|\.)([0-9]+|0x[0-9a-f]*)\Z")
_LOCAL = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback", BUILTIN_WEB)


class UrlGate:
    """Say which URLs may be asked for: http and https, ordinary ports, no tricks.

    ``ports`` are the TCP ports allowed, ``max_length`` is in characters, ``policy`` judges hosts
    that are written as addresses.
    """

    def __init__(
        self,
        ports: Collection[int] = (80, 443),
        max_length: int = 4096,
        policy: AddressPolicy | None = None,
    ) -> None:
        self.ports = frozenset(ports)
        self.max_length = max_length
        self.policy = policy or AddressPolicy()

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        """Build the gate that the settings of a crawl describe."""
        return cls(
            ports=[int(port) for port in settings.getlist("URL_PORTS_ALLOWED", [80, 443])],
            max_length=settings.getint("URL_MAX_LENGTH", 4096),
            policy=AddressPolicy(settings.getlist("ADDRESS_ALLOWED")),
        )

    def check(self, url: str) -> Outcome | None:
        """Return the outcome of a URL that must not be asked for, or None if it may."""
        try:
            self.require(url)
        except Refused as refusal:
            return refusal.outcome
        return None

    def require(self, url: str) -> None:
        """Raise ``Refused``, with the outcome and a note, for a URL that must not be asked for."""
        scheme = url[:16].partition(":")[0].strip().lower() if ":" in url[:16] else ""
        if scheme == "data":
            raise Refused(Outcome.INLINE_THUMBNAIL, "a data: URL")
        if scheme and scheme not in DEFAULT_PORTS and re.fullmatch(r"[a-z][a-z0-9+.-]*", scheme):
            raise Refused(Outcome.SCHEME_FORBIDDEN, f"scheme {scheme}")
        if len(url) > self.max_length:
            raise _unusable(f"longer than {self.max_length} characters")
        if _CONTROL.search(url):
            raise _unusable("a control character")
        try:
            parts = urlsplit(url.strip(" "))
            port = parts.port
            host = parts.hostname or ""
        except ValueError as error:
            raise _unusable(str(error)) from None
        if parts.scheme not in DEFAULT_PORTS:
            raise _unusable("not an absolute URL")
        if "@" in parts.netloc:
            raise _unusable("a user name or password")
        if (DEFAULT_PORTS[parts.scheme] if port is None else port) not in self.ports:
            raise _unusable(f"port {port}")
        self._require_host(host)

    def _require_host(self, host: str) -> None:
        if ":" in host:
            try:
                IPv6Address(host)
            except ValueError:
                raise _unusable("not an IPv6 address") from None
            self.policy.check(host, host)
            return
        name = _ascii_host(host)
        if name.rstrip(".") in _LOCAL or name.rstrip(".").endswith(".localhost"):
            # Asked as the address that every system gives to these names.
            if name.rstrip(".") == BUILTIN_WEB or self.policy.reason("127.0.0.1", name):
                raise AddressForbidden(f"{name} is this machine")
            return
        if _LAST_LABEL_IS_A_NUMBER.search(name.rstrip(".")):
            self.policy.check(_ipv4_literal(name.rstrip(".")), name)


def _unusable(note: str) -> Refused:
    return Refused(Outcome.URL_FORBIDDEN, note)


def _ascii_host(host: str) -> str:
    """Return the host as it will be asked for: lower case, IDNA; refuse what is no host."""
    name = unicodedata.normalize("NFKC", host).lower()
    try:
        if not name.isascii():
            name = name.encode("idna").decode("ascii")
    except UnicodeError:
        raise _unusable("the host is not valid IDNA") from None
    if not _HOST.match(name.removesuffix(".")):
        raise _unusable("not a host name")
    return name


def _ipv4_literal(name: str) -> str:
    """Return the address that a host ending in a number stands for: 127.1, 0x7f000001, 017…"""
    try:
        return socket.inet_ntoa(socket.inet_aton(name))
    except OSError:
        raise _unusable("neither a host name nor an address") from None


class UrlGateMiddleware:
    """Let a request through the gate, or end it with its outcome; strip what images must not say.

    Stands before every other downloader middleware, so that what it refuses causes no traffic,
    not even for robots.txt. Redirects and retries pass it again.
    """

    def __init__(self, gate: UrlGate, proxy_trusted: bool = False) -> None:
        self.gate = gate
        self.proxy_trusted = proxy_trusted

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        settings = crawler.settings
        return cls(UrlGate.from_settings(settings), settings.getbool("PROXY_TRUSTED"))

    def process_request(self, request: Request) -> None:
        """Raise ``Refused`` unless the request may be made."""
        if is_own_data_request(request):
            return
        self.gate.require(request.url)
        if request.meta.get("proxy") and not self.proxy_trusted:
            raise AddressForbidden("a proxy, and PROXY_TRUSTED is not set")
        if is_image_request(request):
            strip_for_image_host(request)
