"""Memory and time of joining the files of Open Images, at sizes up to a million images.

    python benchmarks/open_images_memory.py [IMAGES...]

For each size a set of files is written (three labels an image, every second one with a box, one
of ten showing a car), then joined in a process of its own. The result is the highest resident
memory of that process above what it had before the first row, and what it grew while the images
were streamed.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from carsets.fakeweb.open_images_files import write_many
from carsets.open_images.annotations import Annotations
from carsets.open_images.classes import choose_classes
from carsets.open_images.files import OpenImagesFiles
from carsets.open_images.joining import read_images


def join(folder: Path) -> None:
    """Join the files of a folder and print what that took."""
    files = OpenImagesFiles.find(folder)
    process = psutil.Process()
    began, before = time.perf_counter(), process.memory_info().rss
    annotations = Annotations(choose_classes("", {}), 0.5)
    for path in files.labels:
        annotations.read_labels(path)
    for path in files.boxes:
        annotations.read_boxes(path)
    annotations.settle()
    held, at = process.memory_info().rss, time.perf_counter()
    found, grown = 0, 0
    for path in files.images:
        for _ in read_images(path, annotations, (), "original"):
            found += 1
            if found % 5_000 == 0:
                grown = max(grown, process.memory_info().rss - held)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(
        f"{found:>9,} found  annotations {len(annotations):>9,} in {at - began:5.1f} s, "
        f"{(held - before) / 2**20:6.1f} MiB  streaming {time.perf_counter() - at:5.1f} s, "
        f"grown {grown / 2**20:5.1f} MiB  peak above start {(peak - before) / 2**20:6.1f} MiB",
        flush=True,
    )


def main() -> None:
    """Measure each size in a process of its own."""
    if len(sys.argv) == 3 and sys.argv[1] == "join":
        join(Path(sys.argv[2]))
        return
    for size in map(int, sys.argv[1:] or ("10000", "100000", "1000000")):
        with tempfile.TemporaryDirectory() as folder:
            write_many(Path(folder), size)
            total = sum(path.stat().st_size for path in Path(folder).iterdir())
            print(f"{size:>9,} images, {total / 2**20:6.1f} MiB of files: ", end="", flush=True)
            subprocess.run([sys.executable, __file__, "join", folder], check=True)


if __name__ == "__main__":
    main()
