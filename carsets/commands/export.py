"""``scrapy export FORMAT DEST``: a dataset that may be handed out, made from the catalog.

Everything is decided before anything is written; what may not be handed out stops the export, or
is left out and counted when that was asked for.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from scrapy.exceptions import UsageError

from carsets.blurring.models import FACE, PLATE, blur_models
from carsets.exports.formats import FORMATS
from carsets.net.redaction import escape_controls
from carsets.permissions import Mode, Purpose
from carsets.plain_command import PlainCommand
from carsets.release.card import read_about
from carsets.release.derived import FITS
from carsets.release.labels import LABELS
from carsets.release.options import EVIDENCE_CHOICES, ND_CHOICES, read_options
from carsets.release.progress import ExportProgress
from carsets.release.receipts import read_receipts
from carsets.release.release import Surroundings, make_release
from carsets.release.report import why_text
from carsets.release.shares import PRESETS
from carsets.release.where import COLUMNS

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from carsets.blurring.models import BlurModels
    from carsets.release.report import ReleaseReport


class Command(PlainCommand):
    """Write a release."""

    when_stopped = "stopped; the same command goes on from here"

    def syntax(self) -> str:
        """Return the command's arguments."""
        return "[options] <format> <new folder>"

    def short_desc(self) -> str:
        """Return one line of help."""
        return "Write a dataset that may be handed out, with licenses, splits and checksums"

    def long_desc(self) -> str:
        """Return the help above the options."""
        return (
            f"{self.short_desc()}. Formats: {', '.join(FORMATS)}. "
            "An export that was cut short goes on when the same command is given again."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's options."""
        super().add_options(parser)
        rights = parser.add_argument_group("what may be handed out")
        rights.add_argument(
            "--mode", help=f"{', '.join(Mode)}; default: cc with images, urls without"
        )
        rights.add_argument(
            "--purpose", help=f"{' or '.join(Purpose)}; default: the setting PURPOSE"
        )
        rights.add_argument(
            "--accept-evidence",
            metavar="WHO",
            help=f"believe about licenses also: {', '.join(EVIDENCE_CHOICES)}",
        )
        rights.add_argument(
            "--only-allowed",
            action="store_true",
            help="leave out what the mode forbids, instead of failing",
        )
        rights.add_argument(
            "--nd", help=f"images that may not be changed, with --size: {', '.join(ND_CHOICES)}"
        )
        rights.add_argument(
            "--retain-until",
            metavar="DATE",
            help="when an internal release must be deleted; default: by RETENTION_DAYS",
        )
        choice = parser.add_argument_group("which images")
        choice.add_argument(
            "--where", metavar="EXPR", help=f"an SQL expression over {', '.join(COLUMNS)}"
        )
        choice.add_argument(
            "--with-review",
            action="store_true",
            help="also images that wait for people's decision",
        )
        choice.add_argument("--max-per-class", metavar="N", help="images of one value of --label")
        choice.add_argument("--max-per-host", metavar="N", help="images of one host")
        shape = parser.add_argument_group("how")
        shape.add_argument(
            "--label", help=f'what the classes are, of {", ".join(LABELS)}, or "make model"'
        )
        shape.add_argument(
            "--split", metavar="SHARES", help=f"80/5/15, 80/20, or one of {', '.join(PRESETS)}"
        )
        shape.add_argument("--salt", help="another salt draws other splits and samples")
        shape.add_argument("--size", metavar="WxH", help="copies of this size, such as 300x300")
        shape.add_argument("--fit", help=f"how an image fits in: {', '.join(FITS)}")
        shape.add_argument(
            "--thumb-300k", action="store_true", help="copies of about 300,000 pixels"
        )
        shape.add_argument(
            "--blur",
            action="store_true",
            help="hide faces and number plates in the copies, as far as a detector finds them",
        )
        shape.add_argument("--name", help="of the dataset; default: the folder's")
        shape.add_argument(
            "--about", metavar="FILE", help="your own words on why it is made, for the card"
        )

    def answer(self, args: list[str], opts: argparse.Namespace) -> None:
        """Write the release, and say what is in it."""
        if len(args) != 2:
            raise UsageError(f"name a format and a new folder; formats: {', '.join(FORMATS)}")
        report = self._export(args[0], args[1], opts)
        print("\n".join(escape_controls(line) for line in lines_of(report)))

    def _export(self, name: str, destination: str, opts: argparse.Namespace) -> ReleaseReport:
        settings = self.settings
        given = {**vars(opts)}
        about = read_about(Path(given["about"])) if given.get("about") else ""
        options = read_options(
            name, Path(destination).expanduser(), given, settings.get("PURPOSE") or "research"
        )
        places = self.places
        surroundings = Surroundings(
            images_store=places.images_store,
            disk_free_min=settings.getint("DISK_FREE_MIN"),
            near_bits=settings.getint("NEAR_DUPLICATE_DISTANCE"),
            retention_days=settings.getint("RETENTION_DAYS"),
            blur=self._models() if options.blur else None,
            card={
                "about": about,
                "contact": settings.get("CONTACT") or "",
                "receipts": read_receipts(places.receipts_dir),
            },
        )
        interval = settings.getfloat("PROGRESS_INTERVAL")
        with self.open_catalog() as catalog, ExportProgress(interval) as progress:
            return make_release(catalog, options, surroundings, progress)

    def _models(self) -> BlurModels:
        settings = self.settings
        return blur_models(
            {
                FACE: (settings.get("BLUR_FACES_MODEL", ""), settings.get("BLUR_FACES_SHA256", "")),
                PLATE: (
                    settings.get("BLUR_PLATES_MODEL", ""),
                    settings.get("BLUR_PLATES_SHA256", ""),
                ),
            }
        )


def lines_of(report: ReleaseReport) -> Iterator[str]:
    """Yield what is said of a finished release."""
    if report.started_anew:
        yield "What an export with other options had begun there was thrown away."
    elif report.resumed:
        yield "Went on where an earlier export had stopped."
    yield (
        f"{report.path}: {report.exported:,} of {report.considered:,} images, "
        f"{report.files:,} files, {megabytes(report.bytes)}, mode {report.facts.mode}"
    )
    if report.left_out:
        yield "Left out:"
        for reason, count in report.left_out.items():
            yield f"  {count:>10,}  {reason}: {reason.meaning}"
    if report.forbidden:
        yield "Of these for their license:"
        for (why, code), count in sorted(report.forbidden.items()):
            yield f"  {count:>10,}  {code}: {why_text(why)}"
    yield "Licenses:"
    for code, count in report.facts.licenses.items():
        yield f"  {count:>10,}  {code}"
    if "" not in report.facts.splits:
        shares = ", ".join(f"{name} {count:,}" for name, count in report.facts.splits.items())
        yield f"Splits: {shares}"
    for label, count in report.unknown_values.items():
        yield f"{count:,} images have a {label} that is in no list: see release.json"
    yield f"sha256 of SHA256SUMS: {report.digest}"


def megabytes(size: int) -> str:
    """Return bytes as people say them."""
    return f"{size / 1e6:,.1f} MB" if size < 1e9 else f"{size / 1e9:,.2f} GB"
