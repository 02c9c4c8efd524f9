"""Who is told how far learning is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Who is told how far it is."""

    def begin(self, stage: str, total: int) -> None: ...
    def advance(self, count: int = 1) -> None: ...
