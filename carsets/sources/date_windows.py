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
    """From ``first`` to ``last``, both included (Unix seconds); both None: any time.

    A source whose photos of one second are too many may narrow it to one ``license`` (its number
    at the source), and read that a second time ``backwards``.
    """

    first: int | None = None
    last: int | None = None
    license: int | None = None
    backwards: bool = False

    @property
    def halves(self) -> tuple[Window, Window] | None:
        """The two halves; None for any time and for a single second."""
        if self.first is None or self.last is None or self.last <= self.first:
            return None
        middle = (self.first + self.last) // 2
        return Window(self.first, middle), Window(middle + 1, self.last)


@dataclass(frozen=True, slots=True)
class Reading:
    """What is still to be read: ``windows`` in their order, the first of them from ``page``.

    ``missing`` counts what no window reaches, as far as is known yet.
    """

    per_page: int
    windows: tuple[Window, ...] = (Window(),)
    page: int = 1
    missing: int = 0

    @property
    def window(self) -> Window:
        """The window that is being read."""
        return self.windows[0]

    def split(self) -> Reading | None:
        """Read the window in two halves; None when it cannot be halved."""
        halves = self.window.halves
        if not halves or len(self.windows) >= MAX_WINDOWS:
            return None
        return self.instead(*halves)

    def instead(self, *parts: Window) -> Reading:
        """Read these windows in the place of the one that is being read."""
        return replace(self, windows=(*parts, *self.windows[1:]))

    def next_page(self) -> Reading:
        """Read the next page of the same window."""
        return replace(self, page=self.page + 1)

    def next_window(self) -> Reading | None:
        """Read the window after this one; None when there is none."""
        rest = self.windows[1:]
        return replace(self, windows=rest, page=1) if rest else None

    def __str__(self) -> str:
        windows = ",".join(map(_text, self.windows))
        missing = f"+{self.missing}" if self.missing else ""
        return f"{self.per_page}@{self.page}:{windows}{missing}"

    @classmethod
    def parse(cls, text: str) -> Reading:
        """Read what ``str`` wrote; raises ValueError for anything else."""
        match = _READING.fullmatch(text)
        if not match:
            raise ValueError(f"not a place in a reading: {text[:80]!r}")
        windows = tuple(_window(part) for part in match[3].split(","))
        return cls(int(match[1]), windows, int(match[2]), int(match[4] or 0))


# As 500@1:1100000000-1100000009,1100000010-1100000010.4,1100000010-1100000010.4r+4711
_READING = re.compile(r"([1-9]\d{0,3})@([1-9]\d{0,5}):([a-z0-9.,-]{1,3000})(?:\+(-?\d{1,9}))?")
_WINDOW = re.compile(r"(\d{1,12})-(\d{1,12})(?:\.(\d{1,4})(r?))?")


def _text(window: Window) -> str:
    if window.first is None:
        return "any"
    license_number = "" if window.license is None else f".{window.license}"
    return f"{window.first}-{window.last}{license_number}{'r' if window.backwards else ''}"


def _window(text: str) -> Window:
    if text == "any":
        return Window()
    match = _WINDOW.fullmatch(text)
    if not match:
        raise ValueError(f"not a window of time: {text[:80]!r}")
    license_number = int(match[3]) if match[3] else None
    return Window(int(match[1]), int(match[2]), license_number, backwards=bool(match[4]))
