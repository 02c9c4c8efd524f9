"""How many faces and number plates ``scrapy export --blur`` finds, and what else it hides.

    python -m benchmarks.blur --photos FOLDER
    python -m benchmarks.blur --photos FOLDER --faces cascade.xml --write

FOLDER holds the photos that ``blur_labels.csv`` names by their sha256 (``left`` to ``bottom`` in
thousandths of the upright picture, by eye, so a hundredth off; everything that a person can
recognize or read, from about 12 pixels). A face or plate is found when three quarters of it are
inside of what is hidden. ``--write`` puts the figures where cards take them from.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from carsets.blurring.boxes import Box
from carsets.blurring.models import FACE, PLATE, BlurModels, blur_models, load_finders
from carsets.blurring.mosaic import MARGIN
from carsets.release.blur_facts import key_of
from carsets.release.derived import LOOKED_AT

if TYPE_CHECKING:
    from collections.abc import Iterator

LABELS = Path(__file__).with_name("blur_labels.csv")
FIGURES = Path(__file__).parent.parent / "carsets" / "data" / "blur_recall.csv"
HIDDEN = 0.75  # of a label's area
TOUCHING = 0.3  # of the smaller area: a box that covers so much of a label belongs to it
GRID = 60  # points of a label, across and down, that are looked at
COLUMNS = ("kind", "sha256", "photos", "labelled", "found", "boxes", "wrong", "date")


def main() -> int:
    """Measure each kind, and print or write the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--faces", default="", metavar="FILE")
    parser.add_argument("--plates", default="", metavar="FILE")
    parser.add_argument("--kinds", nargs="+", default=(FACE, PLATE))
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    own = {
        kind: (path, digest(path)) for kind, path in ((FACE, asked.faces), (PLATE, asked.plates))
    }
    models = blur_models(own)
    labels = read_labels()
    photos = list(pictures(asked.photos, labels))
    print(f"{len(photos)} of {len(labels)} labelled photos are in {asked.photos}")
    if not photos:
        return 1
    for kind in asked.kinds:
        line = measure(kind, models, photos, labels)
        if asked.write and len(photos) == len(labels):
            write(line)
    return 0


def measure(
    kind: str,
    models: BlurModels,
    photos: list[tuple[str, Image.Image]],
    labels: dict[str, list[tuple[str, Box]]],
) -> dict[str, str]:
    """Return a line of ``blur_recall.csv``, and print it."""
    finder = load_finders(models)[kind]
    counts: Counter[str] = Counter(photos=len(photos))
    began = time.process_time()
    for sha256, picture in photos:
        boxes = [box.grown(MARGIN) for box in finder.find(picture)]
        wanted = [box for name, box in labels[sha256] if name == kind]
        counts["labelled"] += len(wanted)
        counts["found"] += sum(covered(box, boxes) >= HIDDEN for box in wanted)
        counts["boxes"] += len(boxes)
        counts["wrong"] += sum(not any(touch(box, other) for other in wanted) for box in boxes)
    spent = (time.process_time() - began) / len(photos)
    recall, precision = (
        ratio(counts["found"], counts["labelled"]),
        1 - ratio(counts["wrong"], counts["boxes"]),
    )
    print(
        f"{kind}: recall {recall:.2f} ({counts['found']} of {counts['labelled']}), precision "
        f"{precision:.2f} ({counts['wrong']} of {counts['boxes']} boxes hide something else), "
        f"{spent * 1000:.0f} CPU ms a photo"
    )
    line = {name: str(counts[name]) for name in COLUMNS[2:-1]}
    date = datetime.now(UTC).date().isoformat()
    return {"kind": kind, "sha256": key_of(models, kind), **line, "date": date}


def ratio(part: int, whole: int) -> float:
    """Return a share, 0 of nothing."""
    return part / whole if whole else 0.0


def read_labels() -> dict[str, list[tuple[str, Box]]]:
    """Return the labels of each photo by its sha256; photos without any have an empty list."""
    found: dict[str, list[tuple[str, Box]]] = {}
    with LABELS.open(newline="") as file:
        for line in csv.DictReader(file):
            boxes = found.setdefault(line["sha256"], [])
            if line["kind"] != "none":
                sides = (int(line[side]) / 1000 for side in ("left", "top", "right", "bottom"))
                boxes.append((line["kind"], Box(*sides)))
    return found


def pictures(folder: Path, labels: object) -> Iterator[tuple[str, Image.Image]]:
    """Yield the labelled photos, upright, at the size at which an export looks at them."""
    assert isinstance(labels, dict)
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        body = path.read_bytes()
        sha256 = hashlib.sha256(body).hexdigest()
        if sha256 in labels:
            picture = ImageOps.exif_transpose(Image.open(io.BytesIO(body))).convert("RGB")
            picture.thumbnail((LOOKED_AT, LOOKED_AT))
            yield sha256, picture


def covered(label: Box, boxes: list[Box]) -> float:
    """Return the share of a label that is inside of the boxes together."""
    x = label.left + (np.arange(GRID) + 0.5) / GRID * (label.right - label.left)
    y = label.top + (np.arange(GRID) + 0.5) / GRID * (label.bottom - label.top)
    inside = np.zeros((GRID, GRID), bool)
    for box in boxes:
        inside |= np.outer((y >= box.top) & (y < box.bottom), (x >= box.left) & (x < box.right))
    return float(inside.mean())


def touch(box: Box, label: Box) -> bool:
    """Whether a box belongs to a label."""
    across = min(box.right, label.right) - max(box.left, label.left)
    down = min(box.bottom, label.bottom) - max(box.top, label.top)
    smaller = min(area(box), area(label))
    return across > 0 and down > 0 and across * down >= TOUCHING * smaller


def area(box: Box) -> float:
    """Return the area of a box."""
    return (box.right - box.left) * (box.bottom - box.top)


def write(line: dict[str, str]) -> None:
    """Put a line in the place of an older one of the same files."""
    with FIGURES.open(newline="") as file:
        lines = list(csv.DictReader(file))
    lines = [old for old in lines if (old["kind"], old["sha256"]) != (line["kind"], line["sha256"])]
    with FIGURES.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(sorted([*lines, line], key=lambda row: (row["kind"], row["sha256"])))


def digest(path: str) -> str:
    """Return the sha256 of a file, "" for none."""
    return hashlib.sha256(Path(path).read_bytes()).hexdigest() if path else ""


if __name__ == "__main__":
    raise SystemExit(main())
