"""What the images of a dataset are like: counted one by one, in little memory."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from carsets.licenses import Evidence
from carsets.report.timeline import Timeline

if TYPE_CHECKING:
    from carsets.catalog.release_rows import LightRow

UNKNOWN = "unknown"
# Upper limits of the bars of a plot; the last bar has none.
MEGAPIXELS = (0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32)
KILOBYTES = (10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000)
SCORE_BARS = 20


@dataclass(slots=True)
class ImageFacts:
    """Counts over the images of today's dataset."""

    total: int = 0
    bytes: int = 0
    rights: Counter[tuple[str, str]] = field(default_factory=Counter)  # license and evidence
    formats: Counter[str] = field(default_factory=Counter)
    views: Counter[str] = field(default_factory=Counter)
    verdicts: Counter[str] = field(default_factory=Counter)
    times: Timeline = field(default_factory=Timeline)  # of fetching
    megapixels: list[int] = field(default_factory=lambda: [0] * (len(MEGAPIXELS) + 1))
    kilobytes: list[int] = field(default_factory=lambda: [0] * (len(KILOBYTES) + 1))
    car_scores: list[int] = field(default_factory=lambda: [0] * SCORE_BARS)
    unscored: int = 0  # images that no detector has looked at

    def take(self, row: LightRow) -> None:
        """Count one image."""
        self.total += 1
        self.bytes += row.bytes
        evidence = Evidence(row.license_evidence).name.lower()
        self.rights[row.license or UNKNOWN, evidence] += 1
        self.formats[row.format or UNKNOWN] += 1
        self.views[row.view or UNKNOWN] += 1
        self.verdicts[row.verdict] += 1
        self.times.take(row.fetched_at)
        self.megapixels[_bar(row.width * row.height / 1e6, MEGAPIXELS)] += 1
        self.kilobytes[_bar(row.bytes / 1e3, KILOBYTES)] += 1
        if row.car_score is None:
            self.unscored += 1
        else:
            self.car_scores[min(max(int(row.car_score * SCORE_BARS), 0), SCORE_BARS - 1)] += 1

    @property
    def days(self) -> dict[str, int]:
        """How many images were fetched on which day (month, where there are too many days)."""
        unknown = {UNKNOWN: self.times.unknown} if self.times.unknown else {}
        return dict(sorted(self.times.by("day").items(), reverse=True)) | unknown


def bar_names(limits: tuple[float, ...]) -> list[str]:
    """Return what stands below the bars: "< 0.1" first, "≥ 32" last."""
    return [*(f"< {limit:,g}" for limit in limits), f"≥ {limits[-1]:,g}"]


def _bar(value: float, limits: tuple[float, ...]) -> int:
    return sum(value >= limit for limit in limits)
