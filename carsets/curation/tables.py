"""What curation has found, as tables for a terminal; strangers' words are no markup."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from carsets.curation.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import RenderableType

    from carsets.curation.report import CurationReport

    Escape = Callable[[str], str]

LONGEST = 60  # letters of a host that are shown


def tables(report: CurationReport, escape: Escape) -> Iterator[RenderableType]:
    """Yield what to print."""
    yield from map(Text, summary(report, escape))
    yield doubts(report)
    if report.labels:
        yield labels(report)
        yield sources(report)
    if report.worst_hosts:
        yield hosts(report, escape)


def summary(report: CurationReport, escape: Escape) -> Iterator[str]:
    """Yield plain lines."""
    yield f"{report.images:,} images, seen at {report.addresses:,} addresses"
    if report.uniqueness is not None:
        one = report.uniqueness
        yield (
            f"{one.share:.1%} of the images are unique ({one.copies:,} near duplicates of better "
            f"ones in {report.groups:,} groups), {one.share_of_addresses:.1%} of the addresses"
        )
        yield (
            f"Image size and weight alone would call {one.by_size_and_weight:,} copies, "
            f"{one.wrongly:,} of them wrongly, and miss {one.missed:,}"
        )
    if report.looked_at is not None:
        local = report.looked_at
        yield (
            f"Of {local.pairs:,} pairs whose files were held against each other "
            f"{local.confirmed:,} are one picture and {local.refuted:,} are not; "
            f"{local.unreadable:,} files could not be read"
        )
    elif report.not_looked_at:
        yield f"No files were held against each other: {escape(report.not_looked_at)}"
    if report.graph is not None:
        graph = report.graph
        yield (
            f"Similarity of {graph.images:,} images ({escape(report.network)}): "
            f"{graph.components:,} components, the largest of {graph.largest:,}; "
            f"{graph.unlisted:,} images are like no other"
        )
    else:
        yield "No features to compare: outliers, and labels by their looks, were not judged"
    yield f"In review because of this: {report.marked:,} images; sent back: {report.returned:,}"


def doubts(report: CurationReport) -> Table:
    """Return how many images are doubted for what."""
    table = _table("Doubts", "kind", "images", "share", "what it says")
    for kind, count in report.doubted.items():
        share = f"{count / report.images:.2%}" if report.images else "-"
        table.add_row(kind, f"{count:,}", share, Kind(kind).meaning)
    return table


def labels(report: CurationReport) -> Table:
    """Return what is known of the labels' noise."""
    heads = ("label", "images", "told by looks", "noise", "expected wrong", "doubted")
    table = _table("Labels", *heads)
    for one in report.labels:
        told = f"{one.told_by_features:.2f} nats" if one.told_by_features else "no"
        noise = f"{one.noise:.1%}" if one.told_by_features else "-"
        row = (one.label, f"{one.images:,}", told, noise, f"{one.expected_wrong:,.0f}")
        table.add_row(*row, f"{one.doubted:,}")
    return table


def sources(report: CurationReport) -> Table:
    """Return how the sources of labels agree."""
    heads = ("label", "by engine", "caption same", "other", "tags same", "other")
    table = _table("Who says the label", *heads, "both same", "queries same", "other")
    for one in report.agreements:
        numbers = (
            *(one.engine, one.caption_same, one.caption_other, one.tags_same, one.tags_other),
            *(one.both_same, one.other_queries_same, one.other_queries_other),
        )
        table.add_row(one.label, *(f"{number:,}" for number in numbers))
    table.caption = f"{report.with_place:,} images tell where they were taken"
    return table


def hosts(report: CurationReport, escape: Escape) -> Table:
    """Return the hosts that give too much of a class."""
    table = _table("Hosts beyond CURATE_HOST_SHARE", "host", "images beyond")
    for host, count in report.worst_hosts:
        table.add_row(Text(escape(host)[:LONGEST]), f"{count:,}")
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=Text(title), title_justify="left")
    for number, column in enumerate(columns):
        plain = number == 0 or column == "what it says"
        table.add_column(column, justify="left" if plain else "right")
    return table
