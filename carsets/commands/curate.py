"""``scrapy curate``: find what is doubtful in the catalog, and say why. Nothing is deleted."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from carsets.curation.curate import curate
from carsets.curation.local_check import LocalFeatureCheck
from carsets.curation.options import CurateOptions
from carsets.curation.tables import tables
from carsets.plain_command import PlainCommand, in_one_line
from carsets.problems import UserError
from carsets.release.originals import local_store
from carsets.release.progress import ExportProgress

if TYPE_CHECKING:
    import argparse

    from carsets.catalog.catalog import Catalog
    from carsets.curation.report import CurationReport

EVERY_PAIR = 10**9


class Command(PlainCommand):
    """Score all images of the catalog, group copies, and send what is doubtful to review."""

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
            help="look at the files of all likely copies, however many there are (needs OpenCV)",
        )

    def answer(self, args: list[str], opts: argparse.Namespace) -> None:
        """Curate; exit 2 for wrong options, 5 when the catalog cannot be used."""
        self.refuse_arguments(args)
        report = self._curate(local_features=opts.local_features)
        if opts.json:
            print(json.dumps(report.as_json(), indent=2, sort_keys=True))
            return
        console = self.console()
        for part in tables(report, in_one_line):
            console.print(part)

    def _curate(self, *, local_features: bool) -> CurationReport:
        options = CurateOptions.from_settings(self.settings)
        if local_features:
            options = replace(options, local_pairs=EVERY_PAIR)
        when = datetime.now(UTC).isoformat(timespec="seconds")
        interval = self.settings.getfloat("PROGRESS_INTERVAL")
        with self.open_catalog() as catalog, ExportProgress(interval) as progress:
            try:
                check = self._check(catalog, options)
            except UserError as problem:
                if local_features:
                    raise
                report = curate(catalog, options, progress, when)
                report.not_looked_at = str(problem)
                return report
            with check:
                report = curate(catalog, options, progress, when, check)
                assert report.looked_at is not None
                unreadable = len(check.unreadable)
                report.looked_at = replace(report.looked_at, unreadable=unreadable)
                return report

    def _check(self, catalog: Catalog, options: CurateOptions) -> LocalFeatureCheck:
        """Return who looks at files. Raises UserError where nobody can, or should."""
        if not options.local_pairs:
            raise UserError("CURATE_LOCAL_PAIRS is 0")
        return LocalFeatureCheck(catalog, local_store(self.places.images_store))
