"""``scrapy report [DEST]``: one folder that shows what was found, kept, dropped and doubted."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from carsets.catalog.fingerprints import KEPT
from carsets.catalog.report_rows import ReportRows
from carsets.commands.stats import DEFAULT_SPLIT, read_number
from carsets.net.redaction import escape_controls
from carsets.outcomes import ExitCode
from carsets.plain_command import PlainCommand
from carsets.problems import UserError
from carsets.release.options import DEFAULT_SALT
from carsets.release.progress import ExportProgress
from carsets.release.shares import parse_shares

if TYPE_CHECKING:
    import argparse

    from carsets.report.numbers import ReportNumbers


class Command(PlainCommand):
    """Write a report."""

    when_stopped = "stopped; nothing was left behind"

    def syntax(self) -> str:
        """Return the command's arguments."""
        return "[options] [<new folder>]"

    def short_desc(self) -> str:
        """Return one line of help."""
        return "Write pages with numbers that balance, plots, and a gallery to filter: no server"

    def long_desc(self) -> str:
        """Return the help above the options."""
        return (
            f"{self.short_desc()}. Without a folder it goes to DATA_DIR/reports, named by the time."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's options."""
        super().add_options(parser)
        add = parser.add_argument
        add("--name", help="of the dataset; default: the name of DATA_DIR")
        add("--split", default=DEFAULT_SPLIT, help=f"as of export (default {DEFAULT_SPLIT})")
        add("--salt", default=DEFAULT_SALT, help="as of export")
        add("--gallery-most", metavar="N", help="images in the gallery; default: GALLERY_MOST")

    def answer(self, args: list[str], opts: argparse.Namespace) -> None:
        """Write the report; exit 2 for what the user can mend, 6 when the sums differ."""
        if len(args) > 1:
            raise UsageError("name one new folder, or none")
        destination, numbers = self._report(args, opts)
        print(f"{numbers.stats.total:,} images of {numbers.found:,} addresses")
        print(f"Look: {escape_controls(str(destination / 'index.html'))}")
        self._judge(numbers)

    def _judge(self, numbers: ReportNumbers) -> None:
        """Say what is wrong with the numbers, and set the exit code."""
        if numbers.imbalances:
            self.end(
                ExitCode.UNBALANCED,
                f"the sums do not balance, a fault of carsets: {numbers.imbalances[0]}",
            )
        elif not numbers.stats.total:
            self.end(ExitCode.NOTHING_KEPT, "the dataset is empty: crawl first")

    def _report(self, args: list[str], opts: argparse.Namespace) -> tuple[Path, ReportNumbers]:
        # matplotlib takes a second, and every command of scrapy imports this module.
        from carsets.report.doubts import read_doubts
        from carsets.report.gallery_files import write_gallery
        from carsets.report.numbers import read_numbers
        from carsets.report.plots import draw_all
        from carsets.report.site import new_folder, path_to_store, write_site

        settings, places = self.settings, self.places
        if parse_shares(opts.split).exact:
            raise UserError(f"--split {opts.split}: name shares, such as {DEFAULT_SPLIT}")
        most = read_number("--gallery-most", opts.gallery_most or settings.getint("GALLERY_MOST"))
        made = datetime.now(UTC)
        destination = (
            Path(args[0]).expanduser().absolute()
            if args
            else places.data_dir / "reports" / made.strftime("%Y-%m-%dT%H%M%S")
        )
        facts = {
            "name": opts.name or places.data_dir.name or "dataset",
            "made": made.strftime("%Y-%m-%d"),
            "split": opts.split,
            "store": path_to_store(places.images_store, destination),
            "store_name": places.images_store.partition("?")[0],
        }
        with (
            self.open_catalog() as catalog,
            new_folder(destination) as folder,
            catalog.one_state() as rows,
            ExportProgress(settings.getfloat("PROGRESS_INTERVAL")) as progress,
        ):
            report = ReportRows(rows.connection)
            verdicts = report.verdicts()
            progress.begin("counting", sum(verdicts.get(verdict, 0) for verdict in KEPT))
            numbers = read_numbers(
                rows, report, places.receipts_dir, opts.split, opts.salt, progress.advance
            )
            progress.begin("gallery", min(most, report.gallery_size()))
            (folder / "data").mkdir()
            gallery = write_gallery(
                folder / "data", rows, report, most, facts["store"], progress.advance
            )
            doubts = read_doubts(rows, report)
            write_site(folder, numbers, draw_all(numbers), doubts, gallery, facts)
        return destination, numbers
