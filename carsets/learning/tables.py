"""What was learnt, as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import RenderableType

    from carsets.learning.baseline import Baseline
    from carsets.learning.measures import Share
    from carsets.learning.round_facts import Round

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


def round_parts(made: Round, escape: Escape) -> Iterator[RenderableType]:
    """Yield what to print of a round of ``scrapy iterate``."""
    if not made.new:
        yield Text(f"Nothing is new since round {made.number}: it stands as it was.")
    yield Text(
        f"Round {made.number}: {made.images:,} images, {made.with_features:,} of them with "
        f"features ({escape(made.network)}); people have spoken of {made.spoken_of:,}"
    )
    if made.number > 1:
        yield Text(
            f"Of the images that round {made.number - 1} asked about, {made.answered:,} are "
            f"answered, {made.still_asked:,} are asked again, {made.let_go:,} are no longer asked"
        )
    if made.labels:
        yield _labels(made)
    yield Text(_verdicts(made))
    if made.asked:
        yield Text(
            f"Asked now: {made.asked:,} images, {made.newly_asked:,} of them new. "
            "They come first in:  scrapy review"
        )
    else:
        yield Text("Nothing to ask: the features contradict no label and no verdict enough.")


def _labels(made: Round) -> Table:
    table = Table(title=Text("Labels"), title_justify="left")
    heads = ("label", "images", "told by looks", "noise", "doubted", "confirmed", "as people say")
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number else "left")
    for one in made.labels:
        told = bool(one.told_by_features)
        table.add_row(
            one.label,
            f"{one.images:,}",
            f"{one.told_by_features:.2f} nats" if told else "no",
            f"{one.noise:.1%}" if told else "-",
            f"{one.doubted:,}" if told else "-",
            f"{one.confirmed:,}" if told else "-",
            _share(one.agreement),
        )
    return table


def _verdicts(made: Round) -> str:
    found = made.verdicts
    said = f"People kept {found.kept:,} and dropped {found.dropped:,}: "
    if found.agreement is None:
        return said + "too few of both to learn from"
    foretold = f"a head foretells {_share(found.agreement)} of it"
    return said + foretold + ("" if found.used else ", no more than chance does, and is not used")


def _share(share: Share | None) -> str:
    return "-" if share is None else str(share)
