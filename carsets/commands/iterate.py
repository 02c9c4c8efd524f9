"""``scrapy iterate``: learn from what people have said so far, and ask about what contradicts it.

    scrapy iterate      judges every image anew, and says what it asks
    scrapy review       shows these images first
    scrapy iterate      learns from the answers, and so on

Exit codes: 0; 2 wrong options, or no features to learn from; 5 the catalog cannot be used.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from carsets.learning.iteration import run_round
from carsets.learning.tables import round_parts
from carsets.plain_command import PlainCommand, in_one_line
from carsets.problems import UserError
from carsets.release.progress import ExportProgress

if TYPE_CHECKING:
    import argparse

    from carsets.learning.round_facts import Round

MOST_QUESTIONS = 100_000


class Command(PlainCommand):
    """Make a round: learn from the dataset as people left it, judge it anew, ask again."""

    def short_desc(self) -> str:
        """Return one line of help."""
        return "Learn from people's decisions, judge all images anew, and queue what contradicts"

    def long_desc(self) -> str:
        """Return the help above the options."""
        return (
            f"{self.short_desc()}. Nothing is deleted, people's word stands, and a second run "
            "changes nothing until somebody has decided something."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's options."""
        super().add_options(parser)
        add = parser.add_argument
        add("--questions", default="", metavar="N", help="images to ask about (ITERATE_QUESTIONS)")
        add(
            "--features", default="", metavar="MODEL", help="of which network, if there are several"
        )
        add("--json", action="store_true", help="print everything as JSON")

    def answer(self, args: list[str], opts: argparse.Namespace) -> None:
        """Make a round, and tell what changed."""
        self.refuse_arguments(args)
        made = self._round(opts)
        if opts.json:
            print(json.dumps(made.as_json(), indent=2, sort_keys=True))
            return
        console = self.console()
        for part in round_parts(made, in_one_line):
            console.print(part)

    def _round(self, opts: argparse.Namespace) -> Round:
        questions = read_questions(opts.questions or self.settings["ITERATE_QUESTIONS"])
        when = datetime.now(UTC).isoformat(timespec="seconds")
        interval = self.settings.getfloat("PROGRESS_INTERVAL")
        with self.open_catalog() as catalog, ExportProgress(interval) as progress:
            return run_round(catalog, progress, when, questions=questions, features=opts.features)


def read_questions(given: object) -> int:
    """Return how many images to ask about. Raises UserError for what is no number of them."""
    text = str(given)
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MOST_QUESTIONS:
        return int(text)
    raise UserError(
        f"--questions {text[:80]!r} (ITERATE_QUESTIONS): expected a whole number from 1 to "
        f"{MOST_QUESTIONS:,}"
    )
