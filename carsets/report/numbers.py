"""Everything that a report says, as numbers: read once, then written as a page and as JSON."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from carsets.release.labels import LABELS
from carsets.release.shares import parse_shares
from carsets.report.balance import (
    Imbalance,
    unbalanced_catalog,
    unbalanced_receipt,
    unbalanced_runs,
)
from carsets.report.correctness import Correctness, judge
from carsets.report.hosts import Hosts
from carsets.report.image_facts import ImageFacts
from carsets.report.label_stats import LabelStats, Thresholds
from carsets.report.stats_pass import gather
from carsets.steps import by_step, remaining

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from carsets.catalog.release_rows import ReleaseRows
    from carsets.catalog.report_rows import QueryLine, ReportRows, RunLine
    from carsets.report.label_stats import DatasetStats

MOST_QUERIES = 15  # best and worst ones that are shown
MOST_HOSTS = 25  # lines of each table of hosts
AT_ONCE = 1_000  # images between two words on how far it is
MOST_IN_JSON = 1_000  # hosts, and imbalances, that are written by name


@dataclass(slots=True, kw_only=True)
class ReportNumbers:
    """What happened, and what there is now."""

    stats: DatasetStats
    images: ImageFacts
    verdicts: Mapping[str, int]  # the machine's, of all images
    outcomes: Mapping[str, Mapping[str, int]]  # per source
    runs: Sequence[RunLine]
    query_ends: Mapping[str, int]
    best: Sequence[QueryLine]
    worst: Sequence[QueryLine]
    hosts: Hosts
    correctness: Correctness
    waits: Counter[str] = field(default_factory=Counter)  # seconds of images, by step
    receipts: int = 0
    unreadable: list[str] = field(default_factory=list)  # names of receipts
    imbalances: list[Imbalance] = field(default_factory=list)

    @property
    def all_outcomes(self) -> dict[str, int]:
        """How many addresses ended in which way, over all sources, most first."""
        sums: dict[str, int] = {}
        for ends in self.outcomes.values():
            for code, number in ends.items():
                sums[code] = sums.get(code, 0) + number
        return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))

    @property
    def found(self) -> int:
        """How many addresses were found, each once for every query that showed it."""
        return sum(self.all_outcomes.values())

    @property
    def labels(self) -> list[LabelStats]:
        """The kinds of label that occur, the usual ones first."""
        order = {kind: place for place, kind in enumerate(LABELS)}
        return sorted(self.stats.kinds, key=lambda s: (order.get(s.kind, len(order)), s.kind))

    def as_json(self) -> dict[str, Any]:
        """Return everything in JSON types."""
        correct = self.correctness
        return {
            "balance": {
                "balances": not self.imbalances,
                "problems": [str(problem) for problem in self.imbalances[:MOST_IN_JSON]],
            },
            "correctness": {
                "dropped": correct.dropped,
                "images": correct.images,
                "labels": {
                    stats.kind: {
                        value: share.as_json()
                        for value, share in correct.shares(stats.kind).items()
                    }
                    for stats in self.stats.kinds
                },
            },
            "dataset": self.stats.as_json(),
            "found": self.found,
            "funnel": dict(remaining(self.all_outcomes)),
            "hosts": {
                "known": len(self.hosts.by_name),
                "most_asked": [host.as_json() for host in self.hosts.most_asked(MOST_IN_JSON)],
                "requests": self.hosts.requests,
            },
            "images": {
                "bytes": self.images.bytes,
                "car_scores": self.images.car_scores,
                "days": dict(self.images.days),
                "formats": dict(self.images.formats),
                "kilobytes": self.images.kilobytes,
                "megapixels": self.images.megapixels,
                "rights": [
                    {"evidence": evidence, "images": number, "license": code}
                    for (code, evidence), number in sorted(self.images.rights.items())
                ],
                "unscored": self.images.unscored,
                "verdicts": dict(self.verdicts),
                "views": dict(self.images.views),
            },
            "outcomes": {source: dict(ends) for source, ends in self.outcomes.items()},
            "queries": {
                "best": [line._asdict() for line in self.best],
                "ends": dict(self.query_ends),
                "worst": [line._asdict() for line in self.worst],
            },
            "receipts": {"read": self.receipts, "unreadable": self.unreadable},
            "runs": [
                {
                    "bytes": run.bytes,
                    "exit_code": run.exit_code,
                    "exit_reason": run.exit_reason,
                    "finished": run.finished,
                    "found": run.found,
                    "kept": run.kept,
                    "outcomes": dict(run.outcomes),
                    "run": run.run_id,
                    "source": run.source,
                    "started": run.started,
                }
                for run in self.runs
            ],
            "steps": {
                source: {step.value: number for step, number in by_step(ends).items()}
                for source, ends in self.outcomes.items()
            },
            "waits": {step: round(seconds, 3) for step, seconds in self.waits.items()},
        }


def read_numbers(
    rows: ReleaseRows,
    report: ReportRows,
    receipts: Path,
    split: str,
    salt: str,
    tell: Callable[[int], None],
) -> ReportNumbers:
    """Read a catalog, and the folder of its receipts. ``tell`` counts the images that were read."""
    images = ImageFacts()

    def watch(row: Any) -> None:
        images.take(row)
        if not images.total % AT_ONCE:
            tell(AT_ONCE)

    hosts = Hosts()
    numbers = ReportNumbers(
        stats=gather(rows, parse_shares(split), salt, (), Thresholds(), watch=watch),
        images=images,
        verdicts=report.verdicts(),
        outcomes=report.outcomes(),
        runs=report.runs(),
        query_ends=report.query_ends(),
        best=report.best_queries(MOST_QUERIES),
        worst=report.worst_queries(MOST_QUERIES),
        hosts=hosts,
        correctness=judge(report.reviewed()),
    )
    hosts.take_addresses(report.addresses())
    for path in sorted(receipts.glob("*.json")):
        _take_receipt(numbers, path)
    numbers.imbalances += unbalanced_runs(numbers.runs)
    numbers.imbalances += unbalanced_catalog(numbers.outcomes, numbers.verdicts)
    numbers.imbalances += [
        Imbalance(f"images by {name}", numbers.stats.total, -1) for name in numbers.stats.unequal()
    ]
    return numbers


def _take_receipt(numbers: ReportNumbers, path: Path) -> None:
    """Add one receipt; what cannot be read is named, and stops nothing."""
    try:
        receipt = json.loads(path.read_text(encoding="utf-8"))
        problems = list(unbalanced_receipt(receipt))
        waits = {
            str(step): float(line["seconds"]) for step, line in receipt.get("steps", {}).items()
        }
        numbers.hosts.take_receipt(receipt)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        numbers.unreadable.append(path.name)
        return
    numbers.receipts += 1
    numbers.waits.update(waits)
    numbers.imbalances += problems
