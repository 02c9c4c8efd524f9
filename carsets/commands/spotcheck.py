"""``scrapy spotcheck -n 200``: how much of the dataset is wrong, from a random sample.

    scrapy spotcheck -n 200 --strata source     draws it, and tells its ID
    scrapy review --spotcheck ID                people look at it
    scrapy spotcheck --result ID                what they found, with its margin

Exit codes: 0; 2 wrong options, or no such sample; 3 no image to draw; 4 some of the sample is not
answered yet: what is printed then is of those that are, and goes into no release.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.table import Table

from carsets.catalog.entries import now
from carsets.catalog.spot_checks import SpotCheck
from carsets.curation.kinds import Kind
from carsets.net.redaction import escape_controls
from carsets.outcomes import ExitCode
from carsets.plain_command import PlainCommand, in_one_line
from carsets.problems import UserError
from carsets.release.known_noise import in_words
from carsets.release.label_texts import read_labels
from carsets.release.progress import ExportProgress
from carsets.review.sampling import (
    MOST_IMAGES,
    STRATA,
    check_id,
    draw_sample,
    read_population,
    read_strata,
)
from carsets.review.spot_check import read_answers, result_of

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from carsets.catalog.catalog import Catalog

LONGEST_TABLE = 30  # strata shown; --json has all of them
MOST_NAMED = 20  # unanswered images


class Command(PlainCommand):
    """Draw a sample, or tell what came of one."""

    def short_desc(self) -> str:
        """Return one line of help."""
        return "Estimate from a random sample, that people look at, how much is wrong"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's options."""
        super().add_options(parser)
        add = parser.add_argument
        add("-n", default="200", metavar="N", help="images of the sample (default 200)")
        add("--strata", default="source", help=f"some of {', '.join(STRATA)}; or none")
        add("--seed", default="1", help="another seed draws another sample (default 1)")
        add("--min-per-stratum", default="0", metavar="N", help="images of each stratum at least")
        add("--with-review", action="store_true", help="also images that wait for a decision")
        add("--result", metavar="ID", default="", help="tell what came of a sample")
        add("--list", action="store_true", help="list all samples")
        add("--json", action="store_true", help="print the result as JSON")

    def answer(self, args: list[str], opts: argparse.Namespace) -> None:
        """Draw, or tell."""
        self.refuse_arguments(args)
        with self.open_catalog() as catalog:
            if opts.result:
                self._tell(catalog, opts.result, as_json=opts.json)
            elif opts.list:
                print("\n".join(_line(check) for check in catalog.spot_checks()) or "none yet")
            else:
                self._draw(catalog, opts)

    def _draw(self, catalog: Catalog, opts: argparse.Namespace) -> None:
        count = read_number("-n", opts.n, 1)
        least = read_number("--min-per-stratum", opts.min_per_stratum, 0)
        strata = read_strata(opts.strata)
        interval = self.settings.getfloat("PROGRESS_INTERVAL")
        with catalog.one_state() as rows, ExportProgress(interval) as progress:
            progress.begin("reading", rows.total())
            population = read_population(
                rows, strata, with_review=opts.with_review, advance=progress.advance
            )
        sample = draw_sample(population, count, opts.seed, least)
        plan = sample.plan(strata, opts.seed, least)
        ids = catalog.image_ids_of(sample.seq.tolist())
        name = check_id(plan, ids)
        new = catalog.record_spot_check(SpotCheck(name, plan, ids, None, now(), ""))
        print(
            f"Spot check {name}: {len(ids):,} of {len(population.seq):,} images, "
            f"{len(sample.names):,} strata{'' if new else '; it was drawn before'}\n"
            f"Look at them:     scrapy review --spotcheck {name}\n"
            f"What was found:   scrapy spotcheck --result {name}"
        )

    def _tell(self, catalog: Catalog, name: str, *, as_json: bool) -> None:
        check = catalog.spot_check(name)
        if check is None:
            raise UserError(f"--result {name[:80]}: there is no such sample; see --list")
        numbers = catalog.image_numbers(check.image_ids)
        labels = catalog.labels_of(list(numbers.values()))
        machine = {one: read_labels(labels.get(number)) for one, number in numbers.items()}
        answers = read_answers(catalog.standing_reviews(check.image_ids), machine)
        result = result_of(name, check.plan, check.image_ids, answers, _there(catalog, numbers))
        if result["unanswered"]:
            self.exitcode = int(ExitCode.PARTIAL)
        elif result != check.result:
            catalog.finish_spot_check(name, result, now())
        if as_json:
            print(json.dumps(result, indent=2, sort_keys=True))
            return
        console = self.console()
        for line in lines_of(result):
            console.print(escape_controls(line), markup=False, soft_wrap=True)
        console.print(table_of(result))


