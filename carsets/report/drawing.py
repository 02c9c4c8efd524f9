"""How every plot is begun and dressed. With the plots themselves it alone needs matplotlib.

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

from carsets.report.plot_svg import COLORS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

WIDTH, HEIGHT = 400, 290  # units of the drawing, which are pixels of a phone
LONGEST = 22  # characters of a name in a plot
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
    about: str = ""  # the kind of label that it shows


@contextmanager
def drawing(name: str, height: int = HEIGHT) -> Iterator[tuple[Figure, Axes]]:
    """Return an empty figure, of which the same numbers always make the same bytes."""
    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}), warnings.catch_warnings():
        # Letters that matplotlib's own font has not are drawn by the page's.
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        figure = Figure(figsize=(WIDTH / 72, height / 72), layout="constrained")
        figure.patch.set_alpha(0)
        axes = figure.add_subplot()
        axes.patch.set_alpha(0)
        yield figure, axes


def plain(axes: Axes) -> None:
    """Take away all but the names at the left."""
    for side in ("left", "bottom"):
        axes.spines[side].set_visible(False)
    axes.tick_params(left=False, bottom=False, labelbottom=False, labelcolor=COLORS["ink"])


def count_axis(axes: Axes) -> None:
    """Let the left side count in whole numbers."""
    axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    axes.grid(axis="y")


def legend_above(axes: Axes, columns: int = 2) -> None:
    """Say above the drawing, where no curve runs, which color is what."""
    axes.legend(
        loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=columns, handlelength=1.2,
        columnspacing=1.2, borderaxespad=0.2,
    )  # fmt: skip


def name_parts(name: str, bars: Any, words: Sequence[str]) -> dict[str, str]:
    """Give every bar an id, and return the words that belong to it."""
    titles = {}
    for place, (bar, word) in enumerate(zip(bars, words, strict=True)):
        bar.set_gid(f"{name}-{place}")
        titles[f"{name}-{place}"] = word
    return titles


def short(text: str) -> str:
    """Return a stranger's word as a plot may carry it: one short line of printable letters."""
    clean = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return clean if len(clean) <= LONGEST else f"{clean[: LONGEST - 1]}…"


def file_name(kind: str) -> str:
    """Return the name of a kind of label as a file and an id may have it."""
    return "".join(c if c.isascii() and c.isalnum() else f"-{ord(c):x}" for c in kind)[:60]
