"""COCO JSON: images with their licenses, and what the annotations see in them.

Read twice: first categories, licenses and annotations, of which 32 bytes each are kept, then the
images one by one.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections import defaultdict
from hashlib import blake2b
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from carsets.image_lists.columns import assign_columns
from carsets.image_lists.json_arrays import JsonShapeError, read_members
from carsets.image_lists.rows import ListRow, bad_row, read_row
from carsets.image_lists.text_lines import open_text
from carsets.queries.vocabulary import body_named

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAX_BOXES = 100  # of one image that are kept in ``extra``, the largest first
_MEMBER = re.compile(r'"(?:images|annotations|categories|licenses|info|videos)"\s*:\s*[\[{]')


def looks_like_coco(head: str) -> bool:
    """Say whether a file begins as COCO does: one object with lists as its members."""
    return head.lstrip().startswith("{") and _MEMBER.search(head[:4096]) is not None


def read_coco(name: str, path: Path) -> Iterator[ListRow]:
    """Yield one row for every image; ``line`` counts them from 1.

    The label is the category that takes most of the image. Raises OSError, also for what is not
    COCO or is cut off.
    """
    try:
        known = _Annotations()
        with open_text(path) as stream:
            for member, element in read_members(stream, {"categories", "licenses", "annotations"}):
                known.add(member, element)
        known.settle()
        number = 0
        with open_text(path) as stream:
            for _, image in read_members(stream, {"images"}):
                number += 1
                yield _read_image(name, number, image, known)
    except JsonShapeError as error:
        raise OSError(f"not COCO: {error}") from None


def _read_image(name: str, number: int, image: Any, known: _Annotations) -> ListRow:
    if not isinstance(image, dict):
        return bad_row(name, number, "", "an object was expected")
    meant = assign_columns(list(image))
    facts: dict[str, str] = {}
    extra: dict[str, Any] = {}
    for place, (key, value) in enumerate(image.items()):
        if value is None or value == "" or isinstance(value, list | dict):
            continue
        if isinstance(value, float) and not isfinite(value):
            continue
        if place in meant:
            facts[meant[place]] = str(value).strip()
        else:
            extra[key] = value
    if facts.get("license"):
        facts["license"] = known.licenses.get(facts["license"], facts["license"])
    seen = known.of(image.get("id"))
    if seen:
        extra["categories"] = [category for category, _ in seen]
        extra["boxes"] = [
            {"category": category, "box": box} for category, boxes in seen for box in boxes
        ][:MAX_BOXES]
        facts.setdefault("label", seen[0][0])
        body = body_named(seen[0][0])
        if body:
            facts.setdefault("body", body)
    return read_row(name, number, facts, extra)


def _key(image_id: Any) -> int | None:
    """Return 64 bits for an image's id, which is a number or, in the wild, a text."""
    if isinstance(image_id, int) and 0 <= image_id < 2**63:
        return image_id
    if isinstance(image_id, str) and image_id:
        return 2**63 | int.from_bytes(blake2b(image_id.encode(), digest_size=8).digest(), "big")
    return None


class _Annotations:
    """Categories, licenses, and the boxes of all images in arrays."""

    def __init__(self) -> None:
        self.licenses: dict[str, str] = {}  # id -> address, or name
        self.categories: dict[int, str] = {}
        self._keys = array("Q")
        self._category = array("q")
        self._boxes = tuple(array("f") for _ in range(4))  # x, y, width, height

    def add(self, member: str, element: Any) -> None:
        """Take note of one element; what has not the shape of COCO is passed over."""
        if not isinstance(element, dict):
            return
        number = element.get("id")
        if member == "licenses":
            text = element.get("url") or element.get("name")
            if isinstance(text, str) and isinstance(number, int | str):
                self.licenses[str(number)] = text.strip()
        elif member == "categories":
            name = element.get("name")
            if isinstance(number, int) and isinstance(name, str) and name.strip():
                self.categories[number] = name.strip()
        else:
            self._add_annotation(element)

    def _add_annotation(self, element: dict[str, Any]) -> None:
        key, category = _key(element.get("image_id")), element.get("category_id")
        if key is None or not isinstance(category, int) or not -(2**63) <= category < 2**63:
            return
        self._keys.append(key)
        self._category.append(category)
        for column, side in zip(self._boxes, _read_box(element.get("bbox")), strict=True):
            column.append(side)

    def settle(self) -> None:
        """Sort by image."""
        if not self._keys:
            return
        order = np.argsort(np.frombuffer(self._keys, np.uint64), kind="stable")
        self._keys = _sorted(self._keys, order)
        self._category = _sorted(self._category, order)
        self._boxes = tuple(_sorted(column, order) for column in self._boxes)

    def of(self, image_id: Any) -> list[tuple[str, list[list[float]]]]:
        """Return the categories of an image with their boxes, the one with most area first."""
        key = _key(image_id)
        if key is None:
            return []
        found: dict[str, list[list[float]]] = defaultdict(list)
        place = bisect_left(self._keys, key)
        while place < len(self._keys) and self._keys[place] == key:
            name = self.categories.get(self._category[place])
            if name:
                found[name].append([round(column[place], 2) for column in self._boxes])
            place += 1
        for boxes in found.values():
            boxes.sort(key=_area, reverse=True)
        return sorted(found.items(), key=lambda item: -sum(map(_area, item[1])))


def _read_box(box: Any) -> tuple[float, ...]:
    """Return x, y, width and height; zeros for what is no box."""
    try:
        sides = tuple(float(side) for side in box)
    except (TypeError, ValueError, OverflowError):
        return (0.0,) * 4
    whole = len(sides) == 4 and all(isfinite(side) and abs(side) < 1e9 for side in sides)
    return sides if whole else (0.0,) * 4


def _area(box: list[float]) -> float:
    return max(box[2], 0.0) * max(box[3], 0.0)


def _sorted(column: array[Any], order: Any) -> array[Any]:
    plain = np.frombuffer(column, dtype=column.typecode)
    return array(column.typecode, plain[order].tobytes())
