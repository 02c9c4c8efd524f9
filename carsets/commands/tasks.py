"""``scrapy tasks``: let people elsewhere answer, on Mechanical Turk or in Label Studio.

    scrapy tasks export mturk batch --question label --label make -n 500 --dry-run
    scrapy tasks export mturk batch --question label --label make -n 500 --budget 60
    scrapy tasks import mturk Batch_4711_results.csv

What it costs is said before anything is written, and ``--budget`` refuses what is dearer. The
majority's answers become decisions like those of ``scrapy review``; what they could not agree on
waits there. Exit codes: 0; 2 wrong options, a batch too dear, or malformed answers; 3 nothing to
ask or to take.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.exceptions import UsageError

from carsets.commands.review import spot_check
from carsets.commands.spotcheck import read_number
from carsets.crowd import labelstudio, mturk
from carsets.crowd.batch_folder import write_folder
from carsets.crowd.choosing import LOCAL, SOURCE, choose, mode_of, read_images
from carsets.crowd.majority import ballots, decided_things, outcome_of
from carsets.crowd.price import Price, read_amount
from carsets.crowd.questions import QUESTIONS, read_question
from carsets.crowd.workers import pseudonym, read_salt
from carsets.net.redaction import escape_controls
from carsets.outcomes import ExitCode
from carsets.permissions import Mode
from carsets.plain_command import PlainCommand
from carsets.problems import UserError
from carsets.release.options import EVIDENCE_CHOICES, read_options
from carsets.release.originals import local_store
from carsets.release.progress import ExportProgress
from carsets.review.desk import now

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from carsets.catalog.catalog import Catalog
    from carsets.crowd.majority import Outcome
    from carsets.places import Places

SITES: dict[str, Any] = {"mturk": mturk, "labelstudio": labelstudio}
CHUNK = 2_000  # decisions written at once


class Command(PlainCommand):
    """Write a batch of questions, or take over its answers."""

    def syntax(self) -> str:
        """Return the command's arguments."""
        return f"[options] export|import {'|'.join(SITES)} <new folder or file of answers>"

    def short_desc(self) -> str:
        """Return one line of help."""
        return "Let people elsewhere answer, on Mechanical Turk or in Label Studio: price first"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's options."""
        super().add_options(parser)
        add = parser.add_argument_group("what is asked").add_argument
        add("--question", default="car", help=f"one of {', '.join(QUESTIONS)} (default car)")
        add("--label", default="", help="which label, for the questions label and choose")
        add("--choices", default="", metavar="A,B", help="what can be chosen")
        add = parser.add_argument_group("of which images").add_argument
        add("-n", default="100", metavar="N", help="the N most doubted that nobody has decided")
        add("--where", metavar="EXPR", help="only these, as for scrapy export")
        add("--spotcheck", default="", metavar="ID", help="the images of a spot check instead")
        add = parser.add_argument_group("how they are shown").add_argument
        add("--images", default=SOURCE, help=f"{SOURCE}, {LOCAL}, or your https:// copy")
        add("--mode", help=f"{', '.join(Mode)}; default: urls at the source, else cc")
        add("--accept-evidence", metavar="WHO", help=f"also: {', '.join(EVIDENCE_CHOICES)}")
        add("--only-allowed", action="store_true", help="leave out what the mode forbids")
        add = parser.add_argument_group("for how much").add_argument
        add("--answers", default="3", metavar="N", help="people for each image (default 3)")
        add("--price", metavar="USD", help="for one answer (default: the setting TASKS_REWARD)")
        add("--budget", metavar="USD", help="refuse a batch that costs more")
        add("--dry-run", action="store_true", help="tell the price, and write nothing")
        add = parser.add_argument_group("import").add_argument
        add("--min-answers", default="2", metavar="N", help="of fewer, nothing is made (default 2)")
        add("--majority", default="0.5", metavar="SHARE", help="more than this (default 0.5)")

    def answer(self, args: list[str], opts: argparse.Namespace) -> None:
        """Do what was asked; every problem of the user's is one line."""
        if len(args) != 3 or args[0] not in {"export", "import"} or args[1] not in SITES:
            raise UsageError(f"scrapy tasks {self.syntax()}")
        do = self._export if args[0] == "export" else self._import
        with self.open_catalog() as catalog:
            for line in do(catalog, self.places, args[1], Path(args[2]).expanduser(), opts):
                print(escape_controls(line), flush=True)

    def _export(
        self, catalog: Catalog, places: Places, site: str, folder: Path, opts: argparse.Namespace
    ) -> Iterator[str]:
        settings = self.settings
        question = read_question(opts.question, opts.label, opts.choices)
        count, answers = read_number("-n", opts.n, 1), read_number("--answers", opts.answers, 1)
        images = read_images(opts.images)
        if images == LOCAL and site != "labelstudio":
            raise UserError(f"--images {LOCAL}: Mechanical Turk's workers cannot reach your disk")
        given = vars(opts) | {"mode": mode_of(images, opts.mode)}
        options = read_options(
            "labelstudio",
            folder,
            {name: given[name] for name in ("mode", "accept_evidence", "only_allowed", "where")}
            | {"with_review": True, "name": "tasks"},
            settings.get("PURPOSE") or "research",
        )
        store = local_store(places.images_store).name if images == LOCAL else ""
        only = spot_check(catalog, opts.spotcheck)
        with catalog.one_state() as rows:
            total = rows.total()
        with ExportProgress(settings.getfloat("PROGRESS_INTERVAL")) as progress:
            progress.begin("choosing", total)
            chosen = choose(
                catalog,
                options,
                question,
                count if only is None else len(only),
                images=images,
                store_name=store,
                threshold=settings.getfloat("CAR_DETECTION_KEEP"),
                near_bits=settings.getint("NEAR_DUPLICATE_DISTANCE"),
                only=only,
                progress=progress.advance,
            )
        for why, number in (*chosen.left_out.items(), *chosen.passed_over.items()):
            yield f"Left out: {number:,} {why}"
        if not chosen.tasks:
            raise UserError("no image is left to ask about", ExitCode.NOTHING_KEPT)
        price = self._price(site, len(chosen.tasks), answers, opts)
        yield str(price)
        budget = None if opts.budget is None else read_amount("--budget", opts.budget)
        if budget is not None and price.total > budget:
            raise UserError(
                f"--budget {budget}: the batch costs ${price.total:,.2f}, and nothing was written; "
                "ask about fewer images (-n), or fewer people (--answers)"
            )
        if opts.dry_run:
            return
        write_folder(folder, SITES[site].files_of(chosen.tasks))
        yield f"{folder}: {len(chosen.tasks):,} questions. {SITES[site].HOW}"

    def _price(self, site: str, count: int, answers: int, opts: argparse.Namespace) -> Price:
        own = site != "mturk"  # a Label Studio of your own takes no fee
        default = 0 if own else self.settings.get("TASKS_REWARD")
        return Price(
            count,
            answers,
            read_amount("--price", default if opts.price is None else opts.price),
            read_amount("TASKS_FEE", 0 if own else self.settings.get("TASKS_FEE"), 1),
            read_amount("TASKS_LEAST_FEE", 0 if own else self.settings.get("TASKS_LEAST_FEE")),
        )

    def _import(
        self, catalog: Catalog, places: Places, site: str, path: Path, opts: argparse.Namespace
    ) -> Iterator[str]:
        least = read_number("--min-answers", opts.min_answers, 1)
        share = float(read_amount("--majority", opts.majority, 1))
        if not 0.5 <= share < 1:
            raise UserError("--majority: a share from 0.5 to below 1")
        salt = read_salt(places.data_dir)
        found = ballots(SITES[site].read_answers(path, lambda who: pseudonym(salt, who)))
        if not found:
            raise UserError(f"{path}: no answer that was not rejected", ExitCode.NOTHING_KEPT)
        ids = list(dict.fromkeys(ballot.asked.image_id for ballot in found))
        outcome = outcome_of(
            found,
            decided_things(catalog.standing_reviews(ids), site),
            rater=site,
            when=now(),
            least=least,
            share=share,
        )
        rows = outcome.reviews
        counts = catalog.take_over_reviews(
            (rows[start : start + CHUNK], ()) for start in range(0, len(rows), CHUNK)
        )
        yield from lines_of(outcome, sum(len(ballot.votes) for ballot in found), counts)


def lines_of(outcome: Outcome, answers: int, counts: Any) -> Iterator[str]:
    """Yield what came of a file of answers."""
    yield (
        f"{answers:,} answers: {outcome.decided:,} images decided, {outcome.undecided:,} left to "
        "scrapy review (a tie, too few answers, or nobody could tell)"
    )
    if outcome.overruled:
        yield f"{outcome.overruled:,} were decided here already, and stay as they are"
    yield f"{counts['saved']:,} decisions are new, {counts['known']:,} were known"
    if counts["lost"]:
        yield f"{counts['lost']:,} are about images that this catalog does not have"
    if outcome.alpha is None:
        yield "How far they agree cannot be said: nobody could have disagreed"
    else:
        yield f"Krippendorff's alpha {outcome.alpha:.3f} (1 = always the same, 0 = chance)"
