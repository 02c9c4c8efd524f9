"""``scrapy stats``: what the labels of a dataset are worth, and where its images come from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from carsets.outcomes import ExitCode
from carsets.plain_command import PlainCommand, in_one_line
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


class Command(PlainCommand):
    """Print the statistics of a dataset."""

    file_width = 160

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

    def answer(self, args: list[str], opts: argparse.Namespace) -> None:
        """Print the statistics; exit 2 for wrong options, 6 when the sums differ."""
        self.refuse_arguments(args)
        stats = self._gather(opts)
        most = read_number("--top", opts.top)
        if opts.json:
            print(json.dumps(stats.as_json(), indent=2, sort_keys=True))
        else:
            console = self.console()
            for part in tables(stats, most, in_one_line):
                console.print(part)
        if unequal := stats.unequal():
            raise UserError(
                f"the sums of {', '.join(unequal)} are not {stats.total:,}: a fault of carsets",
                ExitCode.UNBALANCED,
            )

    def _gather(self, opts: argparse.Namespace) -> DatasetStats:
        shares = parse_shares(opts.split)
        label = tuple(opts.label.replace(",", " ").split())
        if shares.exact and not (shares.labels or label):
            raise UserError(f"--split {opts.split} counts classes out: say which with --label make")
        thresholds = Thresholds(
            read_number("--min-train", opts.min_train),
            read_number("--min-validation", opts.min_validation),
            held_out(shares),
        )
        with self.open_catalog() as catalog, catalog.one_state() as rows:
            return gather(rows, shares, opts.salt, label, thresholds)


def held_out(shares: Shares) -> str:
    """Return the split whose images validate: the second one, where there are more."""
    return shares.names[min(1, len(shares.names) - 1)]


def read_number(option: str, value: object) -> int:
    """Return a whole number from 0. Raises UserError for anything else."""
    text = str(value)
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise UserError(f"{option} {text[:80]!r}: expected a whole number, such as 20")
    return int(text)
