"""The network's pass with nothing around it: MODEL WEIGHTS SHA256 PICTURES.npy BATCH."""

from __future__ import annotations

import sys

import numpy as np

from carsets.vision.car_detector import CarDetector
from carsets.vision.model_files import ModelSpec

model, weights, sha256, pictures, batch = sys.argv[1:]
detector = CarDetector.load(ModelSpec(model=model, weights=weights, sha256=sha256, fetch=False))
small = np.load(pictures, mmap_mode="r")
for first in range(0, len(small), int(batch)):
    detector.predict(list(small[first : first + int(batch)]))
print(detector.name, detector.way)
