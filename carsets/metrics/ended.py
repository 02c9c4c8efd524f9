"""The receipt of a run as metrics: what stays to be read when the crawl is over."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client.core import Metric

    from carsets.ledger.books import Books


class EndedRun(Collector):
    """Tell how the last run of a source ended. Every number is the receipt's."""

    def __init__(self, books: Books) -> None:
        self.books = books

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        books = self.books
        assert books.verdict is not None
        began, ended = seconds(books.started), seconds(books.finished)
        for name, value, meaning in (
            ("exit_code", int(books.verdict.code), "Exit code (carsets/outcomes.py)"),
            ("found_urls", books.found, "URLs found"),
            ("kept_images", books.kept, "Images brought into the dataset"),
            ("kept_bytes", books.kept_bytes, "Bytes of these images"),
            ("start_timestamp_seconds", began, "When it began, seconds since 1970"),
            ("end_timestamp_seconds", ended, "When it ended, seconds since 1970"),
            ("failed_checks", sum(not c.passed for c in books.checks), "CHECK_... not held"),
        ):
            gauge = GaugeMetricFamily(f"carsets_last_run_{name}", meaning, labels=["source"])
            gauge.add_metric([books.source], value)
            yield gauge
        outcomes = GaugeMetricFamily(
            "carsets_last_run_urls", "URLs by outcome", labels=["source", "outcome"]
        )
        for outcome, number in books.by_code().items():
            outcomes.add_metric([books.source, outcome], number)
        yield outcomes
        checks = GaugeMetricFamily(
            "carsets_last_run_check_value", "Held against CHECK_...", labels=["source", "check"]
        )
        for check in books.checks:
            checks.add_metric([books.source, check.name], check.value)
        yield checks


def seconds(moment: str) -> float:
    """Return an ISO 8601 time as seconds since 1970; 0 for none."""
    return datetime.fromisoformat(moment).timestamp() if moment else 0.0
