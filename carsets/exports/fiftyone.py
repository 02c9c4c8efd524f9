"""FiftyOne: images and ``labels.json``, as its type FiftyOneImageClassificationDataset is on disk.

A split is a dataset of its own, in a folder of its own; an image is named after its file, without
the extension. The facts of an image become attributes of its label. In releases without image
files ``data.json`` says where each image belongs once it has been fetched from its ``url``.

Layout: https://docs.voxel51.com/user_guide/import_datasets.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from carsets.exports.base import ExportFormat, ReleaseFacts
from carsets.exports.columns import whole
from carsets.exports.image_facts import ascii_json, facts_of, image_place, usual_extension
from carsets.exports.split_texts import SplitTexts

if TYPE_CHECKING:
    from carsets.release.folder import ReleaseFolder
    from carsets.release.record import ImageFile, Record

_OWN = {"tags": "image_tags"}  # FiftyOne has tags of its own


class FiftyOneFormat(ExportFormat):
    """``data/`` and ``labels.json``, for each split where there are any."""

    name = "fiftyone"
    summary = "data/ and labels.json: FiftyOneImageClassificationDataset"
    carries_images = True
    needs_label = True
    note = (
        "Every split is a dataset: "
        "dataset_type=fiftyone.types.FiftyOneImageClassificationDataset. Without image files, "
        'import with data_path="data.json" once they lie where it says.'
    )

    def __init__(self, folder: ReleaseFolder, facts: ReleaseFacts) -> None:
        super().__init__(folder, facts)
        classes = ascii_json([whole(label) for label in facts.classes])
        self._labels = SplitTexts(folder, f'{{"classes":{classes},"labels":{{\n', ",\n", "\n}}\n")
        self._places = SplitTexts(folder, "{\n", ",\n", "\n}\n")

    def image_path(self, record: Record, extension: str) -> str:
        """Return ``train/data/01/0123456789abcdef.jpg``."""
        return _below(record.split, image_place(record, extension, "data"))

    def add(self, record: Record, image: ImageFile | None) -> None:
        """Write the label of an image, with all facts."""
        key = ascii_json(f"{record.image_id[:2]}/{record.image_id}")
        facts = facts_of(record, image)
        label = {
            "label": facts.pop("label"),
            "attributes": {
                _OWN.get(n, n): value for n, value in facts.items() if value is not None
            },
        }
        self._labels.add(_below(record.split, "labels.json"), f"{key}:{ascii_json(label)}")
        if image is None:
            place = ascii_json(image_place(record, usual_extension(record), "data"))
            self._places.add(_below(record.split, "data.json"), f"{key}:{place}")

    def finish(self) -> None:
        """Close the lists."""
        self._labels.finish()
        self._places.finish()


def _below(split: str, name: str) -> str:
    return f"{split}/{name}" if split else name
