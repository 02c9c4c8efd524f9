"""Opening a user's list of image URLs, whichever of the known forms it has.

A form is one entry in ``FORMS``: how to recognize it, and how to read it row by row. Reading is
lazy, so that a list of five million lines takes no more memory than one of five.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import io
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from carsets.image_lists.json_lines import read_json_lines
from carsets.image_lists.plain_text import read_plain_text
from carsets.image_lists.tables import has_image_column, read_table
from carsets.problems import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from carsets.image_lists.rows import ListRow

HEAD_SIZE = 65_536  # bytes at the beginning by which a list is recognized
LONGEST_LINE = 1_048_576  # characters; longer ones are cut, so that no file can fill the memory
GZIP_MAGIC = b"\x1f\x8b"
BYTE_ORDER_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
WINDOWS_1252 = "carsets.windows-1252"


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    """Read bytes that are not UTF-8 as what spreadsheets write; nothing is lost."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    damaged = error.object[error.start : error.end]
    try:
        return damaged.decode("cp1252"), error.end
    except UnicodeDecodeError:
        return damaged.decode("latin-1"), error.end


codecs.register_error(WINDOWS_1252, _as_windows_1252)


@dataclass(frozen=True, slots=True)
class Form:
    """One form of list: by what it is told from the others, and how it is read."""

    name: str
    endings: frozenset[str]  # of the file's name
    looks_so: Callable[[str], bool]  # asked with the first lines when the ending says nothing
    read: Callable[[str, Path], Iterator[ListRow]]  # name for messages, file


def _lines(path: Path) -> Iterator[str]:
    with open_bytes(path) as stream:
        mark = stream.read(2)
        encoding = BYTE_ORDER_MARKS.get(mark, "utf-8-sig")
        stream.seek(0)
        with io.TextIOWrapper(stream, encoding, errors=WINDOWS_1252, newline="") as text:
            while line := text.readline(LONGEST_LINE):
                yield line
                while len(line) == LONGEST_LINE and line[-1] not in "\r\n":  # its rest is lost
                    line = text.readline(LONGEST_LINE)


def open_bytes(path: Path) -> BinaryIO:
    """Open a list, compressed with gzip or not."""
    with path.open("rb") as stream:
        compressed = stream.read(2) == GZIP_MAGIC
    return gzip.open(path) if compressed else path.open("rb")  # type: ignore[return-value]


def _first_line(head: str) -> str:
    return next((line for line in head.splitlines() if line.strip()), "")


FORMS = (
    Form(
        "json_lines",
        frozenset({".jsonl", ".ndjson", ".jsonlines"}),
        lambda head: head.lstrip().startswith("{"),
        lambda name, path: read_json_lines(name, _lines(path)),
    ),
    Form(
        "table",
        frozenset({".csv", ".tsv", ".tab"}),
        lambda head: has_image_column(_first_line(head)),
        lambda name, path: read_table(name, _lines(path)),
    ),
    Form(
        "plain_text",
        frozenset(),  # .txt may hold any of them
        lambda head: True,
        lambda name, path: read_plain_text(name, _lines(path)),
    ),
)


class ImageList:
    """A user's list that can be read: it exists, its form is known and it is not empty."""

    def __init__(self, path: Path, form: Form, digest: str) -> None:
        self.path = path
        self.name = path.name
        self.form = form
        self.digest = digest  # of the whole content: another content is another list

    @classmethod
    def open(cls, path: Path) -> ImageList:
        """Look at a list; raises UserError with one line that says what is wrong with it."""
        try:
            head, digest = _look(path)
            form = _recognize(path, head)
            opened = cls(path, form, digest)
            first = next(opened.rows(), None)
        except FileNotFoundError:
            raise UserError(f"{path}: there is no such file") from None
        except (OSError, EOFError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise UserError(f"{path}: the list cannot be read ({why})") from None
        if first is None:
            raise UserError(f"{path}: the list is empty: it needs at least one image URL")
        return opened

    def rows(self) -> Iterator[ListRow]:
        """Yield the rows, lazily and in the order of the file."""
        return self.form.read(self.name, self.path)


def _look(path: Path) -> tuple[str, str]:
    """Return the beginning of a list as text, and the digest of all of it."""
    digest = hashlib.blake2b(digest_size=8)
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    with open_bytes(path) as stream:
        head = stream.read(HEAD_SIZE)
    if head[:2] not in BYTE_ORDER_MARKS and b"\0" in head:
        raise UserError(
            f"{path}: not a text file. A list is plain text, CSV, TSV or JSON lines"
            " (each may be compressed with gzip)"
        )
    lines = list(itertools.islice(_lines(path), 20))
    return "".join(lines), digest.hexdigest()


def _recognize(path: Path, head: str) -> Form:
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    for form in FORMS:
        if suffixes and suffixes[-1] in form.endings:
            return form
    if head.lstrip().startswith("["):
        raise UserError(f"{path}: a JSON array; write one object a line (JSON lines) instead")
    return next(form for form in FORMS if form.looks_so(head))
