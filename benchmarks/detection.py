"""What detection costs inside a crawl, beside the network's bare pass.

    python -m benchmarks.detection --count 400

Everything is run with few and with many images, and only the difference counts: loading
TensorFlow and the model, and making the graph ready, cost the same either way. A crawl of a
folder is measured with and without detection; what detection adds is compared with the bare
batched pass over the same small pictures. ResNet50 is given random numbers as its weights if you
give none: they cost the same as the trained ones.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks import photos
from benchmarks.process_cost import Cost, cost_of
from carsets.vision.inspection import Limits, inspect

MOST = 1.2  # times the bare pass
BATCH = 32

RANDOM_WEIGHTS = """
import sys, keras
keras.utils.set_random_seed(0)
keras.applications.ResNet50(weights=None).save_weights(sys.argv[1])
"""


class Bench:
    """The files and settings that all runs share."""

    def __init__(self, given: argparse.Namespace, scratch: Path) -> None:
        self.given = given
        self.scratch = scratch
        self.weights, self.sha256 = given.weights, ""
        if given.model == "ResNet50" and not given.weights:
            self.weights = str(scratch / "random.weights.h5")
            subprocess.run([sys.executable, "-c", RANDOM_WEIGHTS, self.weights], check=True)
        if self.weights:
            self.sha256 = hashlib.sha256(Path(self.weights).read_bytes()).hexdigest()
        self.paths = photos.make(given.photos, given.count)

    def cost(self, command: list[str], name: str) -> Cost:
        """Run one command and return its cost; a failure ends the benchmark."""
        log = self.scratch / f"{name}.log"
        root = str(Path.cwd())
        cost = cost_of(command, folder=Path.cwd(), environment={"PYTHONPATH": root}, log=log)
        if cost.exit_code:
            raise SystemExit(f"{name} failed:\n{log.read_text(errors='replace')[-3000:]}")
        return cost

    def bare(self, count: int) -> Cost:
        """The pass alone, over pictures that are ready."""
        pictures = self.scratch / f"pictures-{count}.npy"
        if not pictures.exists():
            small = np.zeros((count, 256, 256, 3), np.uint8)
            for number, path in enumerate(self.paths[:count]):
                look = inspect(path.read_bytes(), Limits())
                pixels = np.frombuffer(look.small, np.uint8).reshape(look.small_shape)
                top, left = (pixels.shape[0] - 256) // 2, (pixels.shape[1] - 256) // 2
                small[number] = pixels[top : top + 256, left : left + 256]
            np.save(pictures, small)
        script = str(Path(__file__).parent / "contestants" / "bare_detection.py")
        arguments = [self.given.model, self.weights, self.sha256, str(pictures), str(BATCH)]
        return self.cost([sys.executable, script, *arguments], f"bare-{count}")

    def crawl(self, count: int, *, detection: bool) -> Cost:
        """A crawl of a folder with so many photos."""
        folder = self.scratch / f"photos-{count}"
        if not folder.exists():
            folder.mkdir()
            for path in self.paths[:count]:
                shutil.copyfile(path, folder / path.name)
        with tempfile.TemporaryDirectory(dir=self.scratch) as data:
            settings = {
                "DATA_DIR": data,
                "CAR_DETECTION_ENABLED": detection,
                "CAR_DETECTION_MODEL": self.given.model,
                "CAR_DETECTION_WEIGHTS": self.weights,
                "CAR_DETECTION_WEIGHTS_SHA256": self.sha256,
                "CAR_DETECTION_FETCH": False,
                "CAR_DETECTION_BATCH_SIZE": BATCH,
                "CAR_DETECTION_KEEP": 1e-9,  # all, so that both crawls store the same
                "CAR_DETECTION_REVIEW": 1e-9,
            }
            command = [sys.executable, "-m", "scrapy", "crawl", "folder", "-a", f"path={folder}"]
            for name, value in settings.items():
                command += ["-s", f"{name}={value}"]
            return self.cost(command, f"crawl-{count}-{detection}")


def main() -> int:
    """Measure, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--model", default="ResNet50", help="or builtin")
    parser.add_argument("--weights", default="", help="a weights file for the model")
    parser.add_argument(
        "--photos", type=Path, default=Path(tempfile.gettempdir()) / "carsets-photos"
    )
    given = parser.parse_args()
    few, many = given.count // 4, given.count
    shares, bares, inside = [], [], []
    with tempfile.TemporaryDirectory() as scratch:
        bench = Bench(given, Path(scratch))
        for round_number in range(1, given.rounds + 1):
            bare = (bench.bare(many).cpu - bench.bare(few).cpu) / (many - few)
            with_it = bench.crawl(many, detection=True).cpu - bench.crawl(few, detection=True).cpu
            without = bench.crawl(many, detection=False).cpu - bench.crawl(few, detection=False).cpu
            added = (with_it - without) / (many - few)
            bares.append(bare * 1000)
            inside.append(added * 1000)
            shares.append(added / bare)
            print(f"round {round_number}: bare {bare * 1000:.1f}, in a crawl {added * 1000:.1f} ms")
    share = statistics.median(shares)
    print(f"\n{given.model}, batches of {BATCH}, CPU ms for each image, medians")
    print(f"bare batched pass   {statistics.median(bares):.1f}")
    print(f"added to a crawl    {statistics.median(inside):.1f}   ({share:.2f} times)")
    return int(share > MOST)


if __name__ == "__main__":
    sys.exit(main())
