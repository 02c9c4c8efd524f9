"""The plots of a report, in one place: which there are, and what they show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carsets.report.bar_plots import (
    PAINTS,
    STEP_COLORS,
    funnel,
    histogram,
    queries,
    ranking,
    shares,
    sources,
)
from carsets.report.image_facts import KILOBYTES, MEGAPIXELS, bar_names
from carsets.report.label_plots import correctness, frequency
from carsets.report.plot_svg import COLORS
from carsets.report.time_plots import over_time
from carsets.steps import STEP_OF, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carsets.report.drawing import Plot
    from carsets.report.label_stats import LabelStats
    from carsets.report.numbers import ReportNumbers

MOST_POINTS = 300  # labels of a plot of right ones
BARRED = ("color", "body")  # kinds of label with few values, each worth a bar

WAITS = {"images": "fetching"}  # what a step is called where people read it


def draw_all(numbers: ReportNumbers) -> dict[str, Plot]:
    """Return all plots that there are numbers for, by their names."""
    plots = (*_happened(numbers), *_labels(numbers), *_images(numbers), *_hosts(numbers))
    return {plot.name: plot for plot in plots}


def _happened(numbers: ReportNumbers) -> Iterator[Plot]:
    ends = numbers.all_outcomes
    yield funnel(ends)
    if ends:
        yield sources(numbers.outcomes)
        colors = [COLORS[STEP_COLORS[STEP_OF.get(code, Step.STORE)]] for code in ends]
        yield ranking("outcomes", "How addresses ended", "addresses", ends, colors=colors)
    if numbers.best:
        yield queries(numbers.best)
    if any(numbers.waits.values()):
        waits = {WAITS.get(step, step): number for step, number in numbers.waits.most_common()}
        note = "seconds that images spent there, all images together"
        yield ranking("waits", "Where the time went", note, waits, unit=" s")
    if licenses := numbers.stats.by["license"]:
        yield ranking("licenses", "Images by license", "images", licenses)


def _labels(numbers: ReportNumbers) -> Iterator[Plot]:
    for stats in numbers.labels:
        if not stats.splits:
            continue
        if stats.kind in BARRED:
            yield _bars(stats)
        yield frequency(stats)
        counts = stats.counts
        points = {
            value: (max(counts.get(value, 1), 1), share)
            for value, share in list(numbers.correctness.shares(stats.kind).items())[:MOST_POINTS]
        }
        if points:
            yield correctness(stats.kind, points)


def _bars(stats: LabelStats) -> Plot:
    counts, colors = stats.counts, []
    if stats.kind == "color":
        colors = [PAINTS.get(value, COLORS["gray"]) for value in counts]
    name, title = f"bars-{stats.kind}", f"Images by {stats.kind}"
    return ranking(name, title, "images", counts, colors=colors, about=stats.kind)


def _images(numbers: ReportNumbers) -> Iterator[Plot]:
    images = numbers.images
    yield from over_time(images.times)
    if any(images.car_scores):
        note = "images, by their car score"
        yield shares("scores", "How sure the detector is", note, "car score", images.car_scores)
    if images.total:
        names = bar_names(MEGAPIXELS)
        yield histogram(
            "megapixels", "Size of the pictures", "megapixels", names, images.megapixels
        )
        yield histogram(
            "kilobytes", "Size of the files", "kB", bar_names(KILOBYTES), images.kilobytes
        )


def _hosts(numbers: ReportNumbers) -> Iterator[Plot]:
    asked = {host.name: host.requests for host in numbers.hosts.most_asked(None)}
    if asked:
        yield ranking("requests", "Requests by host", "requests that were sent", asked)
    if hosts := numbers.stats.by["host"]:
        yield ranking("hosts", "Images by host", "images of today's dataset", hosts)
