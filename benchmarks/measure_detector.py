"""Measure how well the detector finds cars: precision and recall on labelled photos.

    python benchmarks/measure_detector.py --photos FOLDER [--models FOLDER] [--cifar FOLDER]

FOLDER of photos holds ``index.csv`` (file, label, clear, subject). Every photo takes the way of a
crawl: one look, the small picture, a batch in the detector's process. With ``--models`` the
published ResNet-50 weights are measured too, through the option for a user's own weights.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from published_resnet50 import write_resnet50

from carsets.fakeweb.drawing import draw_scene
from carsets.vision.detection import Rule, detect
from carsets.vision.detector_engine import BatchPlan
from carsets.vision.detector_pool import DetectorService
from carsets.vision.inspection import Limits, Refusal, inspect
from carsets.vision.labels import DEFAULT_LABELS, PRESET_2016
from carsets.vision.model_files import ModelSpec

if TYPE_CHECKING:
    from collections.abc import Iterable

Small = tuple[bytes, tuple[int, int, int]]

# The car classes of the table in the photos' README, whose rows are to be reproduced.
README_LABELS = (
    "ambulance", "beach wagon", "cab", "convertible", "jeep", "limousine", "minibus", "minivan",
    "Model T", "moving van", "pickup", "police van", "racer", "recreational vehicle",
    "sports car", "tow truck",
)  # fmt: skip
LARGE_VEHICLES = ("bus", "truck", "lorry", "tram", "trailer")
DRAWN_SEED = 2_000_000_000  # scenes that the built-in network was not trained on


@dataclass(slots=True)
class Picture:
    """One labelled picture, small."""

    name: str
    label: str  # car, part or other
    subject: str
    small: Small
    numbers: tuple[np.ndarray, bytes] = field(default=(np.zeros(0), b""))


def read_photos(folder: Path) -> list[Picture]:
    """Look at the clear photos of a labelled folder, as a crawl does."""
    found = []
    limits = Limits(formats=("JPEG", "PNG", "WEBP", "GIF", "BMP"))
    with (folder / "index.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["clear"] == "yes"]
    for row in rows:
        try:
            seen = inspect((folder / row["file"]).read_bytes(), limits)
        except Refusal as refusal:
            print(f"not looked at: {row['file']}: {refusal}")
            continue
        small = seen.small, seen.small_shape
        found.append(Picture(row["file"], row["label"], row["subject"], small))
    return found


def draw_pictures(count: int) -> list[Picture]:
    """Draw scenes: every third is a vehicle, every third a part or an interior."""
    found = []
    for number in range(count):
        kind, label = (("vehicle", "car"), ("other", "other"), ("part", "part"))[number % 3]
        if number % 6 == 5:
            kind = "interior"
        picture = draw_scene(DRAWN_SEED + number, kind=kind, size=(341, 256))
        small = np.asarray(picture)
        found.append(Picture(f"drawn {number}", label, kind, (small.tobytes(), small.shape)))
    return found


def read_cifar_test(folder: Path, count: int) -> list[Picture]:
    """Return the first pictures of CIFAR-10's test files, as their labels name them."""
    import io

    bundle = np.load(folder / "cifar10_test_jpeg.npz", allow_pickle=False)
    head, data, offsets = bundle["header"].tobytes(), bundle["data"].tobytes(), bundle["offsets"]
    found = []
    for number in range(min(count, len(offsets) - 1)):
        body = head + data[offsets[number] : offsets[number + 1]]
        small = np.asarray(Image.open(io.BytesIO(body)).convert("RGB"))
        subject = str(bundle["classes"][bundle["labels"][number]])
        label = "car" if subject in ("automobile", "truck") else "other"
        found.append(Picture(f"cifar {number}", label, subject, (small.tobytes(), small.shape)))
    return found


async def look_at(service: DetectorService, pictures: list[Picture]) -> None:
    """Fill in every picture's numbers."""
    assert service.engine is not None
    engine = service.engine
    for start in range(0, len(pictures), 256):
        some = pictures[start : start + 256]
        answers = await asyncio.gather(*(engine.ask(*picture.small) for picture in some))
        for picture, numbers in zip(some, answers, strict=True):
            picture.numbers = numbers


