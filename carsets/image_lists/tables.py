"""CSV and TSV with a header, read tolerantly: damage costs the row it is in, and no other.

Python's reader takes a stray quote for the beginning of a field that goes on over the next
thousand lines. So records are put together here: a line is read by itself first, then together
with the lines after it, and a reading counts only when it has as many fields as the header.
"""

from __future__ import annotations

import csv
from collections import deque
from typing import TYPE_CHECKING

from carsets.image_lists.columns import assign_columns
from carsets.image_lists.rows import bad_row, read_row
from carsets.problems import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from carsets.image_lists.rows import ListRow

MAX_RECORD_LINES = 40  # a title with more line breaks than that is a quote that never closes
DELIMITERS = ",\t;|"


def guess_delimiter(header: str) -> str:
    """Return the character that separates the columns of a header line."""
    return max(DELIMITERS, key=header.count)


def has_image_column(header: str) -> bool:
    """Tell whether a line is a header that names a column with the image's URL."""
    fields = parse_line(header, guess_delimiter(header))
    return fields is not None and "image_url" in assign_columns(fields).values()


def read_table(name: str, lines: Iterable[str]) -> Iterator[ListRow]:
    """Yield one row for every record; raises UserError when no column has the image's URL."""
    numbered = enumerate(lines, start=1)
    number, header = next(((n, line) for n, line in numbered if line.strip()), (0, ""))
    if not number:
        return
    delimiter = guess_delimiter(header)
    columns = [column.strip() for column in parse_line(header, delimiter) or []]
    meant = assign_columns(columns)
    if "image_url" not in meant.values():
        raise UserError(_missing_column(name, number, header))
    records = Records(numbered, delimiter, len(columns))
    for line, text, fields in records:
        if isinstance(fields, str):
            yield bad_row(name, line, text, fields)
            continue
        facts: dict[str, str] = {}
        extra: dict[str, str] = {}
        for position, cell in enumerate(fields):
            if value := cell.strip():
                if position in meant:
                    facts[meant[position]] = value
                else:
                    extra[columns[position]] = value
        yield read_row(name, line, facts, extra)


def _missing_column(name: str, number: int, header: str) -> str:
    hint = " (is the header missing?)" if "://" in header else ""
    return (
        f"{name}, line {number}: no column has the image's URL{hint}. Name it url, image_url or "
        f"OriginalURL; the header is {header.strip()[:120]!r}"
    )


def parse_line(text: str, delimiter: str) -> list[str] | None:
    """Return the fields of one record, or None when its quotes do not pair up."""
    try:
        records = list(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return records[0] if len(records) == 1 else None


def add_missing_delimiters(text: str, delimiter: str) -> str:
    """Return a record in which each closing quote is followed by a delimiter.

    The sample row in the announcement of Open Images lacks one between title and size.
    """
    pieces: list[str] = []
    quoted = False
    position = 0
    while position < len(text):
        letter = text[position]
        pieces.append(letter)
        position += 1
        if letter != '"':
            continue
        following = text[position : position + 1]
        if quoted and following == '"':  # an escaped quote
            pieces.append('"')
            position += 1
            continue
        quoted = not quoted
        if not quoted and following not in {"", delimiter, "\r", "\n"}:
            pieces.append(delimiter)
    return "".join(pieces)


class Records:
    """Iterate over ``(line, text, fields)``; ``fields`` is a sentence when nothing fits.

    Lines at the beginning of a record for which ``unwanted`` is true are passed over unread.
    """

    def __init__(
        self,
        numbered: Iterator[tuple[int, str]],
        delimiter: str,
        width: int,
        unwanted: Callable[[str], bool] | None = None,
    ) -> None:
        self.numbered = numbered
        self.unwanted = unwanted
        self.put_back: deque[tuple[int, str]] = deque()
        self.delimiter = delimiter
        self.width = width

    def __iter__(self) -> Iterator[tuple[int, str, list[str] | str]]:
        while following := self._next_line():
            number, line = following
            if self.unwanted and self.unwanted(line):
                continue
            if line.strip():
                text, fields = self._read(line)
                yield number, text, fields

    def _next_line(self) -> tuple[int, str] | None:
        return self.put_back.popleft() if self.put_back else next(self.numbered, None)

    def _read(self, line: str) -> tuple[str, list[str] | str]:
        alone = parse_line(line, self.delimiter)
        if alone is not None and len(alone) == self.width:
            return line, alone
        if alone is None and (joined := self._join(line)) is not None:
            return joined
        repaired = parse_line(add_missing_delimiters(line, self.delimiter), self.delimiter)
        if repaired is not None and len(repaired) == self.width:
            return line, repaired
        if alone is not None:
            return line, self._stretch(alone)
        return line, "a quote is opened and not closed, or closed in the middle of a field"

    def _join(self, line: str) -> tuple[str, list[str]] | None:
        """Return the record that begins here and goes on; None leaves the next lines unread."""
        if line.count('"') % 2 == 0:
            return None
        taken: list[tuple[int, str]] = []
        while len(taken) < MAX_RECORD_LINES and (following := self._next_line()):
            taken.append(following)
            if following[1].count('"') % 2 == 0:
                continue
            text = line + "".join(more for _, more in taken)
            fields = parse_line(text, self.delimiter)
            if fields is not None and len(fields) == self.width:
                return text, fields
        self.put_back.extendleft(reversed(taken))
        return None

    def _stretch(self, fields: list[str]) -> list[str] | str:
        """Return a row without the empty cells beyond the header, or what is wrong with it."""
        while len(fields) > self.width and not fields[-1].strip():
            fields = fields[:-1]
        if len(fields) > self.width:
            return f"{len(fields)} fields where the header has {self.width} (a comma unquoted?)"
        return fields
