"""What one look at an image costs, step by step, beside the decoders alone.

    python -m benchmarks.inspection --count 300

CPU milliseconds for each image, one thread, medians over rounds in which the steps take turns.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import simplejpeg
from PIL import Image

from benchmarks import photos
from carsets.vision.inspection import Limits, inspect

if TYPE_CHECKING:
    from collections.abc import Callable

WITHOUT_DETECTOR = Limits(small=False)
WITH_DETECTOR = Limits(small=True)


def draft(body: bytes, side: int) -> None:
    """Decode at the smallest scale that is no smaller than ``side``, as Pillow does."""
    image = Image.open(io.BytesIO(body))
    image.draft("RGB", (side, side))
    image.load()


STEPS: dict[str, Callable[[bytes], object]] = {
    "sha256 and md5": lambda body: (hashlib.sha256(body).digest(), hashlib.md5(body).digest()),
    "Pillow, header": lambda body: Image.open(io.BytesIO(body), formats=("JPEG",)).size,
    "simplejpeg, header": simplejpeg.decode_jpeg_header,
    "simplejpeg, gray, 64": lambda body: simplejpeg.decode_jpeg(
        body, "GRAY", min_width=64, min_height=64
    ),
    "simplejpeg, RGB, 256": lambda body: simplejpeg.decode_jpeg(
        body, "RGB", min_width=256, min_height=256
    ),
    "Pillow, draft 256": lambda body: draft(body, 256),
    "Pillow, whole": lambda body: Image.open(io.BytesIO(body)).load(),
    "simplejpeg, RGB, 96": lambda body: simplejpeg.decode_jpeg(
        body, "RGB", min_width=96, min_height=96
    ),
    "carsets, the complete look": lambda body: inspect(body, WITHOUT_DETECTOR),
    "carsets, and a picture for a detector": lambda body: inspect(body, WITH_DETECTOR),
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument(
        "--photos", type=Path, default=Path(tempfile.gettempdir()) / "carsets-photos"
    )
    given = parser.parse_args()
    bodies = [path.read_bytes() for path in photos.make(given.photos, given.count)]
    times: dict[str, list[float]] = {name: [] for name in STEPS}
    for _ in range(given.rounds):
        for name, step in STEPS.items():
            began = time.process_time()
            for body in bodies:
                step(body)
            times[name].append((time.process_time() - began) / len(bodies) * 1000)
    print("\n| step | CPU ms |\n|---|---|")
    for name, each in times.items():
        print(f"| {name} | {statistics.median(each):.2f} |")


if __name__ == "__main__":
    main()
