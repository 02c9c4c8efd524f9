"""The data of the gallery, as scripts: a page that was opened from the disk may load nothing else.

``facts.js`` holds what is filtered and sorted by, a column each, two bytes an image. The rest of
an image comes in ``images-0000.js``, a few hundred at a time, when it scrolls into view; and the
words that are searched in ``words-000.js``, when somebody searches. Images are in the order of
their doubt, so that those who look together lie together.
"""

from __future__ import annotations

import json
from array import array
from base64 import b64encode
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from carsets.licenses import Evidence
from carsets.release.label_texts import read_labels
from carsets.release.labels import LABELS
from carsets.release.people import NOBODY, words_by_image
from carsets.report.page import web_address
from carsets.report.stats_pass import is_in_dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from carsets.catalog.release_rows import FullRow, ReleaseRows
    from carsets.catalog.report_rows import Doubt, ReportRows
    from carsets.release.people import Word

IMAGES_A_FILE = 250
WORDS_A_FILE = 10_000
MOST_VALUES = 65_534  # of a column: two bytes tell no more apart
LONGEST_TEXT = 300  # characters of a title or author
NONE, OTHERS = "(none)", "(others)"
COLUMNS = (*LABELS, "license", "evidence", "source", "verdict", "view")


@dataclass(slots=True)
class Column:
    """One fact of all images, as numbers of its values."""

    numbers: dict[str, int] = field(default_factory=dict)
    codes: array[int] = field(default_factory=lambda: array("H"))

    def add(self, value: str) -> None:
        """Add the value of the next image."""
        if value not in self.numbers and len(self.numbers) >= MOST_VALUES:
            value = OTHERS
        self.codes.append(self.numbers.setdefault(value, len(self.numbers)))

    def as_json(self) -> dict[str, Any]:
        """Return values, how many images have each, and the numbers of all images."""
        counts = Counter(self.codes)
        return {
            "values": list(self.numbers),
            "counts": [counts[number] for number in self.numbers.values()],
            "codes": packed(self.codes),
        }


@dataclass(frozen=True, slots=True)
class Gallery:
    """What was written."""

    shown: int
    total: int  # images that could be shown
    curated: bool  # whether anything is doubted


def write_gallery(
    folder: Path,
    rows: ReleaseRows,
    report: ReportRows,
    most: int,
    store: str,
    tell: Callable[[int], None],
) -> Gallery:
    """Write the data of up to ``most`` images; ``store`` leads from the page to the files.

    ``store`` is "" where the files are not on this machine.
    """
    total = report.gallery_size()
    numbers, doubts = report.gallery(most)
    columns = {name: Column() for name in COLUMNS}
    scores, times = array("H"), array("I")
    words: list[str] = []
    for start in range(0, len(numbers), IMAGES_A_FILE):
        some = [int(number) for number in numbers[start : start + IMAGES_A_FILE]]
        entries = []
        for row, word, reasons in full_rows(rows, report, some):
            labels = word.corrected(read_labels(row.labels_json))
            _add_columns(columns, row, word, labels)
            scores.append(65_535 if row.car_score is None else round(row.car_score * 10_000))
            times.append(_seconds(row.fetched_at))
            entries.append(_entry(row, word, labels, reasons))
            words.append(_words(row, labels))
        write_script(folder, f"images-{start // IMAGES_A_FILE:04}", entries)
        if len(words) >= WORDS_A_FILE or start + IMAGES_A_FILE >= len(numbers):
            write_script(folder, f"words-{start // WORDS_A_FILE:03}", words)
            words = []
        tell(len(some))
    curated = bool(len(doubts)) and bool(doubts[0] >= 0)
    write_script(
        folder,
        "facts",
        {
            "columns": {name: column.as_json() for name, column in columns.items()},
            "doubts": packed(array("h", (round(float(doubt) * 10_000) for doubt in doubts))),
            "scores": packed(scores),
            "times": packed(times),
            "count": len(numbers),
            "images_a_file": IMAGES_A_FILE,
            "words_a_file": WORDS_A_FILE,
            "curated": curated,
            "store": store,
        },
    )
    return Gallery(len(numbers), total, curated)


def full_rows(
    rows: ReleaseRows, report: ReportRows, numbers: Sequence[int]
) -> Iterator[tuple[FullRow, Word, list[Doubt]]]:
    """Yield images (500 at most) in this order, with people's word and the reasons to doubt."""
    full = rows.full(numbers)
    words = words_by_image(rows.reviews_of(numbers))
    reasons: dict[str, list[Doubt]] = {}
    for doubt in report.doubts_of([row.image_id for row in full]):
        reasons.setdefault(doubt.image_id, []).append(doubt)
    for row in full:
        yield row, words.get(row.seq, NOBODY), reasons.get(row.image_id, [])


def verdict_of(row: FullRow, word: Word) -> str:
    """Return whether an image is in, and who says so."""
    said = {"keep": "keep (people)", "drop": "dropped (people)"}
    return said.get(word.verdict, row.verdict)


def picture_of(row: FullRow, word: Word) -> str:
    """Return the path of an image's file, "" for what is not in the dataset: it is not shown."""
    return row.path if is_in_dataset(row.verdict, word) else ""


def packed(codes: array[int]) -> str:
    """Return numbers as little-endian bytes in base64."""
    return b64encode(codes.tobytes()).decode("ascii")


def write_script(folder: Path, name: str, data: Any) -> None:
    """Write data as a script that hands it to the page. It holds ASCII alone."""
    text = json.dumps(data, separators=(",", ":"))
    (folder / f"{name}.js").write_text(f'carsets.take("{name}",{text})\n', encoding="ascii")


def shortened(text: str | None, longest: int = LONGEST_TEXT) -> str:
    """Return a text of which a page can show the whole."""
    text = text or ""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _add_columns(
    columns: dict[str, Column], row: FullRow, word: Word, labels: dict[str, str]
) -> None:
    for name in LABELS:
        columns[name].add(shortened(labels.get(name), 100) or NONE)
    columns["license"].add(row.license or "unknown")
    columns["evidence"].add(Evidence(row.license_evidence).name.lower())
    columns["source"].add(row.source or "unknown")
    columns["verdict"].add(verdict_of(row, word))
    columns["view"].add(word.view or row.view or "unknown")


def _entry(row: FullRow, word: Word, labels: dict[str, str], reasons: list[Doubt]) -> list[Any]:
    """Return what the page shows of an image; ``FIELDS`` of gallery.js has the same order."""
    other = {name: shortened(value) for name, value in labels.items() if name not in LABELS}
    return [
        row.image_id,
        picture_of(row, word),
        row.width,
        row.height,
        row.bytes,
        row.format,
        shortened(row.title),
        shortened(row.author),
        web_address(row.page_url or ""),
        web_address(row.license_url or ""),
        shortened(row.query),
        other,
        [[doubt.kind, round(doubt.score, 4), shortened(doubt.reason)] for doubt in reasons],
    ]


def _words(row: FullRow, labels: dict[str, str]) -> str:
    """Return what a search looks through."""
    texts = (*labels.values(), row.title, row.author, row.query, row.image_id)
    return " ".join(shortened(text) for text in texts if text).lower()


def _seconds(when: str) -> int:
    """Return a time as seconds since 1970, 0 for none."""
    try:
        return max(0, int(datetime.fromisoformat(when).timestamp()))
    except ValueError:
        return 0
