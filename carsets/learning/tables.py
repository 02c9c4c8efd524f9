"""What was learnt, as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import RenderableType

    from carsets.learning.baseline import Baseline

    Escape = Callable[[str], str]

LONGEST = 60  # letters of a label that are shown


def baseline_parts(found: Baseline, escape: Escape) -> Iterator[RenderableType]:
    """Yield what to print of a baseline; ``escape`` makes texts of strangers inert."""
    yield Text(
        f"{found.label}: {found.classes:,} classes, learnt from {found.learnt:,} images "
        f"by their features ({escape(found.network)})"
    )
    table = Table(title=Text("How often it is right"), title_justify="left")
    for number, head in enumerate(
        ("", "images", "groups", "accuracy", "macro-F1", "most frequent")
    ):
        table.add_column(head, justify="right" if number else "left")
    control = {"shuffled labels": found.shuffled}
    for name, one in {**found.parts, **control}.items():
        table.add_row(
            name,
            f"{one.images:,}",
            f"{one.groups:,}",
            str(one.accuracy),
            f"{one.macro_f1:.3f}",
            f"{one.majority:.1%}",
        )
    yield table
    if not found.sound:
        yield Text(
            "THE CONTROL HAS FAILED: shuffled labels taught it something, so these numbers prove "
            "nothing. Images of one group are on both sides: run `scrapy curate` to find copies."
        )
    if found.confusions:
        yield _confusions(found, escape)
    for reason, count in found.left_out.items():
        yield Text(f"Left out: {count:,} {reason}")


def _confusions(found: Baseline, escape: Escape) -> Table:
    table = Table(title=Text("Most often confused"), title_justify="left")
    for head in ("is", "is called"):
        table.add_column(head)
    for head in ("images", "of"):
        table.add_column(head, justify="right")
    for one in found.confusions:
        names = (Text(escape(one[name])[:LONGEST]) for name in ("is", "said"))
        table.add_row(*names, f"{one['images']:,}", f"{one['of']:,}")
    return table
