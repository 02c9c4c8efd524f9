"""COCO: one JSON file a split, with the licenses of its images, and one with boxes where there are.

``annotations/labels_SPLIT.json`` says which class an image is of, in annotations without a box:
an image that shows a car is not a car from edge to edge. ``annotations/boxes_SPLIT.json`` has the
real boxes that came with images of Open Images, and these images alone, because one without boxes
would count as an image without cars. Both are parts of COCO that ``pycocotools`` reads.

Layout: https://cocodataset.org/#format-data
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from typing import IO, TYPE_CHECKING, Any

from carsets.exports.base import ExportFormat, ReleaseFacts
from carsets.exports.columns import license_facts, public_url, whole
from carsets.exports.frames import Frame, boxes_of
from carsets.exports.image_facts import (
    UNSPLIT,
    ascii_json,
    facts_of,
    image_place,
    split_of,
    usual_extension,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from carsets.licenses import DeclaredLicense
    from carsets.release.folder import ReleaseFolder
    from carsets.release.record import ImageFile, Record

_FACTS = (
    "image_id",
    "sha256",
    "title",
    "author",
    "author_url",
    "attribution",
    "page_url",
    "source",
)


class CocoFormat(ExportFormat):
    """``annotations/labels_train.json`` and ``images/01/0123456789abcdef.jpg``."""

    name = "coco"
    summary = "annotations/labels_SPLIT.json with a table of licenses, boxes where there are any"
    carries_images = True
    note = (
        "Annotations of labels_SPLIT.json have no bbox: they say what an image is of, not where. "
        "boxes_SPLIT.json lists only images that came with real boxes. file_name is relative to "
        "this folder; coco_url is where the image was found."
    )

    def __init__(self, folder: ReleaseFolder, facts: ReleaseFacts) -> None:
        super().__init__(folder, facts)
        self._frame = Frame(facts.size)
        self._licenses = _Licenses(facts.licenses)
        self._classes = {label: number for number, label in enumerate(facts.classes, start=1)}
        self._boxed: dict[str, int] = {}  # class of a box -> its number
        self._labels = {split or UNSPLIT: _Parts(folder) for split in facts.splits}
        self._boxes = {split or UNSPLIT: _Parts(folder) for split in facts.splits}
        self._images = self._annotations = 0

    def image_path(self, record: Record, extension: str) -> str:
        """Return ``images/01/0123456789abcdef.jpg``."""
        return image_place(record, extension)

    def add(self, record: Record, image: ImageFile | None) -> None:
        """Set an image and its annotations aside, until the files can be written."""
        split = split_of(record)
        self._images += 1
        told = ascii_json(self._image(record, image))
        labels, boxes = self._labels[split], self._boxes[split]
        labels.images.add(told)
        if record.label in self._classes:
            labels.annotations.add(ascii_json(self._annotation(self._classes[record.label])))
        found = boxes_of(record, image, self._frame)
        if found:
            boxes.images.add(told)
        for name, box in found:
            number = self._boxed.setdefault(name, len(self._boxed) + 1)
            area = round(box[2] * box[3], 2)
            boxed = {"bbox": box, "area": area, "iscrowd": 0, "segmentation": []}
            boxes.annotations.add(ascii_json(self._annotation(number) | boxed))

    def finish(self) -> None:
        """Write the files."""
        classes = _categories(self._classes, self.facts.label or "class")
        boxed = _categories(self._boxed, "vehicle")
        for split, parts in self._labels.items():
            self._write(f"annotations/labels_{split}.json", parts, classes)
        for split, parts in self._boxes.items():
            if parts.images.count:
                self._write(f"annotations/boxes_{split}.json", parts, boxed)
        for parts in (*self._labels.values(), *self._boxes.values()):
            parts.close()

    def _image(self, record: Record, image: ImageFile | None) -> dict[str, Any]:
        facts = facts_of(record, image)
        extension = image.extension if image else usual_extension(record)
        url = public_url(record.url) or ""
        return {
            "id": self._images,
            "file_name": image_place(record, extension),
            "width": facts["width"],
            "height": facts["height"],
            "license": self._licenses.number(record.license),
            "coco_url": url,
            "flickr_url": url if ".staticflickr.com/" in url else "",
            "date_captured": facts["taken"] or "",
            **{name: facts[name] or "" for name in _FACTS},
        }

    def _annotation(self, category: int) -> dict[str, Any]:
        self._annotations += 1
        return {"id": self._annotations, "image_id": self._images, "category_id": category}

    def _write(self, name: str, parts: _Parts, categories: list[dict[str, Any]]) -> None:
        if self.folder.has(name):
            return
        newest = self.facts.newest
        info = {
            "description": whole(self.facts.name),
            "version": self.facts.version,
            "year": int(newest[:4]) if newest[:4].isdigit() else 0,
            "date_created": newest,
            "contributor": "",
            "url": "",
        }
        with self.folder.write(name) as file:
            file.write(f'{{"info":{ascii_json(info)},\n"licenses":['.encode())
            _write_lines(file, map(ascii_json, self._licenses.table()))
            file.write(b'],\n"images":[')
            parts.images.copy_to(file)
            file.write(b'],\n"annotations":[')
            parts.annotations.copy_to(file)
            file.write(b'],\n"categories":[')
            _write_lines(file, map(ascii_json, categories))
            file.write(b"]}\n")


class _Licenses:
    """The table of licenses: numbers that depend on which there are, not on their order."""

    def __init__(self, codes: Iterable[str]) -> None:
        self._numbers = {code: number for number, code in enumerate(sorted(codes), start=1)}
        self._seen: dict[str, DeclaredLicense] = {}

    def number(self, license: DeclaredLicense) -> int:
        self._seen.setdefault(license.code, license)
        return self._numbers.setdefault(license.code, len(self._numbers) + 1)

    def table(self) -> list[dict[str, Any]]:
        rows = []
        for code, number in self._numbers.items():
            if code in self._seen:
                name, spdx, url, _ = license_facts(self._seen[code])
                rows.append({"id": number, "name": name, "url": url, "code": code, "spdx": spdx})
        return rows


class _Lines:
    """A list that grows in a file without a name, beside the release."""

    def __init__(self, folder: ReleaseFolder) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile(dir=folder.path)  # noqa: SIM115
        self.close = weakref.finalize(self, self._file.close)  # also when a release fails
        self.count = 0

    def add(self, text: str) -> None:
        self._file.write(b",\n" if self.count else b"\n")
        self._file.write(text.encode())
        self.count += 1

    def copy_to(self, file: IO[bytes]) -> None:
        self._file.seek(0)
        shutil.copyfileobj(self._file, file, 1 << 18)


class _Parts:
    """What goes into one file."""

    def __init__(self, folder: ReleaseFolder) -> None:
        self.images = _Lines(folder)
        self.annotations = _Lines(folder)

    def close(self) -> None:
        self.images.close()
        self.annotations.close()


def _categories(numbers: dict[str, int], above: str) -> list[dict[str, Any]]:
    return [
        {"id": number, "name": whole(name), "supercategory": above}
        for name, number in numbers.items()
    ]


def _write_lines(file: IO[bytes], lines: Iterable[str]) -> None:
    file.write(("\n" + ",\n".join(lines)).encode())
