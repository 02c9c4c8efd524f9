"""The statistics of a dataset as tables for a terminal.

Labels and hosts are strangers' words: ``escape`` makes them harmless, and no word is markup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import RenderableType

    from carsets.report.label_stats import DatasetStats, LabelStats

    Escape = Callable[[str], str]

LONGEST = 60  # characters of a label that are shown


def tables(stats: DatasetStats, most: int, escape: Escape) -> Iterator[RenderableType]:
    """Yield what to print; of each kind of label, and of hosts, the first ``most`` lines."""
    yield Text(f"{stats.total:,} images, {stats.unique_words}{_copies(stats)}")
    yield Text(_counted(stats.splits))
    for kind in stats.kinds:
        yield label_table(kind, list(stats.splits), most, escape)
        yield from map(Text, advice(kind, escape))
    for name, counts in stats.by.items():
        yield count_table(name, counts, stats.total, most, escape)


def label_table(stats: LabelStats, splits: list[str], most: int, escape: Escape) -> Table:
    """Return the values of one kind of label, most images first."""
    counts, trainable = stats.counts, set(stats.trainable)
    table = _table(f"{escape(stats.kind)}: {len(counts):,} values, {len(trainable):,} trainable")
    table.add_column(safe(stats.kind, escape))
    for name in ("images", *splits):
        table.add_column(name, justify="right")
    table.add_column("trainable")
    for value, count in list(counts.items())[:most]:
        parts = [f"{stats.splits[value].get(split, 0):,}" for split in splits]
        table.add_row(
            safe(value, escape), f"{count:,}", *parts, "yes" if value in trainable else "no"
        )
    if len(counts) > most:
        rest = sum(list(counts.values())[most:])
        blank = [""] * (len(splits) + 1)
        table.add_row(f"({len(counts) - most:,} more)", f"{rest:,}", *blank)
    if stats.without:
        table.add_row("(without)", f"{stats.without:,}", *[""] * (len(splits) + 1))
    return table


def advice(stats: LabelStats, escape: Escape) -> Iterator[str]:
    """Yield how uneven the labels are, and what could be done."""
    uneven = stats.imbalance
    yield (
        f"{escape(stats.kind)}: the largest has {uneven.ratio:,.1f} times the smallest; Gini "
        f"{uneven.gini:.2f}; as good as {uneven.effective:,.1f} values of one size"
    )
    cap = stats.cap()
    if cap is None:
        return
    yield (
        f"  cap: --label {escape(stats.kind)} --max-per-class {cap.limit} keeps {cap.kept:,} of "
        f"{cap.total:,} images; the largest then has {cap.ratio:,.1f} times the smallest"
    )
    repeats = stats.repeats()
    if repeats:
        some = ", ".join(
            f"{safe(value, escape)} {times} times" for value, times in list(repeats.items())[:3]
        )
        yield (
            f"  oversample: show the images of {len(repeats):,} values more than once in training "
            f"to reach {cap.limit:,} each: {some}{', ...' if len(repeats) > 3 else ''}"
        )


def count_table(name: str, counts: Any, total: int, most: int, escape: Escape) -> Table:
    """Return how many images are of each source, host, license or evidence."""
    table = _table(f"{name}: {len(counts):,}")
    table.add_column(name)
    table.add_column("images", justify="right")
    table.add_column("share", justify="right")
    for value, count in list(counts.items())[:most]:
        table.add_row(safe(value, escape), f"{count:,}", f"{100 * count / total:.1f} %")
    if len(counts) > most:
        rest = sum(list(counts.values())[most:])
        more = f"({len(counts) - most:,} more)"
        table.add_row(more, f"{rest:,}", f"{100 * rest / total:.1f} %")
    return table


def safe(text: str, escape: Escape) -> Text:
    """Return a text that no terminal takes for a command, and rich not for markup."""
    clean = escape(text)
    return Text(clean if len(clean) <= LONGEST else f"{clean[: LONGEST - 3]}...")


def _table(title: str) -> Table:
    return Table(title=Text(title), title_justify="left", box=None)


def _copies(stats: DatasetStats) -> str:
    """Say which copies were found."""
    found = {kind.replace("_", " "): count for kind, count in stats.copies.items() if count}
    return f": {_counted(found)}" if found else ""


def _counted(counts: Any) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())
