"""Labels of an ImageNet tree: its folders, or tar files, are named by WordNet ids."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from carsets.problems import UserError
from carsets.queries.vocabulary import body_named
from carsets.vision.detection import DetectionSettingsError
from carsets.vision.labels import imagenet_classes, imagenet_table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

FIRST_SYNSET = "n01440764"  # index 0 of the thousand classes, in the order of their ids
_SYNSET = re.compile(r"n\d{8}")
_FOLDER = re.compile(r"(n\d{8})(?:\.tar)?")
_FILE = re.compile(r"(n\d{8})_[^/]*")
# Body styles of the names that are none themselves.
_BODIES = {
    "fire engine": "truck",
    "garbage truck": "truck",
    "jeep": "suv",
    "Model T": "vintage_car",
    "police van": "van",
    "tow truck": "truck",
    "trailer truck": "truck",
}


class SynsetLabels:
    """Read labels off the WordNet id of the folder, the tar file or the file itself."""

    def __init__(self, wanted: Collection[str]) -> None:
        """Take the groups, names and ids of ``wanted``; raises UserError for one that is none.

        An id outside the thousand classes is taken as it is: the large ImageNet has 21,841.
        """
        names = dict(imagenet_classes())
        large = {entry for entry in wanted if _SYNSET.fullmatch(entry)} - names.keys()
        self._names: dict[str, str] = {entry: entry for entry in large}
        if rest := [entry for entry in wanted if entry not in large]:
            try:
                table = imagenet_table(rest)
            except DetectionSettingsError as error:
                message = str(error).replace("CAR_DETECTION_LABELS", "classes")
                raise UserError(message) from None
            ordered = imagenet_classes()
            self._names |= {ordered[number][0]: ordered[number][1] for number in table.vehicles}

    def read(self, name: str) -> dict[str, str]:
        """Return the labels of a file from its path; {} when it is of no wanted synset."""
        label = self._names.get(synset_of(name), "")
        body = body_named(label) or _BODIES.get(label, "")
        return {"label": label} | ({"body": body} if body else {}) if label else {}


def synset_of(name: str) -> str:
    """Return the WordNet id that a path speaks of, the nearest to the file; "" for none."""
    *folders, file = name.split("/")
    for folder in reversed(folders):
        if match := _FOLDER.fullmatch(folder):
            return match[1]
    match = _FILE.fullmatch(file)
    return match[1] if match else ""


def order_note(folders: Iterable[str]) -> str:
    """Return what has to be known of a tree whose order is not that of the thousand classes.

    Programs that number classes by the order of the folders give other numbers there. Here ids
    are read, so that the labels hold all the same.
    """
    ids = sorted(match[1] for name in folders if (match := _FOLDER.fullmatch(name)))
    if not ids or (len(ids) == 1000 and ids[0] == FIRST_SYNSET):
        return ""
    return (
        f"{len(ids)} synsets, the first of which is {ids[0]}: not the thousand classes, whose "
        f"index 0 is {FIRST_SYNSET}; labels come from the ids, class numbers would be others"
    )