def _line(check: SpotCheck) -> str:
    plan = check.plan
    state = f"finished {check.finished_at}" if check.finished_at else "open"
    by = ", ".join(plan["strata"]) or "none"
    return (
        f"{check.check_id}  {len(check.image_ids):,} of {sum(plan['sizes']):,} images  "
        f"strata: {by}  seed: {escape_controls(plan['seed'])}  drawn {check.made_at}, {state}"
    )


def _there(catalog: Catalog, numbers: Mapping[str, int]) -> frozenset[str]:
    """Return which images of a sample can still be looked at: no better copy took their place."""
    seq = catalog.review_queue(Kind.DOUBT).seq
    found = np.isin(list(numbers.values()), seq).tolist()
    return frozenset(one for one, there in zip(numbers, found, strict=True) if there)


def lines_of(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is said of a result above its table."""
    yield (
        f"Spot check {result['check']}: {result['answered']:,} of {result['sample']:,} images "
        f"answered, drawn from {result['of']:,}"
    )
    if result["gone"]:
        yield f"{result['gone']:,} of them were removed or replaced since, and are not waited for"
    if waiting := result["unanswered"]:
        more = f" and {len(waiting) - MOST_NAMED:,} more" if len(waiting) > MOST_NAMED else ""
        yield f"NOT ANSWERED YET: {len(waiting):,}: {', '.join(waiting[:MOST_NAMED])}{more}"
        yield f"  scrapy review --spotcheck {result['check']}"
    if result["answered"]:
        yield f"Something wrong: {in_words(result['wrong'])}"
        yield f"Does not belong there: {in_words(result['dropped'])}"
        for name, numbers in result["labels"].items():
            yield f"Wrong {name}: {in_words(numbers)}"


def table_of(result: Mapping[str, Any]) -> Table:
    """Return the strata, the largest first."""
    table = Table(title="By stratum", title_justify="left")
    table.add_column(", ".join(result["by"]) or "stratum")
    for head in ("images", "looked at", "wrong", "share wrong"):
        table.add_column(head, justify="right")
    strata = sorted(result["strata"], key=lambda of: (-of["of"], of["stratum"]))
    for of in strata[:LONGEST_TABLE]:
        share = in_words(of) if of["answered"] else "-"
        cells = (f"{of['of']:,}", f"{of['answered']:,}", f"{of['images']:,}", share)
        table.add_row(in_one_line(of["stratum"]).replace("[", "\\["), *cells)
    if len(strata) > LONGEST_TABLE:
        table.add_row(f"({len(strata) - LONGEST_TABLE:,} others: --json)", "", "", "", "")
    return table


def read_number(option: str, value: object, least: int) -> int:
    """Return a whole number from ``least`` on. Raises UserError for anything else."""
    text = str(value)
    if text.isascii() and text.isdigit() and least <= int(text[:12]) <= MOST_IMAGES:
        return int(text)
    raise UserError(
        f"{option} {text[:80]!r}: expected a whole number from {least} to {MOST_IMAGES:,}"
    )
