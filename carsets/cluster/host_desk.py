"""Asks before each request whether its host may be sent one more: all workers count together.

No ``GroupDesk``: there every question is answered with its group, and here most are asked again,
each at its own time, beside news that nobody waits for an answer to.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from carsets.catalog.host_pace import Knock, News

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

GATHER = 0.01  # seconds that a request waits for others to ask with: this bounds what we ask
LINGER = 0.05  # seconds that other news waits for a request with which it can be told
MOST = 100  # requests asked for in one call


@dataclass(slots=True)
class _Waiting:
    knock: Knock
    let_in: asyncio.Future[None]
    due: float = 0.0  # monotonic seconds: when to ask for it


class HostDesk:
    """Let requests through when ``pace`` says so. It is called in a thread, one call at a time.

    ``pace`` returns for each knock how many seconds to wait; what it raises is raised to all who
    wait.
    """

    def __init__(self, pace: Callable[[News], Mapping[str, float]]) -> None:
        self._pace = pace
        self._waiting: dict[str, _Waiting] = {}
        self._sent: list[Knock] = []
        self._ended: list[str] = []
        self._pauses: dict[str, float] = {}
        self._work: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    async def enter(self, knock: Knock) -> None:
        """Wait until a request may be sent; it is taken to be sent then."""
        waiting = _Waiting(knock, asyncio.get_running_loop().create_future())
        self._waiting[knock.request_id] = waiting
        self._tell()
        try:
            await waiting.let_in
        except BaseException:
            self._waiting.pop(knock.request_id, None)
            self.end(knock)  # it may have been let in and cancelled in the same moment
            raise
        self._sent.append(knock)
        self._tell()

    def end(self, knock: Knock) -> None:
        """Say that a request is over."""
        self._ended.append(knock.request_id)
        self._tell()

    def pause(self, host: str, seconds: float) -> None:
        """Let nobody ask a host for so many seconds."""
        self._pauses[host] = max(seconds, self._pauses.get(host, 0.0))
        self._tell()

    def _tell(self) -> None:
        self._news.set()
        if self._work is None:
            self._work = asyncio.ensure_future(self._serve())

    async def _serve(self) -> None:
        try:
            while True:
                self._news.clear()
                await asyncio.sleep(GATHER if self._is_due() else LINGER)
                if news := self._take_news():
                    self._answer(await asyncio.to_thread(self._pace, news))
                elif not self._waiting and not self._news.is_set():
                    return
                await self._sleep()
        except Exception as error:
            for waiting in self._waiting.values():
                if not waiting.let_in.done():
                    waiting.let_in.set_exception(error)
            self._waiting.clear()
        finally:
            self._work = None

    def _is_due(self) -> bool:
        now = monotonic()
        return any(waiting.due <= now for waiting in self._waiting.values())

    def _take_news(self) -> News | None:
        now = monotonic()
        due = [waiting.knock for waiting in self._waiting.values() if waiting.due <= now][:MOST]
        if not (due or self._sent or self._ended or self._pauses):
            return None
        news = News(due, self._sent, self._ended, self._pauses)
        self._sent, self._ended, self._pauses = [], [], {}
        return news

    def _answer(self, waits: Mapping[str, float]) -> None:
        now = monotonic()
        for request_id, seconds in waits.items():
            waiting = self._waiting.get(request_id)
            if waiting is None:  # cancelled meanwhile: ``enter`` has said that it is over
                continue
            if seconds > 0:
                waiting.due = now + seconds
                continue
            del self._waiting[request_id]
            if not waiting.let_in.done():
                waiting.let_in.set_result(None)

    async def _sleep(self) -> None:
        """Wait for news, or until somebody's time has come."""
        if not self._waiting:
            return
        seconds = min(waiting.due for waiting in self._waiting.values()) - monotonic()
        if seconds > 0 and not self._news.is_set():
            try:
                await asyncio.wait_for(self._news.wait(), seconds)
            except TimeoutError:
                return
