"""``scrapy curate``: find what is doubtful in the catalog, and say why. Nothing is deleted."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console
from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from carsets.catalog.catalog import Catalog
from carsets.curation.curate import curate
from carsets.curation.local_check import LocalFeatureCheck
from carsets.curation.options import CurateOptions
from carsets.curation.tables import tables
from carsets.net.redaction import escape_controls
from carsets.places import Places
from carsets.problems import UserError
from carsets.release.originals import local_store
from carsets.release.progress import ExportProgress

if TYPE_CHECKING:
    import argparse

    from carsets.curation.report import CurationReport

FILE_WIDTH = 120  # columns, where there is no terminal that says


class Command(ScrapyCommand):
    """Score all images of the catalog, group copies, and send what is doubtful to review."""

    requires_project = True
    requires_crawler_process = False
    default_settings = {"LOG_ENABLED": False}  # noqa: RUF012 - as Scrapy's own commands do

    def syntax(self) -> str:
        """Return the command's arguments."""
        return "[options]"

    def short_desc(self) -> str:
        """Return one line of help."""
        return "Find copies, outliers, wrong labels, placeholders and floods; nothing is deleted"

    def long_desc(self) -> str:
        """Return the help above the options."""
        return (
            f"{self.short_desc()}. Doubtful images go to review, with the reason, and come back "
            "when the reason is gone. A run can be stopped and repeated at any time."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's options."""
        super().add_options(parser)
        parser.add_argument("--json", action="store_true", help="print everything as JSON")
        parser.add_argument(
            "--local-features",
            action="store_true",
            help="look at the files of pairs that only features call copies (needs opencv)",
        )

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Curate; exit 2 for wrong options, 5 when the catalog cannot be used."""
        if args:
            raise UsageError("scrapy curate takes options only")
        try:
            report = self._curate(local_features=opts.local_features)
        except UserError as problem:
            self.exitcode = int(problem.exit_code)
            print(f"carsets: {problem}", file=sys.stderr)
            return
        if opts.json:
            print(json.dumps(report.as_json(), indent=2, sort_keys=True))
            return
        console = Console(highlight=False, width=None if sys.stdout.isatty() else FILE_WIDTH)
        for part in tables(report, in_one_line):
            console.print(part)

    def _curate(self, *, local_features: bool) -> CurationReport:
        assert self.settings is not None
        options = CurateOptions.from_settings(self.settings)
        places = Places.from_settings(self.settings)
        when = datetime.now(UTC).isoformat(timespec="seconds")
        interval = self.settings.getfloat("PROGRESS_INTERVAL")
        catalog = Catalog.open(places.catalog_url, create=False)
        try:
            with ExportProgress(interval) as progress:
                if not local_features:
                    return curate(catalog, options, progress, when)
                with LocalFeatureCheck(catalog, local_store(places.images_store)) as check:
                    report = curate(catalog, options, progress, when, check)
                    assert report.looked_at is not None
                    unreadable = len(check.unreadable)
                    report.looked_at = replace(report.looked_at, unreadable=unreadable)
                    return report
        finally:
            catalog.close()


def in_one_line(text: str) -> str:
    """Return a text that no terminal takes for a command."""
    return escape_controls(text, newline=" ")
