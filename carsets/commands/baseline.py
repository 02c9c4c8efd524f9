"""``scrapy baseline``: how well a linear head tells the labels, tested on unrelated images.

Exit codes: 0; 2 wrong options, or nothing to learn from; 4 the control has failed: shuffled labels
taught the head something, so the accuracy proves nothing; 5 the catalog cannot be used.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from carsets.learning.baseline import run_baseline
from carsets.learning.examples import BaselineOptions
from carsets.learning.tables import baseline_parts
from carsets.outcomes import ExitCode
from carsets.plain_command import PlainCommand, in_one_line
from carsets.release.labels import LABELS
from carsets.release.options import DEFAULT_SALT
from carsets.release.progress import ExportProgress

if TYPE_CHECKING:
    import argparse

    from carsets.learning.baseline import Baseline


class Command(PlainCommand):
    """Learn a label from the features, test it on unrelated images, and remember the numbers."""

    def short_desc(self) -> str:
        """Return one line of help."""
        return "Train a linear head on the stored features: can the labels be learnt?"

    def long_desc(self) -> str:
        """Return the help above the options."""
        return (
            f"{self.short_desc()} No author, page, burst or picture is on both sides of the test. "
            "Beside its accuracy stand that of shuffled labels and the largest class's share. "
            "The numbers go into the card of every release that is made from then on."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's options."""
        super().add_options(parser)
        add = parser.add_argument
        add("--label", default="make", help=f"one or several of {', '.join(LABELS)} (make)")
        add("--split", default="80/5/15", help="learn from / choose by / test with, in percent")
        add(
            "--seed", default=DEFAULT_SALT, help="another word draws another split: export's --salt"
        )
        add(
            "--where", default="", metavar="SQL", help="only these images, as scrapy export --where"
        )
        add(
            "--features", default="", metavar="MODEL", help="of which network, if there are several"
        )
        add("--json", action="store_true", help="print everything as JSON")

    def answer(self, args: list[str], opts: argparse.Namespace) -> None:
        """Learn, and tell."""
        self.refuse_arguments(args)
        found = self._learn(opts)
        if not found.sound:
            self.exitcode = int(ExitCode.PARTIAL)
        if opts.json:
            print(json.dumps(found.as_json(), indent=2, sort_keys=True))
            return
        console = self.console()
        for part in baseline_parts(found, in_one_line):
            console.print(part)

    def _learn(self, opts: argparse.Namespace) -> Baseline:
        options = BaselineOptions(
            label=" ".join(opts.label.split()),
            split=opts.split,
            salt=opts.seed,
            where=opts.where,
            features=opts.features,
        )
        when = datetime.now(UTC).isoformat(timespec="seconds")
        interval = self.settings.getfloat("PROGRESS_INTERVAL")
        with self.open_catalog() as catalog, ExportProgress(interval) as progress:
            return run_baseline(catalog, options, progress, when)
