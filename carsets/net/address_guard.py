"""Keeps the crawl out of private networks: what is checked is what is connected to.

The guard sits in the resolver of the reactor, behind which no name and no spelling of an address
can hide: Twisted asks it for every host, IP literals included, and connects to exactly the
address that it answers. So a name that resolves differently a second later gains nothing.
"""

from __future__ import annotations

import ipaddress
import time
from typing import TYPE_CHECKING, Self

from scrapy.resolver import CachingThreadedResolver
from scrapy.utils.datatypes import LocalCache
from twisted.internet.abstract import isIPAddress
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.error import DNSLookupError

from carsets.net.failures import Refused
from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scrapy.crawler import Crawler
    from twisted.internet.base import ReactorBase

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

# The name under which our own download handler asks for the built-in web. RFC 6761 keeps
# ".invalid" out of the DNS, so nobody can own it; the gate refuses it in URLs that were found.
BUILTIN_WEB = "builtin-web.invalid"

# The special-purpose registries of IANA (RFC 6890 and what came after), and addresses of cloud
# machinery that look public. `ipaddress.is_global` is asked as well, but calls many of these
# global: 168.63.129.16, multicast, 192.88.99.0/24, 6to4.
FORBIDDEN: tuple[IPNetwork, ...] = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8",  # "this network"; Linux connects to itself
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, and Alibaba's metadata server
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's wire server
        "169.254.0.0/16",  # link-local, and the metadata servers of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # protocol assignments, and Oracle's metadata server
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT relays
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarking
        "2001:db8::/32",  # documentation
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")  # all that IPv6 routes on the public internet
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_6TO4 = ipaddress.ip_network("2002::/16")
_ISATAP = {0x00005EFE, 0x02005EFE}  # RFC 5214: interface identifiers that carry an IPv4 address


class AddressForbidden(Refused):
    """The host is, or resolves to, an address that must not be reached."""

    def __init__(self, note: str = "") -> None:
        super().__init__(Outcome.ADDRESS_FORBIDDEN, note)


class AddressPolicy:
    """Which addresses may be connected to: the public internet, and what the user trusts.

    ``allowed`` holds addresses ("192.168.1.7"), networks ("192.168.1.0/24") and host names
    ("files.example"); a name is trusted wherever it leads. Raises ValueError for what is none.
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._networks: list[IPNetwork] = []
        self._hosts: set[str] = set()
        for entry in map(str.strip, allowed):
            try:
                self._networks.append(ipaddress.ip_network(entry.strip("[]"), strict=False))
            except ValueError:
                if not entry or "/" in entry or ":" in entry or entry[-1].isdigit():
                    message = f"ADDRESS_ALLOWED: {entry!r} is no address, network or host name"
                    raise ValueError(message) from None
                self._hosts.add(entry.lower().rstrip("."))

    def check(self, address: str, host: str = "") -> None:
        """Raise ``AddressForbidden`` unless this address, found for this host, may be reached."""
        if reason := self.reason(address, host):
            raise AddressForbidden(reason)

    def reason(self, address: str, host: str = "") -> str:
        """Return why this address must not be reached, or "" if it may."""
        if host and host.lower().rstrip(".") in self._hosts:
            return ""
        try:
            ip = ipaddress.ip_address(address.partition("%")[0].strip("[]"))
        except ValueError:
            return f"{address!r} is not an address"
        if any(ip in network for network in self._networks):
            return ""
        ip = _unwrapped(ip)
        if any(ip in network for network in self._networks):
            return ""
        return "" if _is_public(ip) else f"{address} is not on the public internet"


def _unwrapped(ip: IPAddress) -> IPAddress:
    """Return the IPv4 address that an IPv6 address stands for, or the address itself."""
    if not isinstance(ip, ipaddress.IPv6Address):
        return ip
    low = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if ip.ipv4_mapped is not None or ip in _NAT64 or int(ip) >> 32 & 0xFFFFFFFF in _ISATAP:
        return low
    if ip in _6TO4:
        return ipaddress.IPv4Address(int(ip) >> 80 & 0xFFFFFFFF)
    return ip  # Teredo lies in 2001::/23 and is refused whole


def _is_public(ip: IPAddress) -> bool:
    if not ip.is_global or ip.is_multicast or any(ip in network for network in FORBIDDEN):
        return False
    return ip.version == 4 or ip in _GLOBAL_UNICAST


# Names that were refused: Twisted swallows what a resolver raises, so the download handler looks
# here to tell a forbidden address from a name that does not exist.
_refused: LocalCache[str, tuple[float, str]] = LocalCache(10_000)
_REFUSAL_LASTS = 60.0  # seconds; longer than DNS_TIMEOUT may delay the failure of a connection


def refusal_of(host: str) -> str:
    """Return why the resolver has just refused this host, or ""."""
    when, reason = _refused.get(host.lower().strip("[]"), (0.0, ""))
    return reason if reason and time.monotonic() - when < _REFUSAL_LASTS else ""


class GuardedResolver(CachingThreadedResolver):
    """Scrapy's caching resolver (IPv4 only) that answers with no forbidden address.

    Must be named by TWISTED_DNS_RESOLVER in the settings of the process: Scrapy ignores it in
    ``custom_settings``, without a word. ``GuardProbe`` checks that it is in force.
    """

    def __init__(
        self,
        reactor: ReactorBase,
        cache_size: int,
        timeout: float,
        policy: AddressPolicy | None = None,
        builtin_web: bool = False,
    ) -> None:
        super().__init__(reactor, cache_size, timeout)
        self.policy = policy or AddressPolicy()
        self.builtin_web = builtin_web

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        # Scrapy hands over the process instead of a crawler: nothing but `settings` may be used.
        resolver = super().from_crawler(crawler, reactor)
        resolver.policy = AddressPolicy(crawler.settings.getlist("ADDRESS_ALLOWED"))
        resolver.builtin_web = bool(crawler.settings.getint("FAKEWEB_PORT"))
        return resolver

    def getHostByName(  # noqa: N802 (Twisted's name)
        self, name: str, timeout: Sequence[int] = ()
    ) -> Deferred[str]:
        if name == BUILTIN_WEB:
            return succeed("127.0.0.1") if self.builtin_web else self._refuse(name, "reserved")
        if ":" in name:  # an IPv6 literal: we connect over IPv4 only
            if reason := self.policy.reason(name, name):
                return self._refuse(name, reason)
            return fail(DNSLookupError(f"{name}: IPv6 is not used"))
        answer = succeed(name) if isIPAddress(name) else super().getHostByName(name, timeout)
        return answer.addCallback(self._checked, name)

    def _checked(self, address: str, name: str) -> str:
        # Cached answers pass here too: another resolver may have filled the cache.
        if reason := self.policy.reason(address, name):
            self._note(name, reason)
            raise DNSLookupError(f"{name}: {reason}")
        return address

    def _refuse(self, name: str, reason: str) -> Deferred[str]:
        self._note(name, reason)
        return fail(DNSLookupError(f"{name}: {reason}"))

    @staticmethod
    def _note(name: str, reason: str) -> None:
        _refused[name.lower()] = (time.monotonic(), reason)
