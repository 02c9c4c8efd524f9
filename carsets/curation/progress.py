"""Who is told how far it is: ``release.progress``, or nobody."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Shows one stage after another."""

    def begin(self, stage: str, total: int) -> None:
        """Begin a stage of so many images."""

    def advance(self, count: int = 1) -> None:
        """Count images that are done."""
