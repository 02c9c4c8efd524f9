"""dgCars: the lists of make, model and color that Pelops reads (``DGCarsDataset``).

Three files of JSON lines: ``allFiles``, ``training`` and ``testing``. Pelops joins ``filename``
with the folder of the lists, and takes everything else along as it stands; its notebooks change
the case of make, model and color, so these are texts even where nobody knows them.

Reader: https://github.com/Lab41/pelops/blob/master/pelops/datasets/dgcars.py
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carsets.exports.base import ExportFormat, ReleaseFacts
from carsets.exports.columns import public_url, whole
from carsets.exports.image_facts import ascii_json, image_place, split_of, usual_extension
from carsets.exports.text_file import TextFile

if TYPE_CHECKING:
    from carsets.release.folder import ReleaseFolder
    from carsets.release.record import ImageFile, Record


class DgCarsFormat(ExportFormat):
    """All images in one list, and each of them in one of two others."""

    name = "dgcars"
    summary = "allFiles, training and testing as JSON lines: Pelops"
    carries_images = True
    note = (
        "What is for validation is in the list training. The hash is the sha256 of the file. "
        "Without image files, filename says where Pelops would look for the image."
    )

    def __init__(self, folder: ReleaseFolder, facts: ReleaseFacts) -> None:
        super().__init__(folder, facts)
        self._all, self._training, self._testing = (
            TextFile(folder, name) for name in ("allFiles", "training", "testing")
        )

    def image_path(self, record: Record, extension: str) -> str:
        """Return ``images/01/0123456789abcdef.jpg``."""
        return image_place(record, extension)

    def add(self, record: Record, image: ImageFile | None) -> None:
        """Write an image into two lists."""
        extension = image.extension if image else usual_extension(record)
        labels = {name: whole(record.labels.get(name, "")) for name in ("make", "model", "color")}
        line = ascii_json(
            labels
            | {
                "hash": image.sha256 if image else record.sha256,
                "filename": image_place(record, extension),
                "url": public_url(record.url) or "",
            }
        )
        half = self._testing if split_of(record) == "test" else self._training
        for file in (self._all, half):
            file.write(line + "\n")

    def finish(self) -> None:
        """Close the lists."""
        for file in (self._all, self._training, self._testing):
            file.close()
