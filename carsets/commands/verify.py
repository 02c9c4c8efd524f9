"""``scrapy verify``: what became of a dataset's addresses, or of its own files (``--local``).

Exit codes: 0 all is as it was kept; 7 something is not (replaced, placeholder, gone, blocked,
relicensed; a damaged, missing or orphaned file; a host that has reserved since); 4 the run was
stopped, or addresses could not be reached, and nothing worse was found. Others as of a crawl.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrapy.commands import ScrapyCommand
from scrapy.exceptions import UsageError

from carsets.catalog.catalog import Catalog
from carsets.commands.crawl import CRASHED, catch
from carsets.crawl_state import CrawlState
from carsets.integrity.decay import DecayReport, Tally, host_of
from carsets.integrity.local_files import GOOD, FileVerdict, check_store
from carsets.integrity.verdicts import Verdict
from carsets.net.redaction import escape_controls, redact
from carsets.outcomes import ExitCode
from carsets.places import Places
from carsets.problems import UserError
from carsets.setting_checks import check_settings

if TYPE_CHECKING:
    import argparse

    from scrapy.crawler import Crawler

    from carsets.catalog.verifications import Sweep

MOST_NAMED = 100  # files, or images, that are named one by one


class Command(ScrapyCommand):
    """Ask every address of the dataset again, and report what it gives today."""

    requires_project = True

    def syntax(self) -> str:
        """Return the command's arguments."""
        return "[options]"

    def short_desc(self) -> str:
        """Return one line of help."""
        return "Verify what the dataset's addresses give today, or its own files"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's options."""
        super().add_options(parser)
        add = parser.add_argument
        add("--sample", metavar="N", default="", help="ask only N images, drawn at random")
        add("--host", default="", help="ask only this host and the hosts below it")
        add("--source", default="", help="ask only the images that this source has brought")
        add("--local", action="store_true", help="check the files of the store; no network")
        add(
            "--policy",
            action="store_true",
            help="ask robots.txt and opt-outs alone, and list what hosts have reserved since",
        )
        add("--no-licenses", action="store_true", help="ask no source for today's licenses")
        add("--new", action="store_true", help="begin anew, even if a run was not finished")
        add("--json", action="store_true", help="print the report as JSON")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        """Verify, report, and tell the shell whether all is as it was kept."""
        if args:
            raise UsageError("verify takes options alone")
        if opts.local and (opts.policy or opts.sample or opts.host or opts.source):
            raise UsageError("--local checks every file: it takes no other option but --json")
        assert self.settings is not None
        try:
            check_settings(self.settings)
            places = Places.from_settings(self.settings)
            catalog = Catalog.open(places.catalog_url, create=False)
            try:
                if opts.local:
                    self._verify_store(catalog, places, opts)
                else:
                    self._verify_addresses(catalog, places, opts)
            finally:
                catalog.close()
        except UserError as problem:
            self._fail(int(problem.exit_code), str(problem))

    def _fail(self, code: int, reason: str) -> None:
        self.exitcode = code
        line = escape_controls(redact(" ".join(reason.split())))
        print(f"carsets: {line} (exit code {code})", file=sys.stderr)

    def _tell(self, facts: dict[str, Any], lines: list[str], as_json: bool) -> None:
        if as_json:
            print(json.dumps(facts, indent=2, ensure_ascii=True))
        else:
            print("\n".join(escape_controls(redact(line)) for line in lines))

    # --- The addresses ------------------------------------------------------------------------

    def _verify_addresses(self, catalog: Catalog, places: Places, opts: argparse.Namespace) -> None:
        given = {
            "sample": opts.sample,
            "host": opts.host,
            "source": opts.source,
            "licenses": "no" if opts.no_licenses else "",
            "policy": "yes" if opts.policy else "",
        }
        given = {name: value for name, value in given.items() if value}
        if not opts.policy and not opts.new:
            given |= continued(catalog.sweeps(), given)
        crawler = self._crawl(given)
        if crawler is None:
            return
        spider = crawler.spider
        assert spider is not None
        code = crawler.stats.get_value("carsets/exit_code", CRASHED)
        if code not in {int(ExitCode.OK), int(ExitCode.PARTIAL), int(ExitCode.NOTHING_KEPT)}:
            self._fail(code, crawler.stats.get_value("carsets/exit_reason", "the run failed"))
            return
        if opts.policy:
            worse = self._tell_reserved(spider, places, opts.json)
        else:
            report = read_report(catalog, spider.sweep)  # type: ignore[attr-defined]
            report.local = spider.no_address  # type: ignore[attr-defined]
            self._tell(report.as_json(), list(report.lines()), opts.json)
            worse = report.total.decay.part + report.total.relicensed
            if report.total.verdicts[Verdict.UNREACHABLE.value] and code == int(ExitCode.OK):
                code = int(ExitCode.PARTIAL)
        if worse:
            code = int(ExitCode.DECAYED)
        self.exitcode = code
        if code == int(ExitCode.NOTHING_KEPT):
            self._fail(code, "no address to verify: the dataset is empty, or the options fit none")

    def _crawl(self, given: dict[str, str]) -> Crawler | None:
        assert self.crawler_process is not None
        problems: list[BaseException] = []
        crawler = self.crawler_process.create_crawler("verify")
        catch(self.crawler_process.crawl(crawler, **given), problems)
        self.crawler_process.start()
        for problem in problems:
            raise problem
        return crawler

    def _tell_reserved(self, spider: Any, places: Places, as_json: bool) -> int:
        reserved = sorted(spider.reserved)
        run_id = CrawlState.of(spider.crawler).run_id
        lines = [f"Asked the hosts of {spider.collected.kept:,} images: {len(reserved):,} reserved"]
        reasons = Counter(why for _, why in reserved)
        lines += [f"  {number:>9,}  {why}" for why, number in reasons.most_common(MOST_NAMED)]
        command = ""
        if reserved:
            path = places.data_dir / "reports" / f"reserved-{run_id}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f"{image_id}\n" for image_id, _ in reserved), encoding="ascii")
            command = f"scrapy remove --image @{path} --reason 'reserved by the host'"
            lines += ["To remove them from the dataset and its releases:", f"  {command} --yes"]
        facts = {
            "asked": spider.collected.kept,
            "reserved": [{"image_id": image_id, "why": why} for image_id, why in reserved],
            "command": command,
        }
        self._tell(facts, lines, as_json)
        return len(reserved)

    # --- The store ----------------------------------------------------------------------------

    def _verify_store(self, catalog: Catalog, places: Places, opts: argparse.Namespace) -> None:
        if "://" in places.images_store:
            raise UserError(
                f"{places.images_store} is not on this machine: --local cannot look "
                "(scrapy retention --orphans names what no image has)"
            )
        counts: Counter[FileVerdict] = Counter()
        named: list[dict[str, str]] = []
        for finding in check_store(catalog, Path(places.images_store)):
            counts[finding.verdict] += 1
            if finding.verdict not in GOOD and len(named) < MOST_NAMED:
                named.append(
                    {"verdict": finding.verdict, "path": finding.path, "note": finding.note}
                )
        lines = [f"Checked the files of {places.images_store}"]
        lines += [f"  {v.value:<13} {counts[v]:>9,}" for v in FileVerdict if counts[v]]
        lines += [f"{one['verdict']}: {one['path']} {one['note']}".rstrip() for one in named]
        bad = sum(number for verdict, number in counts.items() if verdict not in GOOD)
        if bad > len(named):
            lines.append(f"and {bad - len(named):,} more")
        facts = {
            "store": places.images_store,
            "verdicts": {v.value: counts[v] for v in FileVerdict if counts[v]},
            "named": named,
        }
        self._tell(facts, lines, opts.json)
        self.exitcode = int(ExitCode.DECAYED if bad else ExitCode.OK)


def continued(sweeps: list[Sweep], given: dict[str, str]) -> dict[str, str]:
    """Return the argument that goes on with the last run, if that was cut short and asked so."""
    wanted = {name: value for name, value in given.items() if name != "sweep"}
    of_addresses = [sweep for sweep in sweeps if "policy" not in sweep.arguments]
    last = of_addresses[-1] if of_addresses else None
    if last is None or last.ended or dict(last.arguments) != wanted:
        return {}
    return {"sweep": last.run_id}


def read_report(catalog: Catalog, sweep: str) -> DecayReport:
    """Return the numbers of a sweep beside those of the earlier ones."""
    sweeps = {one.run_id: one for one in catalog.sweeps()}
    began = sweeps[sweep].started_at if sweep in sweeps else ""
    report = DecayReport(run_id=sweep, started_at=began)
    for row in catalog.verdicts(sweep):
        report.take(host_of(row.url), row.source or "(removed since)", row.verdict, row.license)
    totals = catalog.verdict_totals()
    report.trend = [
        (run_id, one.started_at, Tally(totals[run_id]))
        for run_id, one in sweeps.items()
        if run_id in totals
    ]
    return report
