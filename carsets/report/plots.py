"""The plots of a report. The one module that needs matplotlib; it is imported by the command alone.

Every plot is drawn once, small enough for a phone: an SVG loses nothing when it is shown larger.
"""

from __future__ import annotations

import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from carsets.report.image_facts import KILOBYTES, MEGAPIXELS, SCORE_BARS, bar_names
from carsets.report.plot_svg import COLORS, to_svg
from carsets.report.steps import Step, by_step, remaining

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from matplotlib.axes import Axes

    from carsets.integrity.decay import Share
    from carsets.report.label_stats import LabelStats
    from carsets.report.numbers import ReportNumbers

WIDTH, HEIGHT = 400, 290  # units of the drawing, which are pixels of a phone
MOST_ROWS = 14  # of a plot with names at its side
LONGEST = 22  # characters of a name in a plot
STEP_COLORS = {
    Step.KEPT: "teal",
    Step.ASKED: "gray",
    Step.NETWORK: "red",
    Step.CONTENT: "orange",
    Step.RIGHTS: "violet",
    Step.DUPLICATES: "blue",
    Step.DETECTOR: "gold",
    Step.STORE: "ink",
}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 13,
    "font.family": "sans-serif",
    "axes.edgecolor": COLORS["line"],
    "axes.labelcolor": COLORS["soft"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "text.color": COLORS["ink"],
    "text.parse_math": False,  # "$" in a label is a letter
    "xtick.color": COLORS["line"],
    "ytick.color": COLORS["line"],
    "xtick.labelcolor": COLORS["soft"],
    "ytick.labelcolor": COLORS["soft"],
    "grid.color": COLORS["line"],
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 12,
    "figure.dpi": 72,
}


@dataclass(frozen=True, slots=True)
class Plot:
    """A finished plot."""

    name: str  # of its file, without the ending
    title: str
    note: str  # how to read it
    svg: str


@dataclass(frozen=True, slots=True)
class Curve:
    """What a label-frequency plot shows: values from the most frequent to the rarest."""

    names: Sequence[str]
    total: Sequence[int]
    train: Sequence[int]


def draw_all(numbers: ReportNumbers) -> dict[str, Plot]:
    """Return all plots that there are numbers for, by their names."""
    plots = [
        funnel(numbers.all_outcomes),
        *([sources(numbers.outcomes)] if numbers.outcomes else []),
        *(frequency(stats) for stats in numbers.labels if stats.splits),
        *_correctness(numbers),
        histogram("megapixels", "Size of the pictures", "megapixels",
                  bar_names(MEGAPIXELS), numbers.images.megapixels),
        histogram("kilobytes", "Size of the files", "kB",
                  bar_names(KILOBYTES), numbers.images.kilobytes),
        *_scores(numbers),
        *_days(numbers),
    ]  # fmt: skip
    return {plot.name: plot for plot in plots}


def funnel(outcomes: Mapping[str, int]) -> Plot:
    """Return what is left of the addresses after each step."""
    steps = remaining(outcomes)
    names, left = [name for name, _ in steps], [number for _, number in steps]
    with _drawing("funnel") as (figure, axes):
        bars = axes.barh(names, left, color=[COLORS["blue"]] * (len(left) - 1) + [COLORS["teal"]])
        axes.invert_yaxis()
        titles = _name_parts("funnel", bars, [f"{name}: {n:,}" for name, n in steps])
        for place, number in enumerate(left):
            share = f" ({number / left[0]:.0%})" if place and left[0] else ""
            axes.annotate(
                f"{number:,}{share}",
                (number, place),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                color=COLORS["ink"],
            )
        axes.set_xlim(0, max(left[0], 1) * 1.5)
        _plain(axes)
        summary = "Funnel: " + ", ".join(f"{name} {number:,}" for name, number in steps)
        svg = to_svg(figure, "funnel", titles, summary)
    return Plot("funnel", "What is left after each step", "addresses, all sources together", svg)


