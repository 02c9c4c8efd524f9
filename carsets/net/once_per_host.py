"""Asks each host once for a file, however many requests want to know what it says."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from time import monotonic
from typing import TYPE_CHECKING, Generic, TypeVar

from scrapy.utils.httpobj import urlparse_cached

from carsets.net.failures import Refused
from carsets.outcomes import Outcome

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from scrapy import Request

KNOWN_HOSTS = 10_000  # answers kept; the least recently used one is forgotten
VALID_FOR = 24 * 3600.0  # seconds; RFC 9309: not longer than a day
FAILURE_VALID_FOR = 600.0  # seconds until a host that failed is asked again

T = TypeVar("T")


class OncePerHost(Generic[T]):
    """Keep what hosts answered; those who come while a host is being asked wait for the answer.

    ``ask`` gets the site (``https://example.org``) and the request because of which it is asked,
    and returns the answer and for how many seconds it holds. It must not raise but when cancelled.
    """

    def __init__(self, ask: Callable[[str, Request], Awaitable[tuple[T, float]]]) -> None:
        self._ask = ask
        self._answers: OrderedDict[str, tuple[asyncio.Future[T], float]] = OrderedDict()

    async def answer(self, request: Request) -> T:
        """Return the answer of the host of a request. Raises Refused if the asking was ended."""
        url = urlparse_cached(request)
        site = f"{url.scheme}://{url.netloc}"
        known = self._answers.get(site)
        if known is None or known[1] < monotonic():
            return await self._first(site, request)
        answer = known[0]
        if not answer.done():
            await asyncio.wait([answer])
        if site in self._answers:  # it may have been forgotten in the meantime
            self._answers.move_to_end(site)
        return answer.result()

    async def _first(self, site: str, request: Request) -> T:
        answer: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._answers[site] = answer, float("inf")
        try:
            found, lifetime = await self._ask(site, request)
        except BaseException:  # cancelled: the next one asks again
            self._answers.pop(site, None)
            answer.set_exception(Refused(Outcome.CANCELLED, site))
            answer.exception()  # nobody may be waiting
            raise
        answer.set_result(found)
        self._answers[site] = answer, monotonic() + lifetime
        while len(self._answers) > KNOWN_HOSTS:
            self._answers.popitem(last=False)
        return found
