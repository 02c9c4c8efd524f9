"""Reading more than a source's cap: one question, asked window of time by window of time.

A ``Reading`` is where we are: the windows that are still to be read, the first of them at some
page. It travels as a short text (the cursor between two pages, also kept by the catalog), so a
run that was killed goes on in the middle of a window.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

MAX_WINDOWS = 64  # halving 100 years down to seconds needs 32


@dataclass(frozen=True, slots=True)
class Window:
    """From ``first`` to ``last``, both included (Unix seconds); both None: any time."""

    first: int | None = None
    last: int | None = None

    @property
    def halves(self) -> tuple[Window, Window] | None:
        """The two halves; None for any time and for a single second."""
        if self.first is None or self.last is None or self.last <= self.first:
            return None
        middle = (self.first + self.last) // 2
        return Window(self.first, middle), Window(middle + 1, self.last)


@dataclass(frozen=True, slots=True)
class Reading:
    """What is still to be read: ``windows`` in their order, the first of them from ``page``."""

    per_page: int
    windows: tuple[Window, ...] = (Window(),)
    page: int = 1

    @property
    def window(self) -> Window:
        """The window that is being read."""
        return self.windows[0]

    def split(self) -> Reading | None:
        """Read the window in two halves; None when it cannot be halved."""
        halves = self.window.halves
        if not halves or len(self.windows) >= MAX_WINDOWS:
            return None
        return Reading(self.per_page, (*halves, *self.windows[1:]))

    def next_page(self) -> Reading:
        """Read the next page of the same window."""
        return replace(self, page=self.page + 1)

    def next_window(self) -> Reading | None:
        """Read the window after this one; None when there is none."""
        rest = self.windows[1:]
        return Reading(self.per_page, rest) if rest else None

    def __str__(self) -> str:
        windows = ",".join(
            "any" if window.first is None else f"{window.first}-{window.last}"
            for window in self.windows
        )
        return f"{self.per_page}@{self.page}:{windows}"

    @classmethod
    def parse(cls, text: str) -> Reading:
        """Read what ``str`` wrote; raises ValueError for anything else."""
        match = re.fullmatch(r"([1-9]\d{0,3})@([1-9]\d{0,5}):([a-z0-9,-]{1,3000})", text)
        if not match:
            raise ValueError(f"not a place in a reading: {text[:80]!r}")
        windows = tuple(_window(part) for part in match[3].split(","))
        return cls(int(match[1]), windows, int(match[2]))


def _window(text: str) -> Window:
    if text == "any":
        return Window()
    match = re.fullmatch(r"(\d{1,12})-(\d{1,12})", text)
    if not match:
        raise ValueError(f"not a window of time: {text[:80]!r}")
    return Window(int(match[1]), int(match[2]))
