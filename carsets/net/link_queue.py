"""One queue in Redis for the workers of a spider that follows links, through scrapy-redis.

Its own queues lose the requests that a killed worker had taken, although they stay "seen". Here a
request that was taken is held under a lease until it has been dealt with, and goes back into the
queue when the lease has run out: it is asked at least once. All times are Redis's.
"""

from __future__ import annotations

import logging
from time import monotonic
from typing import TYPE_CHECKING, Any

from scrapy.core.scheduler import Scheduler as OwnScheduler
from scrapy.settings import BaseSettings
from scrapy_redis.queue import Base
from scrapy_redis.scheduler import Scheduler

from carsets.net.json_requests import BadEntryError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)

HELD = "carsets_held"  # meta: the entry in Redis that a request was made of
BEATS = 3  # renewals in the time of a lease

# KEYS: queue, held, seen. A request is marked as seen and queued in one step, or a worker that is
# killed between the two would lose it; "" as fingerprint asks nobody. What it follows is let go.
_PUSH = """
if ARGV[3] ~= "" and redis.call("SADD", KEYS[3], ARGV[3]) == 0 then
  return 0
end
redis.call("ZADD", KEYS[1], ARGV[1], ARGV[2])
if ARGV[4] ~= "" and ARGV[4] ~= ARGV[2] then
  redis.call("ZREM", KEYS[2], ARGV[4])
end
return 1
"""
# KEYS: queue, held. ARGV: the lease in seconds. What dead workers held comes first.
_POP = """
local now = tonumber(redis.call("TIME")[1]) + tonumber(redis.call("TIME")[2]) / 1000000
for _, entry in ipairs(redis.call("ZRANGEBYSCORE", KEYS[2], "-inf", now)) do
  redis.call("ZREM", KEYS[2], entry)
  redis.call("ZADD", KEYS[1], "-inf", entry)
end
local found = redis.call("ZPOPMIN", KEYS[1])
if #found == 0 then
  return nil
end
redis.call("ZADD", KEYS[2], now + tonumber(ARGV[1]), found[1])
return found[1]
"""
# KEYS: held. ARGV: the lease, then entries. Only what is still held: others may have it by now.
_RENEW = """
local now = tonumber(redis.call("TIME")[1]) + tonumber(redis.call("TIME")[2]) / 1000000
for i = 2, #ARGV do
  redis.call("ZADD", KEYS[1], "XX", now + tonumber(ARGV[1]), ARGV[i])
end
"""


class LeasedQueue(Base):  # type: ignore[misc]  # scrapy-redis has no types
    """Requests by priority; those that were taken count until they are let go."""

    def __init__(self, server: Any, spider: Any, key: str, serializer: Any = None) -> None:
        super().__init__(server, spider, key, serializer)
        self.held_key = f"{self.key}:held"
        self.lease = spider.settings.getfloat("LEASE_SECONDS")
        self.held: set[bytes] = set()
        self._renewed = monotonic()
        self._push = server.register_script(_PUSH)
        self._pop = server.register_script(_POP)
        self._renew = server.register_script(_RENEW)

    def __len__(self) -> int:
        """Return how many are to be asked, or being asked by anybody: while some are, we wait."""
        self._beat()
        return int(self.server.zcard(self.key)) + int(self.server.zcard(self.held_key))

    def push(self, request: Request, fingerprint: str = "", seen_key: str = "") -> bool:
        """Queue a request; return whether it was new. A retry lets go of what it repeats."""
        before = request.meta.pop(HELD, b"")
        entry = self._encode_request(request).encode()
        new = self._push(
            keys=[self.key, self.held_key, seen_key or f"{self.key}:seen"],
            args=[-request.priority, entry, fingerprint, before],
        )
        self.held.discard(before)
        return bool(new)

    def pop(self, timeout: int = 0) -> Request | None:
        """Take the next request under a lease; None when there is none just now."""
        self._beat()
        while True:
            entry = self._pop(keys=[self.key, self.held_key], args=[self.lease])
            if entry is None:
                return None
            try:
                request: Request = self._decode_request(entry)
            except (BadEntryError, TypeError, ValueError) as error:
                logger.warning("An entry of the queue %s is thrown away: %s", self.key, error)
                self.server.zrem(self.held_key, entry)
                continue
            request.meta[HELD] = entry
            self.held.add(entry)
            return request

    def let_go(self, request: Request | None) -> None:
        """Say that a request has been dealt with."""
        entry = request.meta.get(HELD, b"") if request is not None else b""
        if entry in self.held:
            self.held.discard(entry)
            self.server.zrem(self.held_key, entry)

    def clear(self) -> None:
        """Forget everything."""
        self.server.delete(self.key, self.held_key)

    def _beat(self) -> None:
        """Prolong the leases. Scrapy asks for requests every five seconds, also when idle."""
        if self.held and monotonic() - self._renewed > self.lease / BEATS:
            self._renewed = monotonic()
            self._renew(keys=[self.held_key], args=[self.lease, *self.held])


class LinkScheduler(Scheduler):  # type: ignore[misc]  # scrapy-redis has no types
    """Share the requests of a spider with ``follows_links``; Scrapy's own scheduler for others.

    Sources that are asked in queries share those through the catalog, page by page.
    """

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Any:
        if not getattr(crawler.spidercls, "follows_links", False):
            return OwnScheduler.from_crawler(crawler)
        return super().from_crawler(crawler)

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Any:
        """Take the seen-filter that is in Redis; other spiders keep Scrapy's."""
        seen = {"DUPEFILTER_CLASS": "scrapy_redis.dupefilter.RFPDupeFilter"}
        return super().from_settings(BaseSettings({**settings, **seen}))

    def enqueue_request(self, request: Request) -> bool:
        """Queue a request unless somebody has seen it; both in one step."""
        asked = "" if request.dont_filter else self.df.request_fingerprint(request)
        if not self.queue.push(request, asked, self.df.key):
            self.stats.inc_value("dupefilter/filtered")
            return False
        self.stats.inc_value("scheduler/enqueued/redis")
        return True

    def next_request(self) -> Request | None:
        """Take the next request; scrapy-redis counts it in a way that Scrapy has given up."""
        request: Request | None = self.queue.pop()
        if request is not None:
            self.stats.inc_value("scheduler/dequeued/redis")
        return request

    def close(self, reason: str) -> None:
        """Forget what was seen when all is done; what is left else is for the other workers."""
        if reason == "finished" and not len(self.queue):
            self.flush()


class LettingGo:
    """Let go of a request when its callback has come to its end, or when it has failed.

    A spider middleware and a downloader middleware in one.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> LettingGo:
        return cls(crawler)

    async def process_spider_output(
        self, response: Response, result: AsyncIterator[Any]
    ) -> AsyncIterator[Any]:
        """Pass everything on; then the request is done, for what it led to is queued."""
        async for one in result:
            yield one
        self._let_go(response.request)

    def process_spider_exception(self, response: Response, exception: Exception) -> None:
        """Let go: the callback would fail again."""
        self._let_go(response.request)

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Let go of what cannot be fetched; retries have been made before."""
        self._let_go(request)

    def _let_go(self, request: Request | None) -> None:
        engine = self.crawler.engine
        scheduler = engine._slot.scheduler if engine and engine._slot else None
        if isinstance(scheduler, LinkScheduler):
            scheduler.queue.let_go(request)
