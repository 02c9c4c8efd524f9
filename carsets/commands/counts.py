"""``scrapy counts``: what was counted, as a table; and what it says of each image's body style.

Reads the catalog; ``scrapy crawl counts`` fills it.
"""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from carsets.counting.body_counts import model_key, weigh_all
from carsets.counting.count_tables import agreement_lines, body_lines, query_lines, reference_lines
from carsets.net.redaction import escape_controls
from carsets.outcomes import ExitCode
from carsets.plain_command import PlainCommand
from carsets.problems import UserError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from carsets.catalog.catalog import Catalog
    from carsets.catalog.rows import CountRow
    from carsets.counting.body_counts import BodyCounts

COLUMNS = (
    *("make", "model", "engine", "counted_at", "language", "words", "totals", "shares"),
    *("log_shares", "label", "margin", "ambiguous"),
)


class Command(PlainCommand):
    """Print the counts of a dataset."""

    def syntax(self) -> str:
        """Return the command's arguments."""
        return "[options] [engine ...]"

    def short_desc(self) -> str:
        """Return one line of help."""
        return "Print the result counts of vehicles and words, and the body styles they suggest"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's options."""
        super().add_options(parser)
        parser.add_argument(
            "--join",
            action="store_true",
            help="write label, margin and vector into every image of the model (body_counts)",
        )
        parser.add_argument(
            "--csv", action="store_true", help="print vectors as CSV instead of tables"
        )

    def answer(self, args: list[str], opts: argparse.Namespace) -> None:
        """Print, and join if that was asked for; exit 2 when nothing was counted."""
        margin = read_margin(self.settings.get("COUNTS_MIN_MARGIN", 0.1))
        with self.open_catalog() as catalog:
            rows = chosen(catalog.latest_counts(), args)
            models = weigh_all(rows, margin)
            if opts.csv:
                write_csv(models)
            else:
                print("\n".join(escape_controls(line) for line in table_lines(rows, models)))
            if opts.join:
                print(join(catalog, models), file=sys.stderr if opts.csv else sys.stdout)


def read_margin(value: object) -> float:
    """Return the margin. Raises UserError for what is no share."""
    try:
        margin = float(str(value))
    except ValueError:
        margin = -1.0
    if not 0 <= margin <= 1:
        raise UserError(f"COUNTS_MIN_MARGIN={value}: expected a share between 0 and 1")
    return margin


def chosen(rows: list[CountRow], engines: list[str]) -> list[CountRow]:
    """Return the counts of the engines that were named. Raises UserError when there are none."""
    known = {row.source for row in rows}
    if not rows:
        raise UserError(
            "nothing was counted yet: scrapy crawl counts -a vehicles=all -a engine=flickr",
            ExitCode.BAD_USE,
        )
    if unknown := set(engines) - known:
        raise UsageError(
            f"{', '.join(sorted(unknown))}: not counted; there are {', '.join(sorted(known))}"
        )
    return [row for row in rows if not engines or row.source in engines]


def table_lines(rows: Sequence[CountRow], models: Sequence[BodyCounts]) -> Iterator[str]:
    """Yield all tables: vectors, agreement, other queries, and the reference beside them."""
    yield from body_lines(models)
    yield from agreement_lines(models)
    in_vectors = {(model.engine, model_key(vars_of(model))) for model in models}
    plain = [
        row for row in rows if not row.word or (row.source, model_key(row.labels)) not in in_vectors
    ]
    if plain:
        yield from query_lines(plain)
        yield ""
    yield from reference_lines(rows)


def vars_of(model: BodyCounts) -> dict[str, str]:
    """Return a model's labels."""
    return {"make": model.make, "model": model.model}


def join(catalog: Catalog, models: Sequence[BodyCounts]) -> str:
    """Write into every kept image what the counts say of its model; return a line about it.

    Each image gets a list with one entry an engine; images of models that were not counted lose
    what an earlier join has written.
    """
    by_model: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for model in models:
        by_model.setdefault(model_key(vars_of(model)), []).append(model.as_json())

    def of(labels: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        return by_model.get(model_key(labels))

    looked_at, covered = catalog.join_counts(of)
    return f"body_counts of {covered:,} of {looked_at:,} images"


def write_csv(models: Sequence[BodyCounts]) -> None:
    """Print one line a model and engine; vectors are separated by |."""
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(COLUMNS)
    for model in models:
        facts: dict[str, Any] = {**model.as_json(), **vars_of(model)}
        facts["totals"] = ["" if total is None else total for total in model.totals]
        writer.writerow([_cell(facts[name]) for name in COLUMNS])


def _cell(value: Any) -> str:
    text = "|".join(map(str, value)) if isinstance(value, list) else str(value)
    # A name that a spreadsheet would take for a formula is shown as text.
    return f"'{text}" if text[:1] in {"=", "+", "@", "\t", "\r"} else text
