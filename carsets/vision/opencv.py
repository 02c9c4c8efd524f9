"""OpenCV, which is not among carsets' requirements: some commands do more where it is installed."""

from __future__ import annotations

from typing import Any

from carsets.problems import UserError


def load_opencv(missing: str) -> Any:
    """Return OpenCV, on one thread. Raises UserError with these words where it is not installed."""
    try:
        import cv2
    except ImportError:
        raise UserError(missing) from None
    cv2.setNumThreads(1)  # who calls it has threads or processes of its own
    return cv2
