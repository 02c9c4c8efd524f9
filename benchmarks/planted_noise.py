"""A catalog whose faults are known, and how many of them ``scrapy curate`` finds.

    python -m benchmarks.planted_noise [--images 4000] [--vectors] [--no-files] [--seed 1]

Planted are 5 % swapped labels, 3 % near duplicates (rescaled, encoded anew, cropped, watermarked,
mirrored), 2 % outliers (things that are no cars) and 1 % placeholders. Without ``--vectors`` the
images are drawn scenes, with fingerprints of their files and features of the built-in detector:
class, body and color are what the scene shows; ``--no-files`` is a run where no file can be looked
at (without OpenCV, say). With ``--vectors``, features are vectors around a center for
each class and fingerprints are random numbers: any size, as for ``benchmarks.curation``.

What texts and other queries know, of all images, is a guess about the web, and is written here:
60 % of the good images have a caption that names the make, 1 % one that names another make, 25 %
were found by a second query, which is wrong for 3 %. Of the swapped ones 40 % have a caption that
names the true make, and 25 % were found by a second query, which is right for 90 %. With
``--silent`` there are neither captions nor second queries: features alone. The detector's own
score is not given, so that it cannot find the outliers. 2 % of the good images are reposted by
6 owners: no placeholders. Authors are shared by three images on average.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import sqlite3
import tempfile
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from hashlib import md5, sha256
from pathlib import Path
from time import monotonic, process_time
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from carsets.catalog.catalog import Catalog
from carsets.catalog.schema import images, sightings
from carsets.catalog.unsigned import to_sql, url_hash
from carsets.curation.curate import Curation
from carsets.curation.kinds import Kind
from carsets.curation.local_check import LocalFeatureCheck
from carsets.curation.options import CurateOptions
from carsets.fakeweb.drawing import draw_scene
from carsets.fakeweb.scene import BODIES, COLORS

if TYPE_CHECKING:
    from collections.abc import Iterator

SWAPPED, COPIES, OUTLIERS, PLACEHOLDERS = 0.05, 0.03, 0.02, 0.01
EDITS = ("rescale", "encode", "crop", "watermark", "mirror")
MAKES = (
    *("Ford", "Opel", "Fiat", "Toyota", "Honda", "Mazda", "Volvo", "Audi", "Skoda", "Nissan"),
    *(
        "Renault",
        "Peugeot",
        "Kia",
        "Hyundai",
        "Subaru",
        "Suzuki",
        "Jeep",
        "Porsche",
        "BMW",
        "Lexus",
    ),
)
WIDTH = 128
SPREAD = 0.55  # of vectors around the center of their class, whose length is 1


@dataclass(slots=True)
class Item:
    """One image to be written, and what is wrong with it: "" for nothing."""

    fault: str
    labels: dict[str, str]
    truth: dict[str, str]
    phash: int = 0
    dhash: int = 0
    features: bytes = b""
    file: bytes = b""
    size: tuple[int, int, int] = (320, 240, 20_000)  # width, height, bytes
    title: str = ""
    author: str = ""
    seen: list[tuple[dict[str, str], str]] = field(default_factory=list)  # further: labels, host


class Quiet:
    """A progress that says nothing."""

    def begin(self, stage: str, total: int) -> None: ...

    def advance(self, count: int = 1) -> None: ...


def class_labels(number: int) -> dict[str, str]:
    """Return the labels of a class: a make builds one body in this world."""
    make = MAKES[number % len(MAKES)]
    return {
        "make": make,
        "model": f"{make[0]}{number % len(MAKES)}",
        "body": BODIES[number % len(BODIES)],
        "color": list(COLORS)[number // len(MAKES) % len(COLORS)],
    }


class World:
    """Decides what each image shows, and what is said of it."""

    def __init__(self, seed: int, *, silent: bool) -> None:
        self.chance, self.silent = random.Random(seed), silent

    def items(self, count: int) -> list[tuple[Item, int, str]]:
        """Return items, the number of the scene that each shows, and what was done to it."""
        classes = [class_labels(number) for number in range(len(MAKES) * 3)]
        wanted = {
            "swapped": SWAPPED,
            "copy": COPIES,
            "outlier": OUTLIERS,
            "placeholder": PLACEHOLDERS,
        }
        faults = [name for name, share in wanted.items() for _ in range(round(share * count))]
        faults = [*[""] * (count - len(faults)), *faults]
        good = faults.count("")
        # Copies come after what they copy, everything else in any order.
        head = [fault for fault in faults if fault != "copy"]
        self.chance.shuffle(head)
        rest = [fault for fault in faults if fault == "copy"]
        made: list[tuple[Item, int, str]] = []
        for number, fault in enumerate(head):
            truth = self.chance.choice(classes)
            made.append((self._item(fault, truth, classes, number), number, ""))
        originals = [one for one in made if not one[0].fault]
        assert len(originals) == good
        for number, (original, scene, _) in enumerate(self.chance.sample(originals, len(rest))):
            edit = EDITS[number % len(EDITS)]
            item = Item(f"copy {edit}", dict(original.labels), original.truth)
            self._say(item, len(made) + number)
            made.append((item, scene, edit))
        return made

    def _item(
        self, fault: str, truth: dict[str, str], classes: list[dict[str, str]], number: int
    ) -> Item:
        labels = dict(truth)
        if fault == "swapped":
            others = [one for one in classes if one["make"] != truth["make"]]
            labels = dict(self.chance.choice(others))
        item = Item(fault, labels, truth)
        self._say(item, number)
        if fault == "placeholder":
            item.seen = [(self.chance.choice(classes), f"host{n}.test") for n in range(14)]
        elif not fault and self.chance.random() < 0.02:
            item.seen += [(labels, f"fan{number}-{n}.test") for n in range(5)]
        return item

    def _say(self, item: Item, number: int) -> None:
        chance = self.chance
        item.author = f"author {chance.randrange(1 + number // 3)}"
        if self.silent or item.fault in ("outlier", "placeholder"):
            return
        swapped = item.fault == "swapped"
        said = chance.random()
        if swapped and said < 0.4:
            item.title = f"My {item.truth['make']} in town, photo {number}"
        elif not swapped and said < 0.6:
            item.title = f"{item.labels['make']} {item.labels['model']}, photo {number}"
        elif not swapped and said < 0.61:
            item.title = f"Parked beside {chance.choice(MAKES)}, photo {number}"
        else:
            item.title = f"A day in town, photo {number}"
        if chance.random() < 0.25:
            right = item.truth if chance.random() < (0.9 if swapped else 0.97) else None
            other = class_labels(chance.randrange(len(MAKES)))
            item.seen.append((right or other, f"second{number % 500}.test"))


def draw(items: list[tuple[Item, int, str]]) -> None:
    """Fill in fingerprints and features of drawn scenes."""
    from carsets.vision.car_detector import CarDetector
    from carsets.vision.inspection import Limits, inspect
    from carsets.vision.model_files import ModelSpec

    detector = CarDetector.load(ModelSpec(model="builtin"))
    limits = Limits()
    for start in range(0, len(items), 64):
        pictures = []
        for item, scene, edit in items[start : start + 64]:
            body = encoded(item, scene, edit)
            seen = inspect(body, limits)
            item.file, item.phash, item.dhash = body, seen.phash, seen.dhash
            item.size = (seen.width, seen.height, len(body))
            pictures.append(np.frombuffer(seen.small, np.uint8).reshape(seen.small_shape))
        _, features = detector.predict(pictures)
        for (item, _, _), vector in zip(items[start : start + 64], features, strict=True):
            item.features = vector.astype("<f2").tobytes()


def encoded(item: Item, scene: int, edit: str) -> bytes:
    """Return the file of one image."""
    seed = 3_000_000_000 + scene
    if item.fault in ("outlier", "placeholder"):
        subject = "logo" if item.fault == "placeholder" else None
        picture = draw_scene(seed, kind="other", subject=subject, size=(320, 240))
    else:
        picture = draw_scene(
            seed, body=item.truth["body"], color=item.truth["color"], size=(320, 240)
        )
    file = io.BytesIO()
    edited(picture, edit).save(file, "JPEG", quality=40 if edit == "encode" else 88)
    return file.getvalue()


def edited(picture: Image.Image, edit: str) -> Image.Image:
    """Return what somebody made of a picture."""
    width, height = picture.size
    if edit == "rescale":
        return picture.resize((width * 3 // 5, height * 3 // 5))
    if edit == "crop":
        return picture.crop((width // 14, height // 12, width - width // 12, height - height // 20))
    if edit == "mirror":
        return ImageOps.mirror(picture)
    if edit == "watermark":
        picture = picture.copy()
        pen = ImageDraw.Draw(picture)
        pen.rectangle((0, height - 26, width, height), fill=(20, 20, 20))
        pen.text((8, height - 20), "(c) SOME PHOTO AGENCY  www.agency.test", fill=(250, 250, 250))
    return picture


def invent(items: list[tuple[Item, int, str]], seed: int) -> None:
    """Fill in fingerprints and features that no picture has."""
    rng = np.random.default_rng(seed)
    names = sorted({item.truth["make"] for item, _, _ in items})
    centers = rng.normal(size=(len(names), WIDTH)) / np.sqrt(WIDTH)
    of_scene: dict[int, tuple[Any, int, int]] = {}
    for item, scene, edit in items:
        if edit:
            vector, phash, dhash = of_scene[scene]
            vector = vector + rng.normal(size=WIDTH) * 0.04 / np.sqrt(WIDTH)
            if edit in ("crop", "watermark", "mirror"):  # as a rough guess: other hashes
                phash, dhash = _number(rng), _number(rng)
            else:
                phash ^= 1 << int(rng.integers(64))
        else:
            strange = item.fault in ("outlier", "placeholder")
            center = np.zeros(WIDTH) if strange else centers[names.index(item.truth["make"])]
            wide = 1.2 if strange else SPREAD
            vector = center + rng.normal(size=WIDTH) * wide / np.sqrt(WIDTH)
            phash, dhash = _number(rng), _number(rng)
            of_scene[scene] = vector, phash, dhash
        item.phash, item.dhash = phash, dhash
        item.features = vector.astype("<f2").tobytes()


def _number(rng: np.random.Generator) -> int:
    return int(rng.integers(0, 2**64, dtype=np.uint64))


def store_files(folder: Path, items: list[Item]) -> None:
    """Write the files to an image store."""
    folder.mkdir()
    for number, item in enumerate(items):
        (folder / f"{number}.jpg").write_bytes(item.file)


def write(path: Path, items: list[Item]) -> None:
    """Write a catalog of these images, the oldest first."""
    Catalog.open(f"sqlite:///{path}").close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA synchronous=OFF")
        _insert(database, images.name, (_image(n, item) for n, item in enumerate(items)))
        _insert(
            database,
            sightings.name,
            (row for n, item in enumerate(items) for row in _sightings(n, item)),
        )
        database.commit()


def _insert(database: sqlite3.Connection, table: str, rows: Iterator[dict[str, Any]]) -> None:
    for row in rows:
        marks = ", ".join("?" * len(row))
        database.execute(
            f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", [*row.values()]
        )


def _image(number: int, item: Item) -> dict[str, Any]:
    digest = sha256(b"planted %d" % number).hexdigest()
    return {
        "image_id": digest[:16],
        "sha256": digest,
        "md5": md5(digest.encode()).hexdigest(),
        "pixel_hash": digest[16:32],
        "width": item.size[0],
        "height": item.size[1],
        "bytes": item.size[2],
        "phash": to_sql(item.phash),
        "dhash": to_sql(item.dhash),
        "openness": 50,
        "labels": json.dumps(item.labels),
        "path": f"{number}.jpg",
        "model": "builtin",
        "features": item.features,
        "verdict": "keep",
    }


def _sightings(number: int, item: Item) -> Iterator[dict[str, Any]]:
    digest = sha256(b"planted %d" % number).hexdigest()
    seen = [(item.labels, "photos.test"), *item.seen]
    for rank, (labels, host) in enumerate(seen):
        url = f"https://{host}/{number}-{rank}.jpg"
        query = "-".join(labels.values())
        yield {
            "source": "flickr" if not rank else "bing",
            "query_id": sha256(query.encode()).hexdigest()[:16],
            "rank": rank,
            "url": url,
            "url_hash": to_sql(url_hash(url)),
            "page_url": f"https://{host}/{number}-{rank}",
            "title": "" if rank else item.title,
            "author": "" if rank else item.author,
            "labels": json.dumps(labels),
            "outcome": "duplicate_bytes" if rank else "stored",
            "finality": 2,
            "image_id": digest[:16],
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=4_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--vectors", action="store_true", help="no pictures: any number of images")
    parser.add_argument("--no-files", action="store_true", help="no file can be looked at")
    parser.add_argument("--silent", action="store_true", help="no captions and no second queries")
    asked = parser.parse_args()
    made = World(asked.seed, silent=asked.silent).items(asked.images)
    if asked.vectors:
        invent(made, asked.seed)
    else:
        draw(made)
    items = [item for item, _, _ in made]
    with tempfile.TemporaryDirectory() as folder, ExitStack() as ends:
        path, store = Path(folder) / "catalog.sqlite", Path(folder) / "images"
        write(path, items)
        catalog = ends.enter_context(closing(Catalog.open(f"sqlite:///{path}")))
        check = None
        if not asked.vectors and not asked.no_files:
            store_files(store, items)
            check = ends.enter_context(LocalFeatureCheck(catalog, store))
        curation = Curation(catalog, CurateOptions(), Quiet(), "2026-01-01T00:00:00+00:00")
        began, work = monotonic(), process_time()
        curation.run(check)
        print(f"curated in {monotonic() - began:.0f} s, {process_time() - work:.0f} s of CPU")
    measure(curation, made)


def measure(curation: Curation, made: list[tuple[Item, int, str]]) -> None:
    """Print precision and recall of each kind, and where the planted faults are in the queue.

    Of a planted copy and what it copies either may be the one that is doubted: which is better is
    not for this world to say. So the one that is doubted more counts as the fault.
    """
    items = [item for item, _, _ in made]
    place = np.empty(len(items), np.int64)  # of each item in the corpus
    place[curation.corpus.seq - 1] = np.arange(len(items))
    fault = np.array([items[seq - 1].fault for seq in curation.corpus.seq])
    original = {scene: number for number, (_, scene, edit) in enumerate(made) if not edit}
    doubted = curation.findings.scores[Kind.NEAR_DUPLICATE]
    for number, (item, scene, edit) in enumerate(made):
        copy, copied = place[number], place[original[scene]]
        if edit and doubted[copied] > doubted[copy]:
            fault[copy], fault[copied] = "", item.fault
    kinds = {
        Kind.LABEL_NOISE: "swapped",
        Kind.ENGINE_DISAGREEMENT: "swapped",
        Kind.TEXT_CONTRADICTION: "swapped",
        Kind.OUTLIER: "outlier",
        Kind.NEAR_DUPLICATE: "copy",
        Kind.PLACEHOLDER: "placeholder",
    }
    print("| kind | planted | found | precision | recall |\n|---|---|---|---|---|")
    for kind, wanted in kinds.items():
        planted = np.char.startswith(fault, wanted)
        found = curation.findings.scores[kind] >= (0.3 if kind == Kind.TEXT_CONTRADICTION else 0.5)
        hits = int((planted & found).sum())
        print(
            f"| {kind.value} | {planted.sum()} | {found.sum()} "
            f"| {hits / max(1, found.sum()):.3f} | {hits / max(1, planted.sum()):.3f} |"
        )
    copies = curation.findings.scores[Kind.NEAR_DUPLICATE] >= 0.5
    for edit in EDITS:
        planted = fault == f"copy {edit}"
        print(f"copies by {edit}: {(copies & planted).sum()} of {planted.sum()} found")
    doubt = curation.findings.scores[Kind.DOUBT]
    order = np.argsort(-doubt, kind="stable")
    any_fault = fault != ""
    for share in (0.05, 0.1, 0.2):
        head = order[: round(share * len(order))]
        best = min(1.0, len(head) / any_fault.sum())
        print(
            f"first {share:.0%} of the queue: {any_fault[head].sum() / any_fault.sum():.1%} "
            f"of the planted faults (at best {best:.1%})"
        )
    head = order[: round(0.1 * len(order))]
    for name in ("swapped", "copy", "outlier", "placeholder"):
        planted = np.char.startswith(fault, name)
        print(f"  {name}: {planted[head].sum() / max(1, planted.sum()):.1%} in the first 10 %")
    calibration(curation, np.array([items[seq - 1] for seq in curation.corpus.seq]))
    for one in (*curation.report.labels, curation.report.looked_at):
        print(one)


def calibration(curation: Curation, items: Any) -> None:
    """Print the calibration error of the labels' probabilities to be wrong."""
    for doubt in curation.label_doubts:
        wrong = np.array([one.labels[doubt.name] != one.truth[doubt.name] for one in items])
        real = np.array([one.fault not in ("outlier", "placeholder") for one in items])
        said, truth = doubt.wrong[real], wrong[real]
        bins = np.minimum((said * 10).astype(int), 9)
        error = 0.0
        for number in np.unique(bins):
            some = bins == number
            error += some.mean() * abs(said[some].mean() - truth[some].mean())
        print(f"{doubt.name}: calibration error {error:.4f} (really wrong {truth.mean():.3f})")


if __name__ == "__main__":
    main()
