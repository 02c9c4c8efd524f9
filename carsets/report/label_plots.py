"""Plots of labels: how often each occurs, and which share of it is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import FuncFormatter, MaxNLocator

from carsets.report.drawing import Plot, drawing, file_name, legend_above, short
from carsets.report.plot_svg import COLORS, to_svg

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from carsets.integrity.decay import Share
    from carsets.report.label_stats import LabelStats

MANY = 60  # values of a label, above which the points of a curve are not marked


@dataclass(frozen=True, slots=True)
class Curve:
    """What a label-frequency plot shows: values from the most frequent to the rarest."""

    names: Sequence[str]
    total: Sequence[int]
    train: Sequence[int]


def frequency_curve(stats: LabelStats) -> Curve:
    """Return the images of each value, in all and for training, each sorted by itself.

    So does Open Images: two curves whose places on the x axis are ranks, not values.
    """
    counts = stats.counts
    train = sorted((splits.get("train", 0) for splits in stats.splits.values()), reverse=True)
    return Curve(list(counts), list(counts.values()), train)


def frequency(stats: LabelStats) -> Plot:
    """Return how often each value of a label occurs, sorted, on a log scale."""
    curve = frequency_curve(stats)
    name = f"frequency-{file_name(stats.kind)}"
    with drawing(name) as (figure, axes):
        ranks = range(1, len(curve.names) + 1)
        marked = len(curve.names) <= MANY
        marker: dict[str, Any] = {"marker": "o" if marked else "", "markersize": 3.5, "lw": 1.8}
        axes.plot(ranks, curve.total, color=COLORS["blue"], label="all images", **marker)
        shown = [number or float("nan") for number in curve.train]
        axes.plot(ranks, shown, color=COLORS["orange"], label="for training", **marker)
        axes.set_yscale("log")
        axes.set_ylim(0.8, max(curve.total) * 1.6)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7, min_n_ticks=1))
        axes.set_xlabel(f"{short(stats.kind)}, from the most frequent to the rarest")
        axes.grid(axis="y")
        legend_above(axes)
        summary = (
            f"Images of each {stats.kind}, sorted: {len(curve.names)} values, "
            f"from {curve.names[0]} with {curve.total[0]:,} "
            f"to {curve.names[-1]} with {curve.total[-1]:,}"
        )
        svg = to_svg(figure, name, {}, summary)
    note = "log scale; the curves are sorted each by itself"
    return Plot(name, f"Images of each {stats.kind}", note, svg, stats.kind)


def correctness(kind: str, points: Mapping[str, tuple[int, Share]]) -> Plot:
    """Return the share of right labels against how often the label occurs.

    ``points`` are the images of each value, and the share of right ones of those looked at.
    """
    name = f"correct-{file_name(kind)}"
    with drawing(name) as (figure, axes):
        titles: dict[str, str] = {}
        for place, (value, (images, share)) in enumerate(points.items()):
            low, high = share.interval
            axes.plot([images, images], [low, high], color=COLORS["gray"], lw=1, alpha=0.6)
            [dot] = axes.plot([images], [share.value], "o", color=COLORS["blue"], ms=5)
            dot.set_gid(f"{name}-{place}")
            titles[f"{name}-{place}"] = f"{value}: {share.part} of {share.whole} right, {share}"
        axes.set_xscale("log")
        axes.set_ylim(-0.03, 1.05)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
        axes.set_xlabel("images of the label")
        axes.grid()
        words = ", ".join(f"{value} {share.value:.0%}" for value, (_, share) in points.items())
        svg = to_svg(figure, name, titles, f"Share of right labels, {kind}: {words}")
    title = f"Share of right labels: {kind}"
    note = "as people judged them, against the images that the label has; 95 % Wilson intervals"
    return Plot(name, title, note, svg, kind)
