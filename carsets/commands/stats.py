"""``scrapy stats``: what the labels of a dataset are worth, and where its images come from."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from carsets.catalog.catalog import Catalog
from carsets.net.redaction import escape_controls
from carsets.outcomes import ExitCode
from carsets.places import Places
from carsets.problems import UserError
from carsets.release.options import DEFAULT_SALT
from carsets.release.splits import parse_shares
from carsets.report.label_stats import MIN_TRAIN, MIN_VALIDATION, Thresholds
from carsets.report.stats_pass import gather
from carsets.report.stats_tables import tables

if TYPE_CHECKING:
    import argparse

    from carsets.release.splits import Shares
    from carsets.report.label_stats import DatasetStats

DEFAULT_SPLIT = "80/5/15"
LONGEST_TABLE = 20  # lines
FILE_WIDTH = 160  # columns, where there is no terminal that says


class Command(ScrapyCommand):
    """Print the statistics of a dataset."""

    requires_project = True
    requires_crawler_process = False
    default_settings = {"LOG_ENABLED": False}  # noqa: RUF012 - as Scrapy's own commands do

    def syntax(self) -> str:
        """Return the command's arguments."""
        return "[options]"

    def short_desc(self) -> str:
        """Return one line of help."""
        return "Count labels, splits, sources and licenses; say which labels can be trained on"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's options."""
        super().add_options(parser)
        add = parser.add_argument
        add("--split", default=DEFAULT_SPLIT, help=f"as of export (default {DEFAULT_SPLIT})")
        add("--salt", default=DEFAULT_SALT, help="as of export")
        add("--label", default="", help="for exact splits: the labels that make a class")
        add(
            "--min-train",
            default=MIN_TRAIN,
            help=f"training images of a trainable label (default {MIN_TRAIN})",
        )
        add(
            "--min-validation",
            default=MIN_VALIDATION,
            help=f"validation images, or test images where the split has no validation, of a "
            f"trainable label (default {MIN_VALIDATION})",
        )
        add("--top", default=LONGEST_TABLE, help=f"lines of a table (default {LONGEST_TABLE})")
        add("--json", action="store_true", help="print everything as JSON")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Print the statistics; exit 2 for wrong options, 6 when the sums differ."""
        assert self.settings is not None
        if args:
            raise UsageError("scrapy stats takes options only")
        try:
            places = Places.from_settings(self.settings)
            stats = self._gather(places, opts)
            most = read_number("--top", opts.top)
            if opts.json:
                print(json.dumps(stats.as_json(), indent=2, sort_keys=True))
            else:
                console = Console(
                    highlight=False, width=None if sys.stdout.isatty() else FILE_WIDTH
                )
                for part in tables(stats, most, in_one_line):
                    console.print(part)
            if unequal := stats.unequal():
                raise UserError(
                    f"the sums of {', '.join(unequal)} are not {stats.total:,}: a fault of carsets",
                    ExitCode.UNBALANCED,
                )
        except UserError as problem:
            self.exitcode = int(problem.exit_code)
            print(f"carsets: {problem}", file=sys.stderr)

    def _gather(self, places: Places, opts: argparse.Namespace) -> DatasetStats:
        shares = parse_shares(opts.split)
        label = tuple(opts.label.replace(",", " ").split())
        if shares.exact and not (shares.labels or label):
            raise UserError(f"--split {opts.split} counts classes out: say which with --label make")
        thresholds = Thresholds(
            read_number("--min-train", opts.min_train),
            read_number("--min-validation", opts.min_validation),
            held_out(shares),
        )
        catalog = Catalog.open(places.catalog_url, create=False)
        try:
            with catalog.one_state() as rows:
                return gather(rows, shares, opts.salt, label, thresholds)
        finally:
            catalog.close()


def in_one_line(text: str) -> str:
    """Return a text that no terminal takes for a command."""
    return escape_controls(text, newline=" ")


def held_out(shares: Shares) -> str:
    """Return the split whose images validate: the second one, where there are more."""
    return shares.names[min(1, len(shares.names) - 1)]


def read_number(option: str, value: object) -> int:
    """Return a whole number from 0. Raises UserError for anything else."""
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise UserError(f"{option} {text[:80]!r}: expected a whole number, such as 20")
    return int(text)
