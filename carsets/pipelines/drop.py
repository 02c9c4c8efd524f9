"""The one way in which a step refuses an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.exceptions import DropItem

if TYPE_CHECKING:
    from carsets.outcomes import Outcome


class OutcomeDrop(DropItem):
    """Drop an image with its outcome. An ordinary drop is no news: the receipt counts it."""

    def __init__(self, outcome: Outcome, note: str = "") -> None:
        super().__init__(f"{outcome.value}: {note}" if note else outcome.value, log_level="DEBUG")
        self.outcome = outcome
        self.note = note