def sources(outcomes: Mapping[str, Mapping[str, int]]) -> Plot:
    """Return at which step the addresses of each source ended, as shares."""
    largest = sorted(outcomes, key=lambda source: (-sum(outcomes[source].values()), source))
    shown = largest[:MOST_ROWS]
    ended = [by_step(outcomes[source]) for source in shown]
    with _drawing("sources") as (figure, axes):
        titles: dict[str, str] = {}
        left = [0.0] * len(shown)
        used = [step for step in (Step.KEPT, *Step) if any(counts[step] for counts in ended)]
        for step in dict.fromkeys(used):
            totals = [max(sum(counts.values()), 1) for counts in ended]
            parts = [counts[step] / total for counts, total in zip(ended, totals, strict=True)]
            bars = axes.barh(
                range(len(shown)), parts, left=left, color=COLORS[STEP_COLORS[step]], label=step
            )
            words = [
                f"{source}, {step}: {counts[step]:,} ({part:.0%})"
                for source, counts, part in zip(shown, ended, parts, strict=True)
            ]
            titles |= _name_parts(f"sources-{step.name.lower()}", bars, words)
            left = [a + b for a, b in zip(left, parts, strict=True)]
        axes.set_yticks(range(len(shown)), [_short(source) for source in shown])
        axes.invert_yaxis()
        axes.set_xlim(0, 1)
        _plain(axes)
        axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.02), ncols=3, handlelength=1,
                    columnspacing=1.0)  # fmt: skip
        kept = [
            f"{source} {counts[Step.KEPT]:,} of {sum(counts.values()):,}"
            for source, counts in zip(shown, ended, strict=True)
        ]
        svg = to_svg(figure, "sources", titles, "Kept by source: " + ", ".join(kept))
    note = "share of the addresses of each source, by the step at which they ended"
    return Plot("sources", "Where the addresses of each source ended", note, svg)


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
    name = f"frequency-{_file_name(stats.kind)}"
    with _drawing(name) as (figure, axes):
        ranks = range(1, len(curve.names) + 1)
        many = len(curve.names) > 60
        marker: dict[str, Any] = {"marker": "" if many else "o", "markersize": 3.5}
        axes.plot(ranks, curve.total, color=COLORS["blue"], label="all images", lw=1.8, **marker)
        shown = [number or float("nan") for number in curve.train]
        axes.plot(ranks, shown, color=COLORS["orange"], label="for training", lw=1.8, **marker)
        axes.set_yscale("log")
        axes.set_ylim(0.8, max(curve.total) * 1.6)
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,g}"))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=7))
        axes.set_xlabel(f"{_short(stats.kind)}, from the most frequent to the rarest")
        axes.grid(axis="y")
        axes.legend(loc="upper right")
        summary = (
            f"Images of each {stats.kind}, sorted: {len(curve.names)} values, "
            f"from {curve.names[0]} with {curve.total[0]:,} "
            f"to {curve.names[-1]} with {curve.total[-1]:,}"
        )
        svg = to_svg(figure, name, {}, summary)
    title = f"Images of each {stats.kind}"
    return Plot(name, title, "log scale; the curves are sorted each by itself", svg)


def correctness(kind: str, points: Mapping[str, tuple[int, Share]]) -> Plot:
    """Return the share of right labels against how often the label occurs.

    ``points`` are the images of each value, and the share of right ones of those looked at.
    """
    name = f"correct-{_file_name(kind)}"
    with _drawing(name) as (figure, axes):
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
    return Plot(name, title, note, svg)


def histogram(
    name: str, title: str, unit: str, names: Sequence[str], counts: Sequence[int], note: str = ""
) -> Plot:
    """Return upright bars, one a range of sizes."""
    with _drawing(name) as (figure, axes):
        bars = axes.bar(range(len(names)), counts, color=COLORS["blue"], width=0.85)
        words = [f"{n} {unit}: {count:,}" for n, count in zip(names, counts, strict=True)]
        titles = _name_parts(name, bars, words)
        axes.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_xlabel(unit)
        _count_axis(axes)
        svg = to_svg(figure, name, titles, f"{title}: " + ", ".join(words))
    return Plot(name, title, note or "images", svg)


