"""What every format is: a class that takes records in their order, and writes a folder."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from carsets.release.folder import ReleaseFolder
    from carsets.release.record import ImageFile, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseFacts:
    """What is known of a release before its first record."""

    name: str  # of the destination folder
    mode: str  # "urls", "cc", "cc-commercial" or "internal"
    label: str  # which label the classes are of: "make", "model", "color"...; "" for none
    classes: tuple[str, ...]  # the values of that label in the release, sorted
    splits: Mapping[str, int]  # records of each split, in their order; {"": n} when not split
    total: int  # records
    size: str = ""  # "300x300 pad"; "" when the images keep their size
    newest: str = ""  # when the newest image was fetched: the only time that a file may state
    version: str = ""  # of carsets
    licenses: Mapping[str, int] = field(default_factory=dict)  # license code: records


class ExportFormat(ABC):
    """One dataset format. ``add`` is called once a record, in order; then ``finish``."""

    name: ClassVar[str]  # as on the command line
    summary: ClassVar[str]  # one line of help
    carries_images: ClassVar[bool]  # False: facts and addresses alone, whatever the mode
    shuffled: ClassVar[bool] = (
        False  # True: records come in the order of their ids, which is chance
    )
    needs_label: ClassVar[bool] = False  # True: a record without a label has no place in it
    note: ClassVar[str] = ""  # what readers of the files must know; the card repeats it

    def __init__(self, folder: ReleaseFolder, facts: ReleaseFacts) -> None:
        self.folder = folder
        self.facts = facts

    def image_path(self, record: Record, extension: str) -> str:
        """Return where in the folder the file of this image belongs; "" where it has no file.

        The release writes that file before it calls ``add``. Formats that pack many images into
        one file return "" and get the bytes.
        """
        return ""

    def needs_bytes(self, record: Record) -> bool:
        """Whether ``add`` will use the image's bytes; asked once a record, in order.

        False spares the work where an earlier pass has packed this image already. Formats with an
        ``image_path`` are not asked.
        """
        return self.carries_images

    @abstractmethod
    def add(self, record: Record, image: ImageFile | None) -> None:
        """Take the next record. ``image`` is None in releases without image files."""

    def finish(self) -> None:  # noqa: B027 - most formats have nothing left to write
        """Write what can be written only when all records are known."""
