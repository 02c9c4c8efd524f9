"""The network that looks for cars: its weights, and the library that runs it."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

from carsets.doctor.finding import fail, ok, warn
from carsets.vision.detector_settings import read_settings
from carsets.vision.model_files import BUILTIN, weights_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from carsets.doctor.finding import Finding


def look_at_detector(settings: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield whether the detector can be had. Raises UserError for weights that cannot be used."""
    if str(settings.get("CAR_DETECTION_ENABLED")) in {"False", "false", "0"}:
        yield ok("weights", "CAR_DETECTION_ENABLED is off: images wait for a look")
        return
    spec, _, _ = read_settings(settings)
    if importlib.util.find_spec("tensorflow") is None:
        yield fail(
            "detector",
            "TensorFlow is not installed",
            "pip install -r requirements.txt, or CAR_DETECTION_ENABLED=False on crawl nodes",
        )
    body = weights_of(spec)
    if body is not None:
        whose = "the user's own" if spec.weights else "its own"
        yield ok("weights", f"{spec.model}, {whose}, {len(body) / 1024**2:,.1f} MiB, hash checked")
        return
    yield warn(
        "weights",
        f"{spec.model}'s weights are not here: Keras fetches them at the first run",
        f"let this machine reach storage.googleapis.com once, or CAR_DETECTION_MODEL={BUILTIN}",
    )
