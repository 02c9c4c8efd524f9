"""Near duplicates side by side, and the images that ``scrapy curate`` doubts most."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from carsets.curation.kinds import REASONS
from carsets.release.label_texts import read_labels
from carsets.report.gallery_files import full_rows, picture_of, shortened, verdict_of
from carsets.report.page import web_address

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from carsets.catalog.release_rows import ReleaseRows
    from carsets.catalog.report_rows import ReportRows

MOST_GROUPS = 100
MOST_IN_GROUP = 12
MOST_DOUBTED = 24  # of each reason
AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One image as these pages show it."""

    image_id: str
    path: str
    width: int
    height: int
    labels: str
    license: str
    source: str
    verdict: str
    page_url: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Images that are the same picture, or nearly."""

    level: str
    size: int
    figures: Sequence[Figure]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubted:
    """The images that are doubted most for one reason."""

    kind: str
    meaning: str
    total: int
    figures: Sequence[Figure]


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubts:
    """Everything that was doubted."""

    groups: Sequence[Group] = ()
    group_count: int = 0
    doubted: Sequence[Doubted] = field(default_factory=tuple)

    @property
    def curated(self) -> bool:
        """Whether there is anything to show."""
        return bool(self.group_count or self.doubted)


def read_doubts(rows: ReleaseRows, report: ReportRows) -> Doubts:
    """Return the largest groups, and the most doubted images of each reason."""
    members = report.groups(MOST_GROUPS)
    totals = report.doubts_by_kind()
    worst = {kind: report.most_doubted(kind, MOST_DOUBTED) for kind in REASONS if kind in totals}
    wanted = [m.image_id for group in members.values() for m in group[:MOST_IN_GROUP]]
    wanted += [doubt.image_id for doubts in worst.values() for doubt in doubts]
    figures = _figures(rows, report, sorted(set(wanted)))
    return Doubts(
        groups=[
            Group(
                level=next((m.level for m in group if m.distance), group[0].level),
                size=len(group),
                figures=[
                    _with_note(figures[m.image_id], _distance(m.distance))
                    for m in group[:MOST_IN_GROUP]
                    if m.image_id in figures
                ],
            )
            for group in members.values()
        ],
        group_count=report.group_count(),
        doubted=[
            Doubted(
                kind=kind.value,
                meaning=kind.meaning,
                total=totals[kind],
                figures=[
                    _with_note(figures[d.image_id], f"{d.score:.2f} {shortened(d.reason)}")
                    for d in doubts
                    if d.image_id in figures
                ],
            )
            for kind, doubts in worst.items()
        ],
    )


def _figures(
    rows: ReleaseRows, report: ReportRows, image_ids: Sequence[str]
) -> Mapping[str, Figure]:
    found = {}
    for start in range(0, len(image_ids), AT_ONCE):
        numbers = report.numbers_of(image_ids[start : start + AT_ONCE])
        for row, word, _ in full_rows(rows, report, sorted(numbers.values())):
            labels = word.corrected(read_labels(row.labels_json))
            found[row.image_id] = Figure(
                image_id=row.image_id,
                path=picture_of(row, word),
                width=row.width,
                height=row.height,
                labels=shortened(" ".join(labels.values()), 80),
                license=row.license or "unknown",
                source=row.source or "unknown",
                verdict=verdict_of(row, word),
                page_url=web_address(row.page_url or ""),
            )
    return found


def _with_note(figure: Figure, note: str) -> Figure:
    return Figure(**{name: getattr(figure, name) for name in figure.__slots__} | {"note": note})


def _distance(bits: int | None) -> str:
    return "" if bits is None else ("representative" if bits == 0 else f"{bits} bits apart")
