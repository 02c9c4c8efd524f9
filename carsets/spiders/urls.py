"""The user's own list of image URLs: text, CSV, TSV, JSON lines, COCO, Parquet; gzip or not.

Terms:      those of the hosts in the list
Licenses:   what the list says (column ``license``), with the list as its evidence
Needs:      nothing
Limits:     none; the hosts are asked at the usual pace
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from carsets.image_lists import ImageList
from carsets.image_lists.columns import LABELS
from carsets.outcomes import Outcome
from carsets.problems import UserError
from carsets.queries import Query
from carsets.spiders.listed import ListedSpider

if TYPE_CHECKING:
    from collections.abc import Iterator

    from carsets.items import CarImage


def read_labels(text: str) -> dict[str, str]:
    """Return the labels of ``make=Ford,model=Mustang``, or of a bare word: ``label``.

    Raises UserError for a name that is no label.
    """
    if not text.strip():
        return {}
    if "=" not in text:
        return {"label": text.strip()}
    labels: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if name not in LABELS or not equals or not value:
            raise UserError(
                f"label={text}: {part.strip()!r} is no label; write one word, or "
                f"make=Ford,model=Mustang with names among {', '.join(LABELS)}"
            )
        labels[name] = value
    return labels


class UrlsSpider(ListedSpider):
    """Images of a list that the user has."""

    name = "urls"
    arguments = frozenset({"file", "label", "limit"})

    def prepare(self) -> None:
        """Look at the list."""
        super().prepare()
        file = self.given.get("file", "")
        if not file:
            raise UserError("urls: give the list, as in -a file=list.csv")
        self.labels = read_labels(self.given.get("label", ""))
        self.list = ImageList.open(Path(file).expanduser())

    def identify(self) -> Query:
        """Name the list by its file and its content."""
        return Query(text=f"{self.list.name} {self.list.digest}", labels=self.labels)

    def images(self) -> Iterator[CarImage]:
        """Yield every row; one that cannot be used has ended before it began."""
        for row in self.list.rows():
            image = self.car_image(row.found, self.row_query(row.labels), page=1, rank=0)
            if row.problem:
                image.outcome = Outcome.URL_FORBIDDEN
                image.note = row.problem
            yield image
