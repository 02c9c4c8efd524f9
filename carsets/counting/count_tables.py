"""Counts as people read them: the table of the article, and the reference of four queries."""

from __future__ import annotations

import csv
from importlib.resources import files
from typing import TYPE_CHECKING

from carsets.counting.body_counts import agreement, model_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from carsets.catalog.rows import CountRow
    from carsets.counting.body_counts import BodyCounts

MISSING = "-"  # no total was told; never 0


def body_lines(models: Sequence[BodyCounts]) -> Iterator[str]:
    """Yield a table for each engine: a row a vehicle, a column a word, and what follows."""
    for engine in dict.fromkeys(model.engine for model in models):
        of_engine = [model for model in models if model.engine == engine]
        words = of_engine[0].words
        rows = [("Vehicle", *words, "label", "margin")]
        for model in of_engine:
            margin = f"{model.margin:.2f}" if model.shares else MISSING
            totals = map(number, model.totals)
            rows.append((f"{model.make} {model.model}", *totals, label_words(model), margin))
        yield from aligned(rows)
        yield f"Results for proposed body style labels, {engine}, {dates(of_engine)}"
        yield ""


def agreement_lines(models: Sequence[BodyCounts]) -> Iterator[str]:
    """Yield on which models the engines agree; nothing when there is one engine alone."""
    by_model: dict[tuple[str, str], list[BodyCounts]] = {}
    for model in models:
        by_model.setdefault(model_key({"make": model.make, "model": model.model}), []).append(model)
    several = {key: group for key, group in by_model.items() if len(group) > 1}
    if not several:
        return
    rows = [("Vehicle", "engines", "label", "agree")]
    for group in several.values():
        label, share = agreement(group)
        name = f"{group[0].make} {group[0].model}"
        rows.append((name, str(len(group)), label or "ambiguous", f"{share:.0%}"))
    yield from aligned(rows)
    yield ""


def query_lines(rows: Sequence[CountRow]) -> Iterator[str]:
    """Yield the plain counts, laid out as the answer of 2017 has them."""
    table = [("Query", "No of Matches", "engine", "date")]
    table += [(row.text, number(row.total), row.source, row.counted_at[:10]) for row in rows]
    yield from aligned(table, ruled=True)


def reference_rows() -> list[dict[str, str]]:
    """Return the dated reference counts that ship with carsets."""
    text = files("carsets.data").joinpath("reference_counts.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines(), strict=True))


def reference_lines(counted: Iterable[CountRow]) -> Iterator[str]:
    """Yield the reference counts, with what was counted since beside them."""
    ours = {(row.text.casefold(), row.source): row for row in counted}
    table = [("Query", "No of Matches", "engine", "date", "counted", "on")]
    for known in reference_rows():
        row = ours.get((known["query"].casefold(), known["engine"]))
        table.append(
            (
                known["query"],
                known["raw"],
                known["engine"],
                known["date"],
                number(row.total) if row else "",
                row.counted_at[:10] if row else "",
            )
        )
    yield from aligned(table, ruled=True)
    yield f"Reference: {reference_rows()[0]['source']}"


def label_words(model: BodyCounts) -> str:
    """Return the label, or why there is none."""
    if model.label:
        return model.label
    if model.shares:
        return "ambiguous"
    return "incomplete" if None in model.totals else "nothing found"


def number(total: int | None) -> str:
    """Return a total as the source tables write it."""
    return MISSING if total is None else f"{total:,}"


def dates(models: Sequence[BodyCounts]) -> str:
    """Return the days between which models were counted."""
    days = sorted(model.counted_at[:10] for model in models)
    return days[0] if days[0] == days[-1] else f"{days[0]} to {days[-1]}"


def aligned(rows: Sequence[Sequence[str]], *, ruled: bool = False) -> Iterator[str]:
    """Yield rows in columns: the first to the left, numbers to the right."""
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    right = [
        all(cell.replace(",", "").replace(".", "").strip("-%").isdigit() or cell in {MISSING, ""}
            for cell in (row[place] for row in rows[1:]))
        for place in range(len(rows[0]))
    ]  # fmt: skip
    for position, row in enumerate(rows):
        cells = [
            cell.rjust(width) if to_right else cell.ljust(width)
            for cell, width, to_right in zip(row, widths, right, strict=True)
        ]
        yield "  ".join(cells).rstrip()
        if ruled and position == 0:
            yield "-" * (sum(widths) + 2 * (len(widths) - 1))
