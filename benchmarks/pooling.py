"""Which pooling of ResNet50's last map finds copies best: average, GeM or R-MAC.

    python -m benchmarks.pooling [--cars 60] [--shared ../shared/data]

Looked at are the near-duplicate groups and the photos of ``../shared/data``, and of some photos of
cars a crop, a watermarked and a mirrored copy. As in ``scrapy curate`` the mean is taken off and
128 directions are kept. For each way of pooling: the share of copies that are among the 3 nearest
of what they copy, or the other way round (what ``curate`` looks at), and the average precision
when all pairs of images are ordered by cosine. Only what is the same picture counts as a copy;
other shots of one scene are left out.
"""

from __future__ import annotations

import argparse
import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.planted_noise import edited
from benchmarks.published_resnet50 import write_resnet50
from carsets.curation.likely_copies import ASKED_NEIGHBORS
from carsets.vision.framing import center_square
from carsets.vision.inspection import MIME, Limits, Refusal, inspect
from carsets.vision.model_files import ModelSpec
from carsets.vision.pooling import POOLINGS

WIDTH = 128
EDITS = ("crop", "watermark", "mirror")
COPIES = ("identical", "duplicate", "duplicate_after_exif")


def collect(shared: Path, cars: int) -> tuple[dict[str, np.ndarray], dict[frozenset[str], str]]:
    """Return small pictures by name, and what each pair is: an edit, "duplicate", or left out."""
    files = {}
    folder = shared / "near_duplicates"
    for path in (*sorted(folder.rglob("*")), *sorted((shared / "photos").rglob("*"))):
        if path.is_file() and path.suffix != ".csv":
            files[str(path.relative_to(shared))] = path.read_bytes()
    relation = {}
    for row in csv.DictReader((folder / "pairs.csv").open(encoding="utf-8", newline="")):
        pair = frozenset(f"near_duplicates/{row[end]}" for end in "ab")
        relation[pair] = "duplicate" if row["expected"] in COPIES else row["expected"]
    photos = [name for name in files if name.startswith("photos/car/")]
    for name in photos[:: max(1, len(photos) // cars)][:cars]:
        picture = Image.open(io.BytesIO(files[name])).convert("RGB")
        for edit in EDITS:
            file = io.BytesIO()
            edited(picture, edit).save(file, "JPEG", quality=88)
            files[f"{name} {edit}"] = file.getvalue()
            relation[frozenset((name, f"{name} {edit}"))] = edit
            for other in EDITS[: EDITS.index(edit)]:
                relation[frozenset((f"{name} {other}", f"{name} {edit}"))] = "of one picture"
    return small_pictures(files), relation


def small_pictures(files: dict[str, bytes]) -> dict[str, np.ndarray]:
    """Return what the crawl would hand to a network, of all files that it can read."""
    limits, small = Limits(formats=tuple(MIME)), {}
    for name, body in files.items():
        try:
            seen = inspect(body, limits)
        except Refusal:
            continue
        small[name] = np.frombuffer(seen.small, np.uint8).reshape(seen.small_shape)
    return small


def features(shared: Path, pictures: list[np.ndarray]) -> dict[str, np.ndarray]:
    """Return the features of all pictures by each way of pooling, from one pass."""
    import keras

    from carsets.vision import car_detector

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "resnet50.npz"
        sha256 = write_resnet50(shared / "models", path, refit=True)
        spec = ModelSpec(weights=str(path), sha256=sha256)
        model, _ = car_detector.load_application(spec, path.read_bytes())
    _, preprocess = car_detector.application("ResNet50")
    pools = {"average": lambda maps: maps.mean((1, 2)), "gem": car_detector.gem}
    pools["rmac"] = car_detector.rmac
    whole = keras.Model(model.input, car_detector.last_map(model))
    found: dict[str, list[Any]] = {way: [] for way in POOLINGS}
    for start in range(0, len(pictures), 32):
        batch = [center_square(one, 224) for one in pictures[start : start + 32]]
        maps = np.asarray(whole(preprocess(np.stack(batch).astype(np.float32)), training=False))
        for way in POOLINGS:
            found[way].append(np.asarray(pools[way](maps)).astype(np.float16))
    return {way: np.concatenate(parts).astype(np.float32) for way, parts in found.items()}


def cosines(raw: np.ndarray) -> np.ndarray:
    """Return all cosines, as curation would have them."""
    vectors = raw - raw.mean(0)
    _, _, directions = np.linalg.svd(vectors, full_matrices=False)
    vectors = vectors @ directions[:WIDTH].T
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    similar = vectors @ vectors.T
    np.fill_diagonal(similar, -2)
    return similar


def average_precision(score: np.ndarray, true: np.ndarray) -> float:
    """Return the mean, over all true pairs, of the precision where each stands."""
    hits = true[np.argsort(-score, kind="stable")]
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cars", type=int, default=60)
    parser.add_argument("--shared", type=Path, default=Path("../shared/data"))
    asked = parser.parse_args()
    small, relation = collect(asked.shared, asked.cars)
    names = list(small)
    at = {name: number for number, name in enumerate(names)}
    kinds = {
        tuple(sorted(at[name] for name in pair)): kind
        for pair, kind in relation.items()
        if pair <= at.keys()
    }
    kinds = {pair: kind for pair, kind in kinds.items() if len(pair) == 2}
    rows, columns = np.triu_indices(len(names), 1)
    told = np.array(
        [kinds.get(pair, "") for pair in zip(rows.tolist(), columns.tolist(), strict=True)]
    )
    wanted = ("duplicate", *EDITS)
    print(f"{len(names)} images; " + ", ".join(f"{(told == k).sum()} {k}" for k in wanted))
    print(f"| pooling | {' | '.join(wanted)} | average precision |")
    print("|---|" + "---|" * (len(wanted) + 1))
    for way, raw in features(asked.shared, list(small.values())).items():
        similar = cosines(raw)
        nearest = np.argsort(-similar, axis=1)[:, :ASKED_NEIGHBORS]
        listed = np.zeros(similar.shape, bool)
        np.put_along_axis(listed, nearest, True, 1)
        found = (listed | listed.T)[rows, columns]
        shares = [f"{found[told == kind].mean():.3f}" for kind in wanted]
        counts = np.isin(told, ("", *wanted))
        precision = average_precision(similar[rows, columns][counts], np.isin(told[counts], wanted))
        print(f"| {way} | {' | '.join(shares)} | {precision:.4f} |")


if __name__ == "__main__":
    main()
