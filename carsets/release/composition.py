"""What a release is made of, counted while its records pass by."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carsets.release.record import ImageFile, Record

# Pixels of an image as it is handed out, up to and including: what it is called.
BANDS = (
    (100_000, "up to 0.1 megapixels"),
    (300_000, "up to 0.3 megapixels"),
    (1_000_000, "up to 1 megapixel"),
    (3_000_000, "up to 3 megapixels"),
    (12_000_000, "up to 12 megapixels"),
)
LARGEST = "more than 12 megapixels"
UNKNOWN = "unknown"


class Composition:
    """Counts of the records of one release. Memory grows with what is different, not with rows."""

    def __init__(self) -> None:
        self.total = 0
        self.bytes = 0  # of the image files
        self.changed = 0  # copies
        self.untitled = 0
        self.human = 0  # records with a label that people have confirmed or given
        self.classes: Counter[str] = Counter()
        self.class_splits: Counter[tuple[str, str]] = Counter()
        self.splits: Counter[str] = Counter()
        self.sources: Counter[str] = Counter()
        self.licenses: Counter[str] = Counter()  # by code
        self.evidence: Counter[str] = Counter()
        self.model_years: Counter[str] = Counter()
        self.years_taken: Counter[str] = Counter()
        self.years_fetched: Counter[str] = Counter()
        self.sizes: Counter[str] = Counter()
        self.extensions: Counter[str] = Counter()  # of the image files
        self.verdicts: Counter[str] = Counter()

    def add(self, record: Record, image: ImageFile | None = None) -> None:
        """Count one record, and its file where the release has one."""
        self.total += 1
        if image is not None:
            self.bytes += image.size
            self.changed += image.changed
            self.extensions[image.extension] += 1
        self.untitled += not record.title.strip()
        self.human += bool(record.human_labels)
        self.classes[record.label] += 1
        self.splits[record.split] += 1
        self.class_splits[record.label, record.split] += 1
        self.sources[record.source] += 1
        self.licenses[record.license.code] += 1
        self.evidence[record.license.evidence.name.lower()] += 1
        self.model_years[record.labels.get("year", "") or UNKNOWN] += 1
        self.years_taken[year(record.taken)] += 1
        self.years_fetched[year(record.fetched_at)] += 1
        width, height = (record.width, record.height) if image is None else _shape(image)
        self.sizes[band(width * height)] += 1
        self.verdicts[record.verdict] += 1

    @property
    def size_bands(self) -> Mapping[str, int]:
        """The sizes that occur, smallest first."""
        names = [name for _, name in BANDS] + [LARGEST]
        return {name: self.sizes[name] for name in names if self.sizes[name]}


def _shape(image: ImageFile) -> tuple[int, int]:
    return image.width, image.height


def year(moment: str) -> str:
    """Return the year of an ISO 8601 time, "unknown" for anything else."""
    start = moment[:4]
    return start if len(start) == 4 and start.isascii() and start.isdigit() else UNKNOWN


def band(pixels: int) -> str:
    """Return what a number of pixels is called."""
    return next((name for most, name in BANDS if pixels <= most), LARGEST)
