"""Opening a user's list of image URLs, whichever of the known forms it has.

A form is one entry in ``FORMS``: how to recognize it, and how to read it row by row. Reading is
lazy, so that a list of five million lines takes no more memory than one of five.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from carsets.image_lists.coco import looks_like_coco, read_coco
from carsets.image_lists.json_lines import read_json_lines
from carsets.image_lists.parquet import PARQUET_MAGIC, read_parquet
from carsets.image_lists.plain_text import read_plain_text
from carsets.image_lists.tables import has_image_column, read_table
from carsets.image_lists.text_lines import BYTE_ORDER_MARKS, WINDOWS_1252, open_bytes, read_lines
from carsets.problems import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from carsets.image_lists.rows import ListRow

HEAD_SIZE = 65_536  # bytes at the beginning by which a list is recognized


@dataclass(frozen=True, slots=True)
class Form:
    """One form of list: by what it is told from the others, and how it is read."""

    name: str
    endings: frozenset[str]  # of the file's name
    looks_so: Callable[[str], bool]  # asked with the first lines when the ending says nothing
    read: Callable[[str, Path], Iterator[ListRow]]  # name for messages, file
    magic: bytes = b""  # the first bytes, of a form that is no text


def _first_line(head: str) -> str:
    return next((line for line in head.splitlines() if line.strip()), "")


FORMS = (
    Form(
        "parquet",
        frozenset({".parquet", ".pq"}),
        lambda head: False,
        read_parquet,
        PARQUET_MAGIC,
    ),
    Form("coco", frozenset({".json"}), looks_like_coco, read_coco),
    Form(
        "json_lines",
        frozenset({".jsonl", ".ndjson", ".jsonlines"}),
        lambda head: head.lstrip().startswith("{"),
        lambda name, path: read_json_lines(name, read_lines(path)),
    ),
    Form(
        "table",
        frozenset({".csv", ".tsv", ".tab"}),
        lambda head: has_image_column(_first_line(head)),
        lambda name, path: read_table(name, read_lines(path)),
    ),
    Form(
        "plain_text",
        frozenset(),  # .txt may hold any of them
        lambda head: True,
        lambda name, path: read_plain_text(name, read_lines(path)),
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
            form, digest = _look(path)
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


def _look(path: Path) -> tuple[Form, str]:
    """Return the form of a list, and the digest of all of it."""
    digest = hashlib.blake2b(digest_size=8)
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    with open_bytes(path) as stream:
        head = stream.read(HEAD_SIZE)
    for form in FORMS:
        if form.magic and head.startswith(form.magic):
            return form, digest.hexdigest()
    if head[:2] not in BYTE_ORDER_MARKS and b"\0" in head:
        raise UserError(
            f"{path}: neither a text file nor Parquet. A list is plain text, CSV, TSV, JSON lines"
            " or COCO (each may be compressed with gzip), or Parquet"
        )
    encoding = BYTE_ORDER_MARKS.get(head[:2], "utf-8-sig")
    return _recognize(path, head.decode(encoding, WINDOWS_1252)), digest.hexdigest()


def _recognize(path: Path, head: str) -> Form:
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    ending = suffixes[-1] if suffixes else ""
    if head.lstrip().startswith("["):
        raise UserError(f"{path}: a JSON array; write one object a line (JSON lines) instead")
    forms = [form for form in FORMS if not form.magic]
    for form in forms:
        # What ends in .json may be COCO or JSON lines: the content tells.
        if ending in form.endings and (ending != ".json" or form.looks_so(head)):
            return form
    return next(form for form in forms if form.looks_so(head))
