"""``scrapy doctor [SOURCE ...]``: is this machine fit for a crawl, and who could misuse it?

Sends nothing to the sources, and nothing to anybody but the catalog, the bucket, the Redis and the
Scrapyd that the settings and scrapyd.conf name. Never prints a secret, changes nothing.

Exit codes: 0 a crawl can begin, 2 something has to be mended first; with ``--strict``, 4 when
something should be looked at.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text
from scrapy.spiderloader import get_spider_loader

from carsets.doctor.examination import examine
from carsets.doctor.finding import Health
from carsets.net.redaction import escape_controls, redact
from carsets.outcomes import ExitCode
from carsets.plain_command import PlainCommand
from carsets.problems import UserError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from rich.console import Console
    from scrapy.settings import BaseSettings

    from carsets.doctor.finding import Finding

STYLES = {Health.OK: "green", Health.WARN: "yellow", Health.FAIL: "bold red"}


class Command(PlainCommand):
    """Look at a set-up before a crawl has to find out."""

    file_width = 160

    def syntax(self) -> str:
        """Return the command's arguments."""
        return "[options] [source ...]"

    def short_desc(self) -> str:
        """Return one line of help."""
        return (
            "Look at settings, keys, weights, folders, catalog, clock and Scrapyd; say what to do"
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's options."""
        super().add_options(parser)
        add = parser.add_argument
        add("--json", action="store_true", help="print the findings as JSON")
        add("--strict", action="store_true", help="exit 4 when something should be looked at")
        add(
            "--scrapyd-conf",
            default="",
            metavar="FILE",
            help="the scrapyd.conf to look at (default: those that Scrapyd would read here)",
        )

    def answer(self, args: list[str], opts: argparse.Namespace) -> None:
        """Look, print, and exit with the worst of it."""
        findings = list(
            examine(
                self.settings,
                asked=args,
                demanding=demanding(args, self.settings),
                scrapyd_conf=opts.scrapyd_conf,
            )
        )
        if opts.json:
            print(json.dumps([told(finding) for finding in findings], indent=2))
        else:
            show(findings, self.console())
        self.exitcode = int(judge(findings, strict=opts.strict))


def demanding(names: Sequence[str], settings: BaseSettings) -> set[str]:
    """Return which of the sources insist on a contact. Raises UserError for one that is none."""
    loader = get_spider_loader(settings)
    for name in names:
        if name not in loader.list():
            raise UserError(f"{name}: no such source; there are {', '.join(sorted(loader.list()))}")
    return {name for name in names if getattr(loader.load(name), "needs_contact", False)}


def judge(findings: Sequence[Finding], *, strict: bool) -> ExitCode:
    """Return the exit code that the worst finding asks for."""
    present = {finding.health for finding in findings}
    if Health.FAIL in present:
        return ExitCode.BAD_USE
    return ExitCode.PARTIAL if strict and Health.WARN in present else ExitCode.OK


def told(finding: Finding) -> dict[str, str]:
    """Return a finding as text that may leave the process."""
    return {name: escape_controls(redact(str(value))) for name, value in asdict(finding).items()}


def show(findings: Sequence[Finding], console: Console) -> None:
    """Print the table, and a line that counts."""
    table = Table(box=None, pad_edge=False)
    for heading in ("", "what", "found", "what to do"):
        table.add_column(heading, overflow="fold")
    for finding in findings:
        facts = told(finding)
        style = STYLES[finding.health]
        cells = (facts["name"], facts["said"], facts["fix"])
        table.add_row(Text(facts["health"], style=style), *(Text(cell) for cell in cells))
    console.print(table)
    counts = {health: sum(one.health is health for one in findings) for health in Health}
    console.print(", ".join(f"{number} {health.value}" for health, number in counts.items()))
