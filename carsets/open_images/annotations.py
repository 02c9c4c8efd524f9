"""The labels and boxes of the images that matter, in compact arrays.

The files hold tens of millions of rows, nearly all of them about other things than cars. A row
about another class costs nothing; one about ours 11 bytes (a label) or 27 (a box), beside which
a Python object would take some hundred.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np

from carsets.image_lists.tables import parse_line
from carsets.image_lists.text_lines import read_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from carsets.open_images.classes import ImageClass

_HUMAN = 128  # added to a confidence of 0 to 100
# Flags of a box, each 1, 0, or -1 for unknown; kept as value + 1 in two bits.
FLAGS = ("IsOccluded", "IsTruncated", "IsGroupOf", "IsDepiction", "IsInside")
_HEX = frozenset("0123456789abcdef")


def key_of(image_id: str) -> int:
    """Return 64 bits for an image: its id is 16 hex digits; any other id is hashed."""
    if len(image_id) == 16 and _HEX.issuperset(image_id):
        return int(image_id, 16)
    return int.from_bytes(blake2b(image_id.encode(), digest_size=8).digest(), "big")


@dataclass(frozen=True, slots=True)
class Box:
    """One box, in parts of the image's width and height."""

    of: ImageClass
    corners: tuple[float, float, float, float]  # x min, x max, y min, y max
    flags: tuple[int, ...]  # in the order of FLAGS

    @property
    def area(self) -> float:
        """The part of the image that it covers."""
        left, right, top, bottom = self.corners
        return max(right - left, 0.0) * max(bottom - top, 0.0)

    @property
    def is_usable(self) -> bool:
        """Whether it frames one real vehicle, seen from outside."""
        return 1 not in self.flags[2:]

    @property
    def is_unreal(self) -> bool:
        """Whether it frames a drawing or a toy, or the view from inside."""
        return 1 in self.flags[3:]

    def as_json(self) -> dict[str, Any]:
        """Return it in JSON types."""
        names = ("x_min", "x_max", "y_min", "y_max")
        places = {n: round(c, 6) for n, c in zip(names, self.corners, strict=True)}
        told = {"occluded": self.flags[0], "truncated": self.flags[1]}
        return {"class": self.of.name, "mid": self.of.mid, **places, **told}


@dataclass(frozen=True, slots=True)
class Shown:
    """A class that an image shows: who says so, and how sure they are."""

    of: ImageClass
    by: str  # "human", "machine" or "box"
    confidence: float


@dataclass(frozen=True, slots=True)
class About:
    """What is known of one image."""

    shown: tuple[Shown, ...]
    negatives: tuple[ImageClass, ...]  # people looked, and it is not there
    boxes: tuple[Box, ...]  # usable ones of the classes that are shown


class Damaged:
    """How many rows could not be read, and where the first few are."""

    def __init__(self) -> None:
        self.count = 0
        self.examples: list[str] = []

    def add(self, name: str, line: int) -> None:
        """Count one."""
        self.count += 1
        if len(self.examples) < 5:
            self.examples.append(f"{name} line {line}")


