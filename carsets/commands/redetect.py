"""``scrapy redetect``: the detector looks at the stored images, after the crawl or once more.

    scrapy redetect --pending --drop     what a crawl without a detector has left
    scrapy redetect                      all images, with another network or other thresholds
    scrapy redetect --pending --keep-verdicts    features alone: what scrapy curate compares

Exit codes: 0; 2 wrong use, no weights, no Ray; 4 some images could not be looked at, or the run was
stopped; 5 the catalog or the store cannot be used. The same command goes on where it was stopped.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

from scrapy.settings import Settings

from carsets.catalog.detection_rows import Choice, Policy
from carsets.curation.kinds import Kind
from carsets.ledger.receipt_file import write_receipt
from carsets.outcomes import ExitCode
from carsets.plain_command import PlainCommand, in_one_line
from carsets.problems import UserError
from carsets.redetection.pool_engine import PoolEngine
from carsets.redetection.ray_engine import RayEngine
from carsets.redetection.receipt import facts
from carsets.redetection.redetect import Redetection, Task
from carsets.redetection.stages import FilePlan, lenient_limits
from carsets.redetection.tables import ends, lines
from carsets.release.progress import ExportProgress
from carsets.setting_checks import check_settings
from carsets.store_deletion import deleter
from carsets.store_reading import reader
from carsets.vision.detector_pool import DetectorService
from carsets.vision.model_files import weights_of

if TYPE_CHECKING:
    import argparse

    from carsets.places import Places
    from carsets.redetection.redetect import Engine, Report

ENGINES: dict[str, type[PoolEngine | RayEngine]] = {"pool": PoolEngine, "ray": RayEngine}
STORE_SETTINGS = ("AWS_ENDPOINT_URL", "AWS_REGION_NAME", "AWS_USE_SSL", "AWS_VERIFY")
MOST_SHARES = 10_000


class Command(PlainCommand):
    """Ask the detector about stored images."""

    when_stopped = "stopped; the same command goes on"

    def syntax(self) -> str:
        """Return the command's arguments."""
        return "[--pending] [--drop | --keep-verdicts] [--engine pool|ray] [options]"

    def short_desc(self) -> str:
        """Return one line of help."""
        return "Ask the detector about stored images: those it has not seen, or all of them again"

    def long_desc(self) -> str:
        """Return the help above the options."""
        return (
            f"{self.short_desc()}. The network is set as in a crawl (-s CAR_DETECTION_MODEL=...). "
            "A run can be stopped, or killed, at any moment: the same command goes on."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's options."""
        super().add_options(parser)
        add = parser.add_argument
        add("--pending", action="store_true", help="only images that no detector has looked at")
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--drop", action="store_true",
            help="end what is no car as not_a_car, and delete its file; else it goes to review",
        )  # fmt: skip
        what.add_argument(
            "--keep-verdicts", action="store_true", help="write scores and features alone"
        )
        add("--engine", default="pool", help="pool: processes of this machine (default); ray")
        add("--networks", default="0", metavar="N", help="at once; 0: one for each GPU, or one")
        add("--share", default="1/1", metavar="I/N", help="only the I-th of N shares, as in 2/3")
        add("--anew", action="store_true", help="begin again where an earlier run was stopped")
        add("--json", action="store_true", help="print the result as JSON")

    def answer(self, args: list[str], opts: argparse.Namespace) -> None:
        """Look at the images, and say what came of it."""
        self.refuse_arguments(args)
        check_settings(self.settings)
        places = self.places
        share, shares = read_share(opts.share)
        detector = DetectorService.from_settings(self.settings)
        weights_of(detector.spec)  # what is missing is said before anything is begun
        engine = self._engine(opts, detector, places)
        task = Task(
            choice=Choice(pending=opts.pending, share=share, shares=shares),
            policy=Policy(
                decide=not opts.keep_verdicts, drop=opts.drop, mark=Kind.REVIEW_MARK.value
            ),
            spec=detector.spec,
            rule=detector.rule,
            table=detector.table,
            batch_size=detector.plan.size,
        )
        delete = deleter(places.images_store, self.settings)
        interval = self.settings.getfloat("PROGRESS_INTERVAL")
        with self.open_catalog() as catalog:
            reader(places.images_store, self.settings)  # is it there?
            with ExportProgress(interval) as progress:
                report = Redetection(catalog, task, delete, progress).run(engine, anew=opts.anew)
        if report.lost:
            self.exitcode = int(ExitCode.PARTIAL)
        receipt = facts(report, task, engine.name, self.settings, self.exitcode)
        write_receipt(places.receipts_dir / f"{receipt['run']}.json", receipt)
        self._show(report, receipt if opts.json else None)

    def _engine(
        self, opts: argparse.Namespace, detector: DetectorService, places: Places
    ) -> Engine:
        if opts.engine not in ENGINES:
            raise UserError(f"--engine {opts.engine}: {' or '.join(ENGINES)} is expected")
        settings = self.settings
        if opts.engine == "ray":  # keys stay in the environment of each machine
            settings = Settings({name: settings.get(name) for name in STORE_SETTINGS})
        try:
            limits = lenient_limits(
                tuple(self.settings.getlist("IMAGE_FORMATS")),
                self.settings.getint("IMAGE_MAX_PIXELS"),
            )
        except ValueError as error:
            raise UserError(f"IMAGE_FORMATS, IMAGE_MAX_PIXELS: {error}") from None
        files = FilePlan(
            open_reader=partial(reader, places.images_store, settings),
            limits=limits,
            workers=self.settings.getint("INSPECTION_WORKERS"),
            timeout=self.settings.getfloat("INSPECTION_TIMEOUT"),
        )
        return ENGINES[opts.engine](files, detector.spec, read_networks(opts.networks))

    def _show(self, report: Report, receipt: dict[str, object] | None) -> None:
        if receipt is not None:
            print(json.dumps(receipt, indent=2, sort_keys=True))
            return
        if not report.tally:
            print("Nothing to look at: there is no such image, or all were looked at before")
            return
        console = self.console()
        console.print(ends(report))
        for line in lines(report):
            console.print(in_one_line(line), markup=False, soft_wrap=True)


def read_share(text: str) -> tuple[int, int]:
    """Return the number of a share and how many there are. Raises UserError."""
    one, _, of = text.partition("/")
    if one.isdecimal() and of.isdecimal() and 1 <= int(one) <= int(of) <= MOST_SHARES:
        return int(one), int(of)
    raise UserError(f"--share {text}: which of how many is expected, as in 1/4")


def read_networks(text: str) -> int:
    """Return how many networks are asked at once. Raises UserError."""
    if text.isdecimal() and int(text) <= MOST_SHARES:
        return int(text)
    raise UserError(f"--networks {text}: a whole number is expected; 0: one for each GPU, or one")
