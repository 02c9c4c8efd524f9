"""Asks whether the dataset has a picture already: the same bytes, pixels, or nearly so."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from scrapy import signals

from carsets.items import CarImage
from carsets.outcomes import Outcome
from carsets.pipelines.drop import OutcomeDrop
from carsets.pipelines.step import Step
from carsets.vision.copies import Fingerprint

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


@dataclass(slots=True)
class Pending:
    """A picture that has passed this step and has not ended yet."""

    item: CarImage
    fingerprint: Fingerprint
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class DuplicatesPipeline(Step):
    """Let one copy of each picture pass: the best one.

    The best copy is the one with the more open license, then with more pixels, then with more
    bytes. A better copy of a stored picture passes too, and ``StoragePipeline`` puts it in the
    other's place. What two processes find at the same moment is decided there, by the catalog.
    """

    name = "duplicates"

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.placeholder_pages = crawler.settings.getint("PLACEHOLDER_PAGES")
        self.pending: dict[int, Pending] = {}  # by the sha of its bytes
        self.pages_of: dict[int, set[str]] = {}  # of bytes that came more than once
        for signal in (signals.item_scraped, signals.item_dropped, signals.item_error):
            crawler.signals.connect(self.end, signal)

    async def decide(self, item: CarImage) -> None:
        """Drop the item if it is a copy that is not wanted."""
        seen = item.inspection
        assert seen is not None
        this = Fingerprint.of(seen, item.license.openness, item.size)
        item.image_id = this.image_id
        if self.state.tombstones.forbid_picture(
            seen.sha256, seen.phash, self.state.copies.distance
        ):
            raise OutcomeDrop(Outcome.REMOVED)
        if self.state.copies.is_refused(this.sha):
            raise self.duplicate_bytes(item, this)
        # A copy that is still on its way decides about this one, so wait until it has ended.
        while other := self.pending_copy(this):
            await other.ended.wait()
        # Nothing may be awaited from here on: two copies can be in this method at once.
        self.compare(item, this)
        self.pending[this.sha] = Pending(item, this)

    def compare(self, item: CarImage, this: Fingerprint) -> None:
        """Drop an unwanted copy; note the worse ones that are stored."""
        found = self.state.copies.find(this)
        if not found:
            return
        _, best, kind = max(
            found, key=lambda copy: (copy[2] is Outcome.DUPLICATE_BYTES, copy[1].rank)
        )
        item.duplicate_of = best.image_id
        if kind is Outcome.DUPLICATE_BYTES:
            raise self.duplicate_bytes(item, this)
        if best.rank >= this.rank:
            raise OutcomeDrop(kind, f"of {best.image_id}")
        item.duplicate_of = ""
        item.near = tuple(seq for seq, _, _ in found)

    def duplicate_bytes(self, item: CarImage, this: Fingerprint) -> OutcomeDrop:
        """Return the drop of a file that came before; on many pages it is a placeholder."""
        pages = self.pages_of.setdefault(this.sha, set())
        if len(pages) < self.placeholder_pages:
            pages.add(item.found.page_url or item.found.image_url)
        if len(pages) >= self.placeholder_pages:
            return OutcomeDrop(Outcome.PLACEHOLDER, f"the same file on {len(pages)} pages")
        return OutcomeDrop(Outcome.DUPLICATE_BYTES, f"of {this.image_id}")

    def pending_copy(self, this: Fingerprint) -> Pending | None:
        """Return a copy of the picture that has not ended yet."""
        for other in self.pending.values():
            if self.state.copies.kind(this, other.fingerprint):
                return other
        return None

    def end(self, item: Any) -> None:
        """Wake whoever waited for this picture's end."""
        if not isinstance(item, CarImage) or not item.image_id:
            return
        assert item.inspection is not None
        sha = int(item.inspection.sha256[:16], 16)
        pending = self.pending.get(sha)
        if pending is None or pending.item is not item:
            return
        if item.outcome is Outcome.NOT_A_CAR:
            self.state.copies.refuse(sha)
        del self.pending[sha]
        pending.ended.set()
