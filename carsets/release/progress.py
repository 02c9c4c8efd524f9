"""How an export is getting on: a bar in a terminal, a plain line now and then anywhere else."""

from __future__ import annotations

import sys
from time import monotonic
from typing import TYPE_CHECKING, Self, TextIO

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

if TYPE_CHECKING:
    from types import TracebackType


class ExportProgress:
    """Shows one stage after another. ``interval`` is seconds between two lines; 0 = silent."""

    def __init__(self, interval: float = 10.0, stream: TextIO | None = None) -> None:
        console = Console(file=stream or sys.stderr)
        self.interval = interval
        self.console = console
        self.bar: Progress | None = None
        if console.is_terminal and interval > 0:
            self.bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=console,
                transient=True,
            )
            self.bar.start()
        self.task: TaskID | None = None
        self.stage, self.total, self.done = "", 0, 0
        self.began = self.shown = monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.bar is not None:
            self.bar.stop()

    def begin(self, stage: str, total: int) -> None:
        """Begin a stage of so many images."""
        self.stage, self.total, self.done = stage, total, 0
        self.began = self.shown = monotonic()
        if self.bar is not None:
            if self.task is not None:
                self.bar.remove_task(self.task)
            self.task = self.bar.add_task(stage, total=total)

    def advance(self, count: int = 1) -> None:
        """Count images that are done."""
        self.done += count
        if self.bar is not None and self.task is not None:
            self.bar.advance(self.task, count)
        elif self.interval > 0 and monotonic() - self.shown >= self.interval:
            self.shown = monotonic()
            self.console.print(self.line(), highlight=False, soft_wrap=True)

    def line(self) -> str:
        """Return one plain line."""
        elapsed = max(monotonic() - self.began, 0.001)
        left = (self.total - self.done) * elapsed / self.done if self.done else 0.0
        return (
            f"{self.stage}: {self.done:,} of {self.total:,} images, "
            f"{self.done / elapsed:,.0f} images/s, about {in_words(left)} to go"
        )


def in_words(seconds: float) -> str:
    """Return seconds as people say them: ``42 s``, ``3 min``, ``2.5 h``."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"
