"""`scrapy plan`: what a run would ask, how long that takes, and what it brings. Sends nothing."""

from __future__ import annotations

import dataclasses
import os
import sys
from typing import TYPE_CHECKING, Any

from scrapy.spiderloader import get_spider_loader

from carsets.net.redaction import redact
from carsets.plain_command import PlainCommand, in_one_line
from carsets.problems import UserError
from carsets.queries import PLAN_ARGUMENTS, Plan, build_plan
from carsets.queries.estimate import Assumptions, Estimate, SourceFacts, estimate, together
from carsets.queries.plan_text import sample_lines, time_words, total_lines

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping

    from scrapy import Spider
    from scrapy.settings import BaseSettings

    from carsets.outcomes import ExitCode


class Command(PlainCommand):
    """Print the plan of a run."""

    def syntax(self) -> str:
        return "[options] <source>[,<source>...]"

    def short_desc(self) -> str:
        return "Print what a run would ask, how long it takes and what it brings; send nothing"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "-a",
            dest="spargs",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="an argument of the source, as for scrapy crawl (may be repeated)",
        )

    def answer(self, args: list[str], opts: argparse.Namespace) -> None:
        if len(args) > 1:
            raise UserError(f"sources are one word: scrapy plan {','.join(args)} -a ...")
        for line in plan_lines("".join(args), opts.spargs, self.settings):
            print(line)

    def end(self, code: ExitCode, why: str) -> None:
        self.exitcode = int(code)
        print(f"plan: {in_one_line(redact(why))}", file=sys.stderr)


def plan_lines(names: str, given: list[str], settings: BaseSettings) -> Iterator[str]:
    """Yield the lines of the plan. Raises UserError, before the first line, for bad arguments."""
    spiders = load_sources(names, settings)
    plan = build_plan(**read_arguments(given, spiders))
    assumed = read_assumptions(settings)
    parts = [
        estimate(facts, len(plan), plan.per_query, plan.limit, assumed)
        for facts in (source_facts(spider, settings) for spider in spiders)
    ]
    queries = "1 query" if len(plan) == 1 else f"{len(plan):,} queries"
    yield f"{queries}, up to {plan.per_query:,} images each"
    if plan.limit:
        yield f"each source stops when {plan.limit:,} images are kept"
    yield from sample_lines(plan)
    yield ""
    for spider, part in zip(spiders, parts, strict=True):
        yield from _source_lines(spider, part, plan, settings)
    yield ""
    yield from total_lines(together(parts), assumed)


def load_sources(names: str, settings: BaseSettings) -> list[type[Spider]]:
    """Return the spiders of the sources. Raises UserError for one that cannot be planned."""
    loader = get_spider_loader(settings)
    found: list[type[Spider]] = []
    for name in dict.fromkeys(filter(None, map(str.strip, names.split(",")))):
        if name not in loader.list():
            raise UserError(f"{name}: no such source; there are {', '.join(sorted(loader.list()))}")
        spider = loader.load(name)
        if not hasattr(spider, "requests_per_minute"):
            raise UserError(f"{name} asks no queries: there is nothing to plan for it")
        found.append(spider)
    if not found:
        raise UserError("no source given: scrapy plan bing -a vehicles=all -a colors=all")
    return found


def read_arguments(given: list[str], spiders: list[type[Spider]]) -> dict[str, str]:
    """Return the arguments of the plan; those of the source's own are checked and left out."""
    values: dict[str, str] = {}
    known = frozenset[str]().union(*(getattr(spider, "arguments", ()) for spider in spiders))
    for word in given:
        name, equals, value = word.partition("=")
        if not equals:
            raise UserError(f"-a {word}: expected NAME=VALUE")
        if name not in known:
            raise UserError(f"unknown argument {name}; known: {', '.join(sorted(known))}")
        values[name] = value
    return {name: value for name, value in values.items() if name in PLAN_ARGUMENTS}


def read_assumptions(settings: BaseSettings) -> Assumptions:
    """Return what is assumed: the settings PLAN_..., one for each field."""
    changed: dict[str, Any] = {}
    for field in dataclasses.fields(Assumptions):
        name = f"PLAN_{field.name.upper()}"
        value = settings.get(name)
        if value is None:
            continue
        try:
            changed[field.name] = int(value) if field.type == "int" else float(value)
        except (TypeError, ValueError):
            raise UserError(f"{name}={value}: expected a number") from None
        if changed[field.name] <= 0:
            raise UserError(f"{name}={value}: expected a number above 0")
    return Assumptions(**changed)


def source_facts(spider: type[Spider], settings: BaseSettings) -> SourceFacts:
    """Return what a spider class declares: the slower of its own pace and the delay that is set."""
    own: Mapping[str, Any] = spider.custom_settings or {}
    delay = float(own.get("DOWNLOAD_DELAY", settings.getfloat("DOWNLOAD_DELAY")))
    return SourceFacts(
        name=spider.name,
        page_size=getattr(spider, "page_size", 0),
        max_results=getattr(spider, "max_results", 0),
        seconds_per_request=max(delay, 60 / getattr(spider, "requests_per_minute", 60)),
    )


def _source_lines(
    spider: type[Spider], part: Estimate, plan: Plan, settings: BaseSettings
) -> Iterator[str]:
    facts = source_facts(spider, settings)
    requests = "1 request" if part.requests == 1 else f"{part.requests:,} requests"
    yield (
        f"{facts.name}: {requests}, one every {facts.seconds_per_request:.3g} s: "
        f"{time_words(part.list_hours)}"
    )
    reach = facts.results_per_query(plan.per_query)
    if reach < plan.per_query:
        yield f"    a query reaches {reach:,} results at most: split more to get more"
    key = getattr(spider, "key_name", "")
    if key and not os.environ.get(key):
        yield f"    needs {key} in the environment, which is not set"
    if getattr(spider, "needs_contact", False) and not settings.get("CONTACT"):
        yield "    needs CONTACT: a page or mail address at which you can be reached"
