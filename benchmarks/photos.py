"""Make distinct JPEGs that cost as much to fetch and to look at as photos on the web do.

    python -m benchmarks.photos FOLDER --count 5000

Each is drawn from its number alone (noise in five octaves, a few shapes, grain), so two
machines measure the same files: 640 to 1,280 pixels wide, quality 75 to 92, 150 KB on average.
Their low frequencies are as random as 64-bit perceptual hashes can tell: no two are near.
"""

from __future__ import annotations

import argparse
import io
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

SIZES = ((640, 480), (800, 600), (1024, 683), (1024, 768), (1280, 853), (768, 1024))
OCTAVES = ((9, 1.0), (20, 0.4), (45, 0.28), (100, 0.17), (220, 0.12))  # cells across, share


def draw(number: int) -> Image.Image:
    """Return picture ``number``."""
    random = np.random.default_rng(number)
    width, height = SIZES[number % len(SIZES)]
    image = Image.new("RGB", (width, height))
    for cells, share in OCTAVES:
        noise = random.integers(0, 256, (cells * height // width + 2, cells, 3), np.uint8)
        layer = Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)
        image = Image.blend(image, layer, share)
    middle, contrast = random.uniform(90, 160), random.uniform(1.4, 2.2)
    image = image.point([round((value - 128) * contrast + middle) for value in range(256)] * 3)
    pen = ImageDraw.Draw(image)
    for _ in range(6):
        x, y = random.uniform(0, width), random.uniform(0, height)
        wide, high = random.uniform(20, width / 6), random.uniform(20, height / 6)
        color = tuple(int(value) for value in random.integers(0, 256, 3))
        pen.ellipse((x - wide, y - high, x + wide, y + high), fill=color)
    grain = Image.fromarray(random.integers(0, 256, (height, width), np.uint8)).convert("RGB")
    return Image.blend(image, grain, random.uniform(0.02, 0.075))


def encode(number: int) -> bytes:
    """Return picture ``number`` as a JPEG."""
    stream = io.BytesIO()
    draw(number).save(stream, "JPEG", quality=75 + number * 7 % 18)
    return stream.getvalue()


def write(folder: Path, number: int) -> int:
    """Write picture ``number`` if it is not there yet; return its size in bytes."""
    path = folder / f"{number:06d}.jpg"
    if not path.exists():
        partial_path = path.with_suffix(".part")
        partial_path.write_bytes(encode(number))
        partial_path.rename(path)
    return path.stat().st_size


def make(folder: Path, count: int, workers: int = 2) -> list[Path]:
    """Make the first ``count`` pictures and return their paths in order."""
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(workers) as pool:
        sizes = list(pool.map(partial(write, folder), range(count), chunksize=16))
    print(f"{count} photos, {sum(sizes) / count / 1000:.0f} KB each on average, in {folder}")
    return [folder / f"{number:06d}.jpg" for number in range(count)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    make(given.folder, given.count, given.workers)
