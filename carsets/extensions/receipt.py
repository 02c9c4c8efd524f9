"""Writes the receipt of a run: what was asked, found, dropped and kept, and with what."""

from __future__ import annotations

import logging
import re
import shlex
import sys
from collections import Counter
from dataclasses import asdict
from hashlib import file_digest, sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from scrapy import signals
from scrapy.exceptions import NotConfigured

from carsets.crawl_state import CrawlState
from carsets.ledger.books import run_ended
from carsets.ledger.receipt_file import versions, write_receipt
from carsets.net.host_load import HostLoad
from carsets.net.redaction import redact, redact_settings
from carsets.outcomes import ExitCode
from carsets.spiders.base import CarsetsSpider

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scrapy import Request, Spider
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

    from carsets.ledger.books import Books

logger = logging.getLogger(__name__)

MOST_HOSTS = 10_000  # named in a receipt; the rest is counted together
_STEP = re.compile(r"carsets/(\w+)/(in|out|seconds)")


class Receipt:
    """Leave one JSON file for each run, beside the dataset."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.hosts: Counter[str] = Counter()  # requests tried, whether or not they got a connection
        crawler.signals.connect(self.count_host, signals.request_reached_downloader)
        crawler.signals.connect(self.write, run_ended)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not issubclass(crawler.spidercls, CarsetsSpider):
            raise NotConfigured("not a source of images")
        return cls(crawler)

    def count_host(self, request: Request) -> None:
        """Count a request by its host."""
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https"}:
            host = parts.hostname or ""
            known = host in self.hosts or len(self.hosts) < MOST_HOSTS
            self.hosts[host if known else "(others)"] += 1

    def write(self, books: Books) -> None:
        """Write the receipt, beside its place and renamed: it is whole or not there."""
        path = CrawlState.of(self.crawler).places.receipts_dir / f"{books.run_id}.json"
        try:
            write_receipt(path, self.facts(books))
        except OSError as error:
            logger.error("The receipt %s cannot be written: %s", path, error.strerror)
            self.crawler.stats.set_value("carsets/exit_code", int(ExitCode.STORE_FAILED))
            reason = f"the receipt {path} cannot be written ({error.strerror}): set RECEIPTS_DIR"
            self.crawler.stats.set_value("carsets/exit_reason", reason)
            return
        self.crawler.stats.set_value("carsets/receipt", str(path))
        logger.info("Receipt: %s", path)

    def facts(self, books: Books) -> dict[str, Any]:
        """Return all that the receipt says."""
        spider, verdict = self.crawler.spider, books.verdict
        assert spider is not None
        assert verdict is not None
        given: Mapping[str, str] = getattr(spider, "given", {})
        return {
            "run": books.run_id,
            "command": redact(shlex.join(command())),
            "source": books.source,
            "arguments": {name: redact(value) for name, value in given.items()},
            "started": books.started,
            "finished": books.finished,
            "found": books.found,
            "outcomes": books.by_code(),
            "kept": books.kept,
            "bytes": books.kept_bytes,
            **collected(spider),
            "queries": list(books.queries.lines()),
            "steps": steps(self.crawler.stats.get_stats()),
            "hosts": dict(self.hosts.most_common()),
            "load": HostLoad.of(self.crawler).as_json(),
            "lists": list_hashes(given),
            "settings": redact_settings(changed_settings(self.crawler.settings)),
            "versions": versions(),
            "checks": [asdict(check) for check in books.checks],
            "exit_code": int(verdict.code),
            "exit_reason": verdict.reason,
        }


def collected(spider: Spider) -> dict[str, Any]:
    """Return what a run brought that was not after images."""
    facts = getattr(spider, "collected", None)
    return {} if facts is None else {"collected": asdict(facts)}


def command() -> list[str]:
    """Return the command line. Scrapy takes its own word out of ``sys.argv``."""
    given = sys.orig_argv
    if sys.argv[0] in given:
        given = given[given.index(sys.argv[0]) :]
    return [Path(given[0]).name, *given[1:]]


def steps(stats: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Return what went into and came out of each step, and how long the images waited there."""
    found: dict[str, dict[str, float]] = {}
    for name, value in stats.items():
        if match := _STEP.fullmatch(name):
            step = found.setdefault(match[1], {"in": 0, "out": 0, "seconds": 0.0})
            step[match[2]] = round(value, 3)
    return found


def list_hashes(given: Mapping[str, str]) -> dict[str, str]:
    """Return the sha256 of the lists that decided what was asked: ours, and the user's files."""
    data = files("carsets").joinpath("data")
    hashes = {
        f"carsets/data/{entry.name}": sha256(entry.read_bytes()).hexdigest()
        for entry in sorted(data.iterdir(), key=lambda entry: entry.name)
        if entry.name.endswith(".csv")
    }
    for name, value in given.items():
        path = Path(value) if value and len(value) < 1_000 else None
        if path is not None and path.is_file():
            with path.open("rb") as file:
                hashes[f"{name}={value}"] = file_digest(file, "sha256").hexdigest()
    return hashes


def changed_settings(settings: BaseSettings) -> dict[str, Any]:
    """Return the settings that are not Scrapy's own defaults."""
    return {
        name: settings[name] for name in sorted(settings) if (settings.getpriority(name) or 0) > 0
    }
