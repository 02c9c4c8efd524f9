"""Scrapy's downloader, made to keep its promises to hosts: a limit, a pause, a slower pace."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING

from scrapy.core.downloader import Downloader
from scrapy.utils.asyncio import call_later
from scrapy.utils.defer import _schedule_coro
from twisted.python.failure import Failure

from carsets.net.requests import is_image_request

if TYPE_CHECKING:
    from scrapy.core.downloader import Slot
    from scrapy.crawler import Crawler


class PoliteDownloader(Downloader):
    """Hold CONCURRENT_REQUESTS_PER_DOMAIN at every delay, and let hosts be paused.

    Scrapy counts a request as transferring only when its task first runs, which is after the
    loop that hands out requests has emptied the queue: at DOWNLOAD_DELAY 0 one host was sent
    everything at once. Here it is counted when it is taken from the queue.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._resume_at: dict[str, float] = {}  # slot -> monotonic seconds

    def pause(self, slot_key: str, seconds: float) -> None:
        """Send nothing to a slot for so many seconds. The longest of overlapping pauses holds."""
        now = monotonic()
        for key in [key for key, until in self._resume_at.items() if until <= now]:
            del self._resume_at[key]
        self._resume_at[slot_key] = max(self._resume_at.get(slot_key, 0.0), now + seconds)

    def paused_for(self, slot_key: str) -> float:
        """Return for how many more seconds a slot is paused."""
        return max(0.0, self._resume_at.get(slot_key, 0.0) - monotonic())

    def slow_down(self, slot_key: str, delay: float) -> None:
        """Leave at least so many seconds between two requests of a slot, for the whole run."""
        # Idle slots are thrown away and made anew from these settings.
        settings = self.per_slot_settings.setdefault(slot_key, {})
        settings["delay"] = max(delay, settings.get("delay", self._delay))
        if slot := self.slots.get(slot_key):
            slot.delay = max(slot.delay, delay)

    def refuse_queued_images(self, slot_key: str, exception: Exception) -> int:
        """End the image requests that still wait in a slot. Return how many there were."""
        slot = self.slots.get(slot_key)
        waiting = [entry for entry in slot.queue if is_image_request(entry[0])] if slot else []
        for entry in waiting:
            assert slot is not None
            slot.queue.remove(entry)
            entry[1].errback(Failure(exception))  # type: ignore[no-untyped-call]
        return len(waiting)

    def _process_queue(self, slot: Slot) -> None:
        if slot.latercall or not slot.queue:
            return
        now = monotonic()
        wait = self._resume_at.get(slot.queue[0][0].meta[self.DOWNLOAD_SLOT], 0.0) - now
        delay = slot.download_delay()
        if delay:
            wait = max(wait, slot.lastseen + delay - now)
        if wait > 0:
            slot.latercall = call_later(wait, self._latercall, slot)
            return
        while slot.queue and slot.free_transfer_slots() > 0:
            slot.lastseen = now
            request, answer = slot.queue.popleft()
            slot.transferring.add(request)
            _schedule_coro(self._wait_for_download(slot, request, answer))
            if delay:  # one at a time: the next one has to wait
                self._process_queue(slot)
                break
