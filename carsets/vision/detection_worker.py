"""The detector's own process: ``python -m carsets.vision.detection_worker``.

Started by ``detector_pool`` alone. It loads the network once and answers one batch per frame with
bare numbers; what they mean is decided on the other side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from carsets.vision.car_detector import CarDetector
from carsets.vision.framing import from_bytes
from carsets.vision.model_files import DetectorUnavailable, ModelSpec
from carsets.vision.worker_frames import Channel, serve

if TYPE_CHECKING:
    from collections.abc import Mapping


def answer(
    detector: CarDetector, header: Mapping[str, Any], payload: bytes
) -> tuple[Mapping[str, Any], bytes]:
    """Return the probabilities (float32) of all images of a batch, then their features."""
    pictures, start, view = [], 0, memoryview(payload)
    for shape in header["shapes"]:
        end = start + int(np.prod(shape))
        pictures.append(from_bytes(view[start:end], tuple(shape)))
        start = end
    try:
        probabilities, features = detector.predict(pictures)
    except Exception as error:  # one batch that cannot be computed must not end the others
        return {"failed": f"{type(error).__name__}: {error}"}, b""
    header = {"labels": probabilities.shape[1], "features": features.shape[1]}
    return header, probabilities.astype("<f4").tobytes() + features.astype("<f2").tobytes()


def main() -> None:
    """Load the network of the first frame, say so, then answer batches."""
    channel = Channel()
    first = channel.read()
    if first is None:
        return
    setup, _ = first
    try:
        detector = CarDetector.load(ModelSpec(**setup["spec"]))
    except DetectorUnavailable as unavailable:
        channel.write({"unavailable": str(unavailable)})
        return
    except ImportError as error:
        channel.write({"unavailable": f"TensorFlow cannot be imported: {error}"})
        return
    channel.write({"model": detector.name, "labels": detector.labels, "way": detector.way})
    serve(channel, lambda header, payload: answer(detector, header, payload))


if __name__ == "__main__":
    main()
