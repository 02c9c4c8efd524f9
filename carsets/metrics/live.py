"""The numbers of one crawl while it runs, read from where they are counted anyway."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client.core import Metric

_STEP = re.compile(r"carsets/(\w+)/(in|out|seconds)")
_OUTCOME = re.compile(r"carsets/outcome/(\w+)")
_PAGE = re.compile(r"carsets/page/(\w+)")
# Metric -> the stat that counts it, and what it is.
COUNTERS = {
    "carsets_found_urls": ("carsets/found", "URLs that the source has found"),
    "carsets_kept_bytes": ("carsets/kept_bytes", "Bytes of the images stored"),
    "carsets_hosts_benched": ("carsets/hosts_benched", "Hosts given up for this run"),
    "carsets_pages_saved": ("carsets/pages_saved", "Answers that could not be read"),
    "carsets_detector_batches": (
        "carsets/car_detection/batches",
        "Batches that the network has looked at",
    ),
    "carsets_requests": ("downloader/request_count", "Requests sent"),
    "carsets_received_bytes": ("downloader/response_bytes", "Bytes of answers, headers included"),
    "carsets_log_errors": ("log_count/ERROR", "Errors in the log"),
    "carsets_log_warnings": ("log_count/WARNING", "Warnings in the log"),
}
BENCHED = "carsets/source_benched"
Values = dict[tuple[str, ...], float]  # by what the labels say


class LiveNumbers(Collector):
    """Turn a crawl's stats, and the state of its queues, into metrics at the moment of asking.

    Asked from the thread of the server that Prometheus talks to: what is read is copied at once.
    ``state`` returns what stands still nowhere: images and bytes in flight, requests queued.
    """

    def __init__(self, source: str, run: str, stats: Any, state: Any) -> None:
        self.source = source
        self.run = run
        self.stats = stats  # Scrapy's StatsCollector
        self.state = state  # callable: name -> number

    def describe(self) -> list[Metric]:
        """Return nothing: asking would count as a scrape."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        stats: Mapping[str, Any] = dict(self.stats.get_stats())
        run = GaugeMetricFamily("carsets_run", "The run that is told of", labels=["source", "run"])
        run.add_metric([self.source, self.run], 1)
        yield run
        for name, (stat, meaning) in COUNTERS.items():
            yield self._counter(name, meaning, {(): stats.get(stat, 0)}, ())
        ends: Values = {(match[1],): number for match, number in matches(_OUTCOME, stats)}
        yield self._counter(
            "carsets_ended_urls", "URLs that have ended, by outcome", ends, ("outcome",)
        )
        pages: Values = {(match[1],): number for match, number in matches(_PAGE, stats)}
        yield self._counter(
            "carsets_answers", "Answers of the source, by how they read", pages, ("outcome",)
        )
        yield from self._steps(stats)
        replaced = stats.get("carsets/replaced", 0)
        kept = stats.get("carsets/outcome/stored", 0) - replaced
        gauges = {
            "carsets_kept_images": (kept, "Images of this run in the dataset"),
            "carsets_source_benched": (stats.get(BENCHED, 0), "1: the source refuses us"),
        }
        for name, (value, meaning) in self.state().items():
            gauges[name] = value, meaning
        for name, (value, meaning) in gauges.items():
            gauge = GaugeMetricFamily(name, meaning, labels=["source"])
            gauge.add_metric([self.source], value)
            yield gauge

    def _steps(self, stats: Mapping[str, Any]) -> Iterator[Metric]:
        images: Values = {}
        seconds: Values = {}
        for match, number in matches(_STEP, stats):
            if match[2] == "seconds":
                seconds[(match[1],)] = number
            else:
                images[match[1], match[2]] = number
        yield self._counter(
            "carsets_step_images", "Images in and out of a step", images, ("step", "way")
        )
        yield self._counter(
            "carsets_step_seconds", "Seconds that images waited in a step", seconds, ("step",)
        )

    def _counter(
        self,
        name: str,
        meaning: str,
        values: Values,
        labels: tuple[str, ...],
    ) -> Metric:
        family = CounterMetricFamily(name, meaning, labels=["source", *labels])
        for words, value in values.items():
            family.add_metric([self.source, *words], value)
        return family


def matches(
    pattern: re.Pattern[str], stats: Mapping[str, Any]
) -> Iterator[tuple[re.Match[str], float]]:
    """Yield the stats whose names a pattern matches, with their values."""
    for name, value in stats.items():
        if match := pattern.fullmatch(name):
            yield match, value