def line(
    title: str, service: DetectorService, rule: Rule, pictures: list[Picture], kept: Iterable[str]
) -> None:
    """Print one row of the table."""
    seen = [(one, detect(one.numbers[0], service.table, rule)) for one in pictures]
    positive = [(one, found) for one, found in seen if found.verdict in kept]
    hits = sum(one.label == "car" for one, _ in positive)
    cars = sum(one.label == "car" for one in pictures)
    parts = sum(one.label == "part" for one, _ in positive)
    large = sum(is_large(one) for one, _ in positive)
    others = len(positive) - hits - parts
    print(
        f"| {title} | {hits / max(1, len(positive)):.3f} | {hits / cars:.3f} "
        f"| {parts} parts, {others} others ({large} of them buses, lorries, trams) |",
        flush=True,
    )


def is_large(picture: Picture) -> bool:
    """Tell whether a photo that is not of a car shows a large road vehicle."""
    return picture.label == "other" and any(word in picture.subject for word in LARGE_VEHICLES)


async def measure(
    spec: ModelSpec, title: str, sets: dict[str, list[Picture]], rows: list[tuple[str, Rule, tuple]]
) -> None:
    """Print the rows of one network over every set of pictures."""
    service = DetectorService(spec, plan=BatchPlan(size=32, max_wait=0.2))
    await service.start()
    assert service.engine is not None
    print(f"\n{title}: {service.engine.model}, {service.engine.way}")
    for name, pictures in sets.items():
        began = time.monotonic()
        await look_at(service, pictures)
        pace = len(pictures) / (time.monotonic() - began)
        print(f"\n{name}: {len(pictures)} pictures, {pace:.1f}/s")
        print("| rule | precision | recall | false keeps |\n| --- | --- | --- | --- |")
        for text, rule, labels in rows:
            judge = DetectorService(spec, rule, labels=labels)
            line(text, judge, rule, pictures, ("keep",))
            if text == rows[0][0]:
                line(f"{text}, review counted as kept", judge, rule, pictures, ("keep", "review"))
        print_views(service, pictures)
    await service.close()


def print_views(service: DetectorService, pictures: list[Picture]) -> None:
    """Print which view was seen, per label."""
    counts: dict[tuple[str, str], int] = {}
    for one in pictures:
        found = detect(one.numbers[0], service.table, service.rule)
        counts[one.label, found.view] = counts.get((one.label, found.view), 0) + 1
    print(
        "views:",
        ", ".join(f"{label} seen as {view} {n}" for (label, view), n in sorted(counts.items())),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--models", type=Path, help="folder of the published ResNet-50 weights")
    parser.add_argument("--cifar", type=Path, help="folder of cifar10_test_jpeg.npz")
    parser.add_argument("--drawn", type=int, default=600, help="scenes to draw")
    parser.add_argument("--no-builtin", action="store_true")
    asked = parser.parse_args()
    photos = read_photos(asked.photos)
    group, top4 = Rule(), Rule(name="top4")
    if not asked.no_builtin:
        sets = {"clear photos": photos, "drawn scenes": draw_pictures(asked.drawn)}
        if asked.cifar:
            sets["CIFAR-10 test"] = read_cifar_test(asked.cifar, 10_000)
        rows = [
            ("group", group, DEFAULT_LABELS),
            ("group, cars alone (no trucks)", group, ("car",)),
        ]
        asyncio.run(measure(ModelSpec(model="builtin"), "Built-in", sets, rows))
    if asked.models:
        rows = [
            ("group", group, DEFAULT_LABELS),
            ("top4", top4, DEFAULT_LABELS),
            ("top4, labels of the photos' README", top4, README_LABELS),
            ("top4, preset-2016", top4, (PRESET_2016,)),
        ]
        with tempfile.TemporaryDirectory() as folder:
            for refit in (False, True):
                path = Path(folder) / f"resnet50_{refit}.npz"
                sha256 = write_resnet50(asked.models, path, refit=refit)
                spec = ModelSpec(weights=str(path), sha256=sha256)
                title = "ResNet50, published weights" + (", refit kernels" if refit else "")
                asyncio.run(measure(spec, title, {"clear photos": photos}, rows))


if __name__ == "__main__":
    main()
