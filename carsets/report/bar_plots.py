"""Plots of bars: what is left after each step, what there is most of, how sizes are spread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carsets.report.drawing import (
    Plot,
    count_axis,
    drawing,
    legend_above,
    name_parts,
    plain,
    short,
)
from carsets.report.plot_svg import COLORS, to_svg
from carsets.steps import Step, by_step, remaining

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from carsets.catalog.report_rows import QueryLine

MOST_ROWS = 14  # of a plot with names at its side
FEWEST_ROWS = 4  # that bars leave room for: few bars are no thicker than many
LEGEND = 90  # units of height that a legend below needs
ROW = 26  # units of height that a row needs
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
# Cars' colors as people see them: a bar of red cars is red.
PAINTS = {
    "white": "#fafafa", "black": "#181818", "silver": "#c3c7cb", "gray": "#85888c",
    "red": "#c0272d", "blue": "#2450a4", "brown": "#6f4a2f", "yellow": "#f2cf1d",
    "green": "#2c7a41", "orange": "#ec7a1c", "beige": "#d9c8a5", "gold": "#c9a23f",
    "purple": "#6b3a8f", "pink": "#ee8fb5", "turquoise": "#2fb0ac",
}  # fmt: skip


def funnel(outcomes: Mapping[str, int]) -> Plot:
    """Return what is left of the addresses after each step."""
    steps = remaining(outcomes)
    names, left = [name for name, _ in steps], [number for _, number in steps]
    with drawing("funnel") as (figure, axes):
        bars = axes.barh(names, left, color=[COLORS["blue"]] * (len(left) - 1) + [COLORS["teal"]])
        titles = name_parts("funnel", bars, [f"{name}: {n:,}" for name, n in steps])
        shares = [
            f" ({n / left[0]:.0%})" if place and left[0] else "" for place, n in enumerate(left)
        ]
        _write_beside(axes, left, [f"{n:,}{share}" for n, share in zip(left, shares, strict=True)])
        plain(axes)
        summary = "Funnel: " + ", ".join(f"{name} {number:,}" for name, number in steps)
        svg = to_svg(figure, "funnel", titles, summary)
    return Plot("funnel", "What is left after each step", "addresses, all sources together", svg)


def sources(outcomes: Mapping[str, Mapping[str, int]]) -> Plot:
    """Return at which step the addresses of each source ended, as shares."""
    largest = sorted(outcomes, key=lambda source: (-sum(outcomes[source].values()), source))
    shown = largest[:MOST_ROWS]
    ended = [by_step(outcomes[source]) for source in shown]
    with drawing("sources", _height(len(shown)) + LEGEND) as (figure, axes):
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
            titles |= name_parts(f"sources-{step.name.lower()}", bars, words)
            left = [a + b for a, b in zip(left, parts, strict=True)]
        axes.set_yticks(range(len(shown)), [short(source) for source in shown])
        axes.invert_yaxis()
        axes.set_xlim(0, 1)
        plain(axes)
        axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.02), ncols=3, handlelength=1,
                    columnspacing=1.0)  # fmt: skip
        kept = [
            f"{source} {counts[Step.KEPT]:,} of {sum(counts.values()):,}"
            for source, counts in zip(shown, ended, strict=True)
        ]
        svg = to_svg(figure, "sources", titles, "Kept by source: " + ", ".join(kept))
    note = "share of the addresses of each source, by the step at which they ended"
    return Plot("sources", "Where the addresses of each source ended", note, svg)


def queries(lines: Sequence[QueryLine]) -> Plot:
    """Return what the most productive queries found, and how much of it was kept."""
    shown = lines[:MOST_ROWS]
    with drawing("queries", _height(len(shown))) as (figure, axes):
        places = range(len(shown))
        found, kept = [line.found for line in shown], [line.kept for line in shown]
        rest = axes.barh(places, found, color=COLORS["gray"], label="found", alpha=0.45)
        bars = axes.barh(places, kept, color=COLORS["teal"], label="kept")
        words = [f"{line.text} ({line.source}): {line.kept:,} of {line.found:,}" for line in shown]
        titles = name_parts("queries-found", rest, words) | name_parts("queries-kept", bars, words)
        axes.set_yticks(places, [short(line.text) for line in shown])
        _write_beside(axes, found, [f"{line.kept:,} / {line.found:,}" for line in shown])
        plain(axes)
        legend_above(axes)
        svg = to_svg(figure, "queries", titles, "Kept by query: " + ", ".join(words))
    return Plot("queries", "What queries brought", "kept of found, the most productive first", svg)


def ranking(
    name: str,
    title: str,
    note: str,
    counts: Mapping[str, float],
    *,
    colors: Sequence[str] = (),
    unit: str = "",
    about: str = "",
) -> Plot:
    """Return a bar for each of the largest numbers, with its share of all.

    ``counts`` come in their order; ``colors`` are those of the bars, blue where there are none.
    """
    shown = list(counts.items())[:MOST_ROWS]
    total = sum(counts.values())
    with drawing(name, _height(len(shown))) as (figure, axes):
        paint = list(colors[: len(shown)]) or [COLORS["blue"]] * len(shown)
        bars = axes.barh(
            range(len(shown)), [number for _, number in shown], color=paint,
            edgecolor=COLORS["line"], lw=0.8 if colors else 0,
        )  # fmt: skip
        told = [
            f"{number:,.0f}{unit} ({number / total if total else 0:.1%})" for _, number in shown
        ]
        words = [f"{value}: {text}" for (value, _), text in zip(shown, told, strict=True)]
        titles = name_parts(name, bars, words)
        axes.set_yticks(range(len(shown)), [short(value) for value, _ in shown])
        _write_beside(axes, [number for _, number in shown], told)
        plain(axes)
        svg = to_svg(figure, name, titles, f"{title}: " + ", ".join(words))
    if len(counts) > len(shown):
        note = f"{note}; the first {len(shown)} of {len(counts):,}"
    return Plot(name, title, note, svg, about)


def histogram(
    name: str, title: str, unit: str, names: Sequence[str], counts: Sequence[int]
) -> Plot:
    """Return upright bars, one a range of sizes."""
    with drawing(name) as (figure, axes):
        bars = axes.bar(range(len(names)), counts, color=COLORS["blue"], width=0.85)
        words = [f"{n} {unit}: {count:,}" for n, count in zip(names, counts, strict=True)]
        titles = name_parts(name, bars, words)
        axes.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
        axes.set_xlabel(unit)
        count_axis(axes)
        svg = to_svg(figure, name, titles, f"{title}: " + ", ".join(words))
    return Plot(name, title, "images", svg)


def shares(name: str, title: str, note: str, label: str, counts: Sequence[int]) -> Plot:
    """Return upright bars over the range from 0 to 1, all of one width."""
    number = len(counts)
    with drawing(name) as (figure, axes):
        middles = [(place + 0.5) / number for place in range(number)]
        bars = axes.bar(middles, counts, width=0.85 / number, color=COLORS["blue"])
        words = [
            f"{place / number:.2f} to {(place + 1) / number:.2f}: {count:,}"
            for place, count in enumerate(counts)
        ]
        titles = name_parts(name, bars, words)
        axes.set_xlim(0, 1)
        axes.set_xlabel(label)
        count_axis(axes)
        svg = to_svg(figure, name, titles, f"{title}: " + ", ".join(words))
    return Plot(name, title, note, svg)


def _height(rows: int) -> int:
    return max(rows, FEWEST_ROWS) * ROW + 44


def _write_beside(axes: Axes, numbers: Sequence[float], words: Sequence[str]) -> None:
    """Write to the right of each bar, and leave room for it."""
    for place, (number, word) in enumerate(zip(numbers, words, strict=True)):
        axes.annotate(
            word, (number, place), xytext=(5, 0), textcoords="offset points", va="center",
            color=COLORS["ink"],
        )  # fmt: skip
    axes.set_xlim(0, (max(numbers, default=0) or 1) * 1.5)
    axes.set_ylim(max(len(numbers), FEWEST_ROWS) - 0.5, -0.5)
