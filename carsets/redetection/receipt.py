"""What a job leaves beside the receipts of crawls."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from carsets.catalog.entries import now
from carsets.ledger.receipt_file import versions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carsets.redetection.redetect import Report, Task

SETTINGS = (  # those that decide, as in the receipts of crawls
    *("CAR_DETECTION_MODEL", "CAR_DETECTION_WEIGHTS_SHA256", "CAR_DETECTION_LABELS"),
    *("CAR_DETECTION_RULE", "CAR_DETECTION_KEEP", "CAR_DETECTION_REVIEW"),
)


def facts(
    report: Report, task: Task, engine: str, settings: Mapping[str, Any], exit_code: int | None
) -> dict[str, Any]:
    """Return all that the receipt says; ``found`` is the sum of ``outcomes``."""
    return {
        "run": f"{datetime.now(UTC):%Y%m%dT%H%M%S}-redetect-{task.choice.share}",
        "command": "redetect",
        "source": "redetect",
        "engine": engine,
        "task": task.as_json(),
        "started": report.started,
        "finished": now(),
        "seconds": round(report.seconds, 3),
        "found": report.tally.total(),
        "outcomes": dict(report.tally),
        "before": report.before,
        "looked_at": report.looked_at,
        "kept": report.tally["keep"] + report.tally["review"],
        "changed": {f"{old} > {new}": n for (old, new), n in sorted(report.changed.items())},
        "files_deleted": report.files_deleted,
        "lost": report.named,
        "model": report.model,
        "way": report.way,
        "hosts": {},
        "settings": {name: settings.get(name) for name in SETTINGS},
        "versions": versions(),
        "exit_code": exit_code or 0,
    }
