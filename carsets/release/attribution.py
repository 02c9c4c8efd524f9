"""Two files that tell whose each image of a release is: a table, and a page for people.

The table is safe for spreadsheets, the page escapes everything and loads nothing. What makes a
credit is said in ``credit``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from carsets.exports.columns import whole
from carsets.exports.comma_separated import row
from carsets.exports.spreadsheet import defused
from carsets.exports.text_file import TextFile
from carsets.release.credit import Credit, credit_of, missing_parts

if TYPE_CHECKING:
    from carsets.release.folder import ReleaseFolder
    from carsets.release.record import ImageFile, Record

__all__ = ["AttributionWriter", "Credit", "credit_of", "missing_parts"]

CSV_NAME = "ATTRIBUTION.csv"
HTML_NAME = "ATTRIBUTION.html"
COLUMNS = (
    "image_id",
    "file",
    "title",
    "author",
    "author_url",
    "source",
    "license",
    "license_url",
    "changes",
    "attribution",
)


class AttributionWriter:
    """Writes ATTRIBUTION.csv and ATTRIBUTION.html, row by row; ``changes`` is of changed images.

    A file that an earlier, cut-short pass has finished is left as it is.
    """

    def __init__(self, folder: ReleaseFolder, title: str = "", changes: str = "") -> None:
        self.changes = changes
        self._page = _page()
        self._html = TextFile(folder, HTML_NAME, self._page.head(whole(title)))
        self._csv = TextFile(folder, CSV_NAME, row(COLUMNS))

    def add(self, record: Record, image: ImageFile | None, path: str = "") -> None:
        """Take the next image; ``path`` is where its file lies in the release, "" in a pack."""
        changes = self.changes if image is not None and image.changed else ""
        credit = credit_of(record, changes)
        self._csv.write(row([defused(whole(cell)) for cell in cells_of(record, credit, path)]))
        self._html.write(whole(self._page.row(record.image_id, credit)))

    def finish(self) -> None:
        """End both files."""
        self._csv.close()
        self._html.write(self._page.foot())
        self._html.close()


def _page() -> Any:
    """Return the three pieces of the page: head, row and foot."""
    environment = Environment(
        loader=PackageLoader("carsets", "release"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("attribution.html.j2").module


def cells_of(record: Record, credit: Credit, path: str) -> tuple[str, ...]:
    """Return the values of ``COLUMNS``."""
    return (
        record.image_id,
        path,
        credit.title,
        credit.author,
        credit.author_url,
        credit.source,
        credit.license_name,
        credit.license_url,
        credit.changes,
        credit.notice,
    )
