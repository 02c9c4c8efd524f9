"""Plain lists: one URL a line; blank lines and lines that begin with # are passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from carsets.image_lists.rows import read_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from carsets.image_lists.rows import ListRow


def read_plain_text(name: str, lines: Iterable[str]) -> Iterator[ListRow]:
    """Yield one row for every line that says something."""
    for number, line in enumerate(lines, start=1):
        url = line.strip()
        if url and not url.startswith("#"):
            yield read_row(name, number, {"image_url": url}, {})
