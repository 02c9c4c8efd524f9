"""Which of a set of CSV files holds what: told by their headers, whatever version they are of."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from carsets.image_lists.tables import parse_line
from carsets.image_lists.text_lines import read_lines
from carsets.open_images.classes import MID
from carsets.problems import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

KINDS = ("images", "labels", "boxes", "descriptions")


@dataclass(slots=True)
class OpenImagesFiles:
    """The files of one set, by what they hold."""

    images: list[Path] = field(default_factory=list)
    labels: list[Path] = field(default_factory=list)
    boxes: list[Path] = field(default_factory=list)
    descriptions: list[Path] = field(default_factory=list)  # the names of the classes
    others: list[str] = field(default_factory=list)  # names of CSV files that are none of these

    @classmethod
    def find(cls, folder: Path) -> OpenImagesFiles:
        """Look through a folder and all folders in it for CSV files, compressed or not.

        Raises UserError, with one line, when there are none to work with.
        """
        if not folder.is_dir():
            raise UserError(f"openimages: {folder}: there is no such folder")
        found = cls()
        for path in sorted((*folder.rglob("*.csv"), *folder.rglob("*.csv.gz"))):
            kind = kind_of(path)
            if kind:
                getattr(found, kind).append(path)
            else:
                found.others.append(path.name)
        return found._checked(str(folder))

    @classmethod
    def named(cls, given: Mapping[str, str]) -> OpenImagesFiles:
        """Take the files that are named, several of a kind with commas between them.

        Raises UserError for a file that is not there or holds something else.
        """
        found = cls()
        for kind in KINDS:
            for name in filter(None, (part.strip() for part in given.get(kind, "").split(","))):
                path = Path(name).expanduser()
                if not path.is_file():
                    raise UserError(f"openimages: {kind}={name}: there is no such file")
                if (holds := kind_of(path)) != kind:
                    what = f"it holds {holds}" if holds else "its header is not of that kind"
                    raise UserError(f"openimages: {kind}={name}: {what}")
                getattr(found, kind).append(path)
        return found._checked("images=, labels= and boxes=")

    def _checked(self, where: str) -> OpenImagesFiles:
        if not self.images:
            raise UserError(
                f"openimages: {where}: no list of images (a CSV file with ImageID and OriginalURL)"
            )
        if not self.labels and not self.boxes:
            raise UserError(
                f"openimages: {where}: neither labels nor boxes, so nobody knows which images "
                f"show cars; to take all, use: scrapy crawl urls -a file={self.images[0]}"
            )
        return self

    def all(self) -> Iterable[Path]:
        """Return all files that are read."""
        return (*self.images, *self.labels, *self.boxes, *self.descriptions)

    def digest(self, more: str) -> str:
        """Return a short hex digest of names, contents and ``more``; 2 GB take some seconds."""
        digest = hashlib.blake2b(more.encode(), digest_size=8)
        for path in self.all():
            digest.update(f"{path.name}\0".encode())
            with path.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
        return digest.hexdigest()


def kind_of(path: Path) -> str:
    """Return what a file holds: one of ``KINDS``, or "" for anything else."""
    try:
        header = next(read_lines(path), "")
    except (OSError, EOFError):
        return ""
    cells = [cell.strip() for cell in parse_line(header, ",") or ()]
    names = {cell.casefold() for cell in cells}
    if {"imageid", "originalurl"} <= names:
        return "images"
    if {"imageid", "labelname"} <= names:
        return "boxes" if "xmin" in names else "labels"
    if len(cells) == 2 and (MID.fullmatch(cells[0]) or names == {"labelname", "displayname"}):
        return "descriptions"
    return ""
