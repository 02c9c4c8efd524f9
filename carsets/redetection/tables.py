"""What a job has done, as tables for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from carsets.catalog.fingerprints import KEPT
from carsets.release.progress import in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carsets.redetection.redetect import Report

MEANINGS = {
    KEPT[0]: "a car is in it",
    KEPT[1]: "people decide: scrapy review",
    "dropped": "not_a_car: the file is deleted",
    "unreadable": "missing, changed, or no image any more: see scrapy verify --local",
    "failed": "the network gave no answer",
    "passed over": "left the dataset, or were looked at by another process, meanwhile",
}


def lines(report: Report) -> Iterator[str]:
    """Yield the facts around the table."""
    if report.before:
        yield f"Went on where an earlier run was stopped, after {report.before:,} images"
    if report.looked_at:
        rate = report.looked_at / report.seconds if report.seconds else 0.0
        yield (
            f"{report.looked_at:,} images in {in_words(report.seconds)}, {rate:,.1f} a second, "
            f"with {report.model} ({report.way})"
        )
    for (old, new), count in sorted(report.changed.items()):
        yield f"{count:,} images that were looked at before went from {old} to {new}"
    if report.files_deleted:
        yield f"{report.files_deleted:,} files of images that are no cars are deleted"
    for why in report.named:
        yield f"  {why}"
    if report.lost > len(report.named):
        yield f"  and {report.lost - len(report.named):,} more"


def ends(report: Report) -> Table:
    """Return how the images have ended; the last line is their sum."""
    table = Table("verdict", "images", "")
    table.columns[1].justify = "right"
    for name, meaning in MEANINGS.items():
        if report.tally[name]:
            table.add_row(name, f"{report.tally[name]:,}", meaning)
    table.add_section()
    table.add_row("looked at", f"{report.tally.total():,}", "the sum of these")
    return table