class Annotations:
    """Labels and boxes of the chosen classes; collected, then asked image by image."""

    def __init__(self, classes: Sequence[ImageClass], min_confidence: float) -> None:
        self.classes = tuple(classes)
        self.damaged = Damaged()
        self._number = {one.mid: place for place, one in enumerate(self.classes)}
        self._least = round(min_confidence * 100)
        self._labels = _Columns("QHB")  # image, class, value
        self._boxes = _Columns("QHHffff")  # image, class, flags, corners
        self._keys = array("Q")  # of all images that are mentioned, sorted

    def read_labels(self, path: Path) -> None:
        """Collect the labels of one file. Raises OSError and EOFError."""
        for line, row in self._rows(path, ("ImageID", "LabelName", "Source", "Confidence")):
            try:
                value = min(max(round(float(row[3] or 1) * 100), 0), 100)
            except ValueError:
                self.damaged.add(path.name, line)
                continue
            human = 0 if row[2].strip().lower() == "machine" else _HUMAN
            self._labels.append(key_of(row[0]), self._number[row[1]], value + human)

    def read_boxes(self, path: Path) -> None:
        """Collect the boxes of one file. Raises OSError and EOFError."""
        columns = ("ImageID", "LabelName", "XMin", "XMax", "YMin", "YMax", *FLAGS)
        for line, row in self._rows(path, columns):
            try:
                corners = [float(cell) for cell in row[2:6]]
                told = [int(float(cell)) if cell.strip() else -1 for cell in row[6:]]
            except (ValueError, OverflowError):
                self.damaged.add(path.name, line)
                continue
            flags = sum((min(max(flag, -1), 1) + 1) << 2 * n for n, flag in enumerate(told))
            self._boxes.append(key_of(row[0]), self._number[row[1]], flags, *corners)

    def _rows(self, path: Path, columns: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
        """Yield line number and cells, by the header's names, of rows about our classes.

        The newest files append columns; older boxes have no flags: these cells are "".
        """
        lines = read_lines(path)
        header = [cell.strip().casefold() for cell in parse_line(next(lines, ""), ",") or ()]
        places = [header.index(c.casefold()) if c.casefold() in header else -1 for c in columns]
        label, width = places[1], len(header)
        for number, line in enumerate(lines, start=2):
            cells = line.split(",", label + 1)
            if '"' not in line and (
                len(cells) <= label or cells[label].strip() not in self._number
            ):
                if len(cells) <= label and line.strip():
                    self.damaged.add(path.name, number)
                continue
            row = parse_line(line, ",") or []
            if len(row) != width:
                self.damaged.add(path.name, number)
            elif row[label].strip() in self._number:
                yield number, [row[place].strip() if place >= 0 else "" for place in places]

    def settle(self) -> None:
        """Sort what was collected; to be called once, before anything is asked."""
        self._labels.sort()
        self._boxes.sort()
        both = [np.frombuffer(rows.keys, np.uint64) for rows in (self._labels, self._boxes) if rows]
        self._keys = array("Q", np.unique(np.concatenate(both)).tobytes() if both else b"")

    def __len__(self) -> int:
        """Return how many labels and boxes are held."""
        return len(self._labels) + len(self._boxes)

    def mentions(self, key: int) -> bool:
        """Say whether anything is known of an image."""
        place = bisect_left(self._keys, key)
        return place < len(self._keys) and self._keys[place] == key

    def about(self, key: int) -> About:
        """Return what is known of an image: nothing shown when no class of ours is."""
        labels: dict[int, list[int]] = defaultdict(list)
        for _, number, value in self._labels.of(key):
            labels[int(number)].append(int(value))
        boxes: dict[int, list[Box]] = defaultdict(list)
        for _, number, flags, *corners in self._boxes.of(key):
            told = tuple((int(flags) >> 2 * place & 3) - 1 for place in range(len(FLAGS)))
            x_min, x_max, y_min, y_max = (float(corner) for corner in corners)
            box = Box(self.classes[int(number)], (x_min, x_max, y_min, y_max), told)
            boxes[int(number)].append(box)
        shown, negatives, kept = [], [], []
        for number in sorted({*labels, *boxes}):
            said = self._shown(number, labels[number], boxes[number])
            if said:
                shown.append(said)
                kept += [box for box in boxes[number] if box.is_usable]
            elif any(value >= _HUMAN for value in labels[number]):
                negatives.append(self.classes[number])
        return About(tuple(shown), tuple(negatives), tuple(kept))

    def _shown(self, number: int, values: list[int], boxes: list[Box]) -> Shown | None:
        """Weigh what is said of one class: people before machines, and a no before a yes."""
        one = self.classes[number]
        human = [value - _HUMAN for value in values if value >= _HUMAN]
        if human and min(human) < 50:
            return None
        if boxes and all(box.is_unreal for box in boxes):
            return None
        if boxes:
            return Shown(one, "box", 1.0)
        if human:
            return Shown(one, "human", max(human) / 100)
        machine = max((value for value in values if value < _HUMAN), default=-1)
        return Shown(one, "machine", machine / 100) if machine >= self._least else None


class _Columns:
    """Rows of numbers in one array a column, the first of which is the image's key."""

    def __init__(self, codes: str) -> None:
        self._columns = [array(code) for code in codes]

    def __len__(self) -> int:
        return len(self._columns[0])

    @property
    def keys(self) -> array[int]:
        """The first column."""
        return self._columns[0]

    def append(self, *values: float) -> None:
        for column, value in zip(self._columns, values, strict=True):
            column.append(value)  # type: ignore[arg-type]  # of the type that its code says

    def sort(self) -> None:
        """Sort by key, column by column, so that no more than one is there twice."""
        if not len(self):
            return
        order = np.argsort(np.frombuffer(self._columns[0], np.uint64), kind="stable")
        for place, column in enumerate(self._columns):
            plain = np.frombuffer(column, dtype=column.typecode)
            self._columns[place] = array(column.typecode, plain[order].tobytes())

    def of(self, key: int) -> Iterable[Sequence[float]]:
        keys = self._columns[0]
        place = bisect_left(keys, key)
        while place < len(keys) and keys[place] == key:
            yield [column[place] for column in self._columns]
            place += 1
