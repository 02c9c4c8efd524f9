"""Plots over time: how the dataset grew, and at what pace."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any

from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

from carsets.report.drawing import Plot, count_axis, drawing
from carsets.report.plot_svg import COLORS, to_svg

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes

    from carsets.report.timeline import Timeline

MOST_POINTS = 500  # of a curve
MOST_BARS = 80


def over_time(timeline: Timeline) -> Iterator[Plot]:
    """Yield both plots; of one moment there is nothing to see."""
    if len(timeline.counts) > 1:
        yield growth(timeline)
        yield pace(timeline)


def growth(timeline: Timeline) -> Plot:
    """Return how many images there were at each time."""
    _, points = timeline.spread(MOST_POINTS)
    times: list[Any] = [start for start, _ in points]
    sums = list(accumulate(n for _, n in points))
    with drawing("growth") as (figure, axes):
        axes.fill_between(times, sums, color=COLORS["blue"], alpha=0.15, lw=0)
        axes.plot(times, sums, color=COLORS["blue"], lw=1.8)
        axes.set_ylim(0)
        _time_axis(axes)
        count_axis(axes)
        first, last = points[0][0], points[-1][0]
        summary = f"Images: {points[0][1]:,} at {first}, {sums[-1]:,} at {last}, UTC"
        svg = to_svg(figure, "growth", {}, summary)
    return Plot(
        "growth", "How the dataset grew", "images of today's dataset, by fetching; UTC", svg
    )


def pace(timeline: Timeline) -> Plot:
    """Return how many images came in each second, minute, hour, day or month."""
    unit, points = timeline.spread(MOST_BARS)
    times: list[Any] = [start for start, _ in points]
    gaps = [after - before for before, after in pairwise(times)]
    with drawing("pace") as (figure, axes):
        axes.bar(
            times, [n for _, n in points], width=min(gaps) * 0.9, align="edge",
            color=COLORS["blue"],
        )  # fmt: skip
        _time_axis(axes)
        count_axis(axes)
        busiest = max(points, key=lambda point: point[1])
        summary = f"Images per {unit}, UTC: {busiest[1]:,} at most, at {busiest[0]}"
        svg = to_svg(figure, "pace", {}, summary)
    return Plot("pace", f"Images per {unit}", "images of today's dataset, by fetching; UTC", svg)


def _time_axis(axes: Axes) -> None:
    locator = AutoDateLocator(minticks=3, maxticks=6)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
