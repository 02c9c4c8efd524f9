"""Asks the network without anything between, in a process of its own: files in, verdicts out.

python direct_verdicts.py BATCH_SIZE FILE...
"""

import json
import sys
from pathlib import Path

from carsets.vision.car_detector import CarDetector
from carsets.vision.detection import Rule, detect
from carsets.vision.framing import from_bytes
from carsets.vision.inspection import Limits, inspect
from carsets.vision.labels import DEFAULT_LABELS, builtin_table
from carsets.vision.model_files import ModelSpec


def main(size, *names):
    """Print what the built-in network says of each file, by its sha256."""
    detector = CarDetector.load(ModelSpec(model="builtin"))
    table = builtin_table(DEFAULT_LABELS)
    said = {}
    for start in range(0, len(names), int(size)):
        seen = [inspect(Path(n).read_bytes(), Limits()) for n in names[start : start + int(size)]]
        pictures = [from_bytes(one.small, one.small_shape) for one in seen]
        for one, chances, features in zip(seen, *detector.predict(pictures), strict=True):
            found = detect(chances, table, Rule())
            raw = features.astype("<f2").tobytes().hex()
            said[one.sha256] = [found.verdict, found.car_score, found.part_score, raw]
    print(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
