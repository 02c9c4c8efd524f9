"""Reading the lists that a plan is made of: files of the user's, or words on the command line."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import normalize

from carsets.problems import UserError
from carsets.queries.vocabulary import colors as known_colors

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BUILTIN = frozenset({"all", "builtin"})
DELIMITERS = ",;\t|"
MAX_LIST_BYTES = 64 * 2**20  # a list is read whole: a mistaken file must not fill the memory


class QueryError(UserError, ValueError):
    """What to ask cannot be understood. The message is one line for the user."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a list: the line of the file on which it starts, and its cells."""

    line: int
    cells: tuple[str, ...]


def file_named(value: str) -> Path | None:
    """Return the file that an argument names; None when it is meant as the words themselves.

    Raises QueryError when it can only be meant as a file, and there is none.
    """
    path = Path(value).expanduser()
    try:
        if path.is_file():
            return path
        if path.is_dir():
            raise QueryError(f"{value}: expected a list, found a folder")
    except OSError:  # longer than a file name may be: a list of words
        return None
    if "/" in value or re.search(r"\.(csv|tsv|txt|list)$", value, re.IGNORECASE):
        raise QueryError(f"{value}: no such file")
    return None


def read_text(path: Path) -> str:
    """Return the text of a list. Raises QueryError when it is not UTF-8 text of sane size."""
    try:
        if path.stat().st_size > MAX_LIST_BYTES:
            raise QueryError(f"{path}: larger than {MAX_LIST_BYTES // 2**20} MiB; not a list")
        body = path.read_bytes()
    except OSError as error:
        raise QueryError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise QueryError(
            f"{path}, line {line}: expected UTF-8 text; save the list as UTF-8"
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise QueryError(f"{path}, line {line}: expected text, found a zero byte")
    return text


def read_rows(text: str, name: str) -> Iterator[Row]:
    """Yield the records of a list, whatever its delimiter; blank lines and # comments are left out.

    Raises QueryError at a line whose quotes do not close.
    """
    lines = list(io.StringIO(text, newline=""))
    reader = csv.reader(lines, delimiter=_delimiter(lines), skipinitialspace=True, strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = tuple(tidy(cell) for cell in next(reader))
        except StopIteration:
            return
        except csv.Error as error:
            raise QueryError(
                f"{name}, line {line}: expected one record per line: {error}"
            ) from None
        if any(cells) and not cells[0].startswith("#"):
            yield Row(line, cells)


def tidy(words: str) -> str:
    """Return words with single spaces, and with accents in one form (macOS writes them in two
    characters): the same words always make the same query."""
    return " ".join(normalize("NFC", words).split())


def load_words(value: str, what: str) -> tuple[str, ...]:
    """Return the words of a list file, or of an argument like ``car,suv,"pickup truck"``.

    Of a file with several columns the first one counts. Order is kept, repetitions are not.
    Raises QueryError when there are none.
    """
    path = file_named(value)
    if path is None:
        words = [cell for row in read_rows(value, what) for cell in row.cells]
    else:
        words = [row.cells[0] for row in read_rows(read_text(path), str(path))]
        if words and words[0].casefold() in {what.casefold(), what.casefold().rstrip("s")}:
            del words[0]  # the heading of the column
    unique: dict[str, str] = {}
    for word in filter(None, words):
        unique.setdefault(word.casefold(), word)
    if not unique:
        raise QueryError(f"{what}={value}: the list is empty")
    return tuple(unique.values())


def load_colors(value: str) -> tuple[str, ...]:
    """Return the colors to ask for: ``all`` (the ten most frequent), a list file, or words."""
    if value.strip().lower() in BUILTIN:
        return tuple(name for name, term in known_colors().items() if term.top_ten)
    return load_words(value, "colors")


def list_error(name: str, bad: Sequence[tuple[int, str]]) -> QueryError:
    """Return the one error for all the lines of a list that could not be read."""
    line, problem = bad[0]
    more = [str(other) for other, _ in bad[1:6]]
    note = ""
    if more:
        rest = f" and {len(bad) - 6} more" if len(bad) > 6 else ""
        note = f" (also unreadable: line {', '.join(more)}{rest})"
    return QueryError(f"{name}, line {line}: {problem}{note}")


def _delimiter(lines: Sequence[str]) -> str:
    """Return the delimiter that the first line with anything on it uses."""
    for line in lines:
        if line.strip() and not line.startswith("#"):
            bare = re.sub(r'"[^"]*"', "", line)
            return max(DELIMITERS, key=bare.count)
    return DELIMITERS[0]