def _scores(numbers: ReportNumbers) -> Iterator[Plot]:
    counts = numbers.images.car_scores
    if not any(counts):
        return
    with _drawing("scores") as (figure, axes):
        bars = axes.bar(
            [(place + 0.5) / SCORE_BARS for place in range(SCORE_BARS)],
            counts,
            width=0.85 / SCORE_BARS,
            color=COLORS["blue"],
        )
        words = [
            f"{place / SCORE_BARS:.2f} to {(place + 1) / SCORE_BARS:.2f}: {count:,}"
            for place, count in enumerate(counts)
        ]
        titles = _name_parts("scores", bars, words)
        axes.set_xlim(0, 1)
        axes.set_xlabel("car score")
        _count_axis(axes)
        svg = to_svg(figure, "scores", titles, "Car scores: " + ", ".join(words))
    yield Plot("scores", "How sure the detector is", "images, by their car score", svg)


def _days(numbers: ReportNumbers) -> Iterator[Plot]:
    """Yield how the dataset grew; of one day there is nothing to see."""
    days = sorted((day, n) for day, n in numbers.images.days.items() if day[:1].isdigit())
    if len(days) < 2:
        return
    sums, total = [], 0
    for _, number in days:
        total += number
        sums.append(total)
    with _drawing("days") as (figure, axes):
        axes.fill_between(range(len(days)), sums, color=COLORS["blue"], alpha=0.15, lw=0)
        axes.plot(range(len(days)), sums, color=COLORS["blue"], lw=1.8)
        every = max(1, -(-len(days) // 6))
        places = list(range(0, len(days), every))
        axes.set_xticks(places, [days[place][0] for place in places], rotation=30, ha="right")
        axes.set_ylim(0)
        _count_axis(axes)
        summary = f"Images by day: {days[0][0]} {sums[0]:,}, {days[-1][0]} {sums[-1]:,}"
        svg = to_svg(figure, "days", {}, summary)
    yield Plot("days", "How the dataset grew", "images of today's dataset, by day of fetching", svg)


def _correctness(numbers: ReportNumbers) -> Iterator[Plot]:
    for stats in numbers.labels:
        counts = stats.counts
        points = {
            value: (max(counts.get(value, 1), 1), share)
            for value, share in list(numbers.correctness.shares(stats.kind).items())[:300]
        }
        if points:
            yield correctness(stats.kind, points)


@contextmanager
def _drawing(name: str) -> Iterator[tuple[Figure, Axes]]:
    """Return an empty figure, of which the same numbers always make the same bytes."""
    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}), warnings.catch_warnings():
        # Letters that matplotlib's own font has not are drawn by the page's.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure = Figure(figsize=(WIDTH / 72, HEIGHT / 72), layout="constrained")
        figure.patch.set_alpha(0)
        axes = figure.add_subplot()
        axes.patch.set_alpha(0)
        yield figure, axes


def _plain(axes: Axes) -> None:
    """Take away all but the names at the left."""
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(left=False, bottom=False, labelbottom=False, labelcolor=COLORS["ink"])


def _count_axis(axes: Axes) -> None:
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.grid(axis="y")


def _name_parts(name: str, bars: Any, words: Sequence[str]) -> dict[str, str]:
    """Give every bar an id, and return the words that belong to it."""
    titles = {}
    for place, (bar, word) in enumerate(zip(bars, words, strict=True)):
        bar.set_gid(f"{name}-{place}")
        titles[f"{name}-{place}"] = word
    return titles


def _short(text: str) -> str:
    clean = " ".join(text.split())
    return clean if len(clean) <= LONGEST else f"{clean[: LONGEST - 1]}…"


def _file_name(kind: str) -> str:
    """Return the name of a kind of label as a file and an id may have it."""
    return "".join(c if c.isascii() and c.isalnum() else f"-{ord(c):x}" for c in kind)[:60]
