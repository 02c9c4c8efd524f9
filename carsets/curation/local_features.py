"""Whether two pictures show one scene, by points that fit each other.

SIFT finds points and describes them; a point matches another when the second best is clearly worse
(the ratio test); RANSAC looks for the one plane on which most matches fit, and what fits it counts.
Needs OpenCV, which is not among carsets' requirements.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from carsets.problems import UserError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

MOST_POINTS = 500  # of a picture, the strongest
RATIO = 0.75  # of the best distance to the second best, at most
ERROR = 3.0  # pixels by which a match may miss the plane
LEAST_MATCHES = 8
LEAST_FITTING = 12  # matches on one plane; of 2,415 unrelated pairs of photos none has more than 5
MOST_STRETCH = 8.0  # times an area may grow or shrink: more is a plane seen edge-on, or nonsense


@dataclass(frozen=True, slots=True)
class Points:
    """The points of a picture: places (n, 2) in pixels and descriptions (n, 128)."""

    places: NDArray[np.float32]
    descriptions: NDArray[np.uint8]  # SIFT's are whole numbers to 255

    def __len__(self) -> int:
        return len(self.places)


def load_opencv() -> Any:
    """Return OpenCV. Raises UserError, with what to do, where it is not installed."""
    try:
        import cv2
    except ImportError:
        raise UserError(
            "--local-features needs OpenCV: pip install opencv-python-headless"
        ) from None
    cv2.setNumThreads(1)
    return cv2


def points_of(pixels: Pixels) -> Points:
    """Return the points of a picture, gray (height, width) or RGB (height, width, 3)."""
    cv2 = load_opencv()
    gray = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    found, descriptions = cv2.SIFT_create(nfeatures=MOST_POINTS).detectAndCompute(gray, None)
    if descriptions is None:
        return Points(np.empty((0, 2), np.float32), np.empty((0, 128), np.uint8))
    places = np.array([point.pt for point in found], np.float32).reshape(-1, 2)
    return Points(places, descriptions.astype(np.uint8))


def fitting(one: Points, other: Points) -> int:
    """Return how many points of one picture lie where a plane of the other has the same ones."""
    cv2 = load_opencv()
    if min(len(one), len(other)) < LEAST_MATCHES:
        return 0
    left, right = _matches(one, other)
    if len(left) < LEAST_MATCHES:
        return 0
    cv2.setRNGSeed(1)  # the same pictures, the same answer
    plane, fits = cv2.findHomography(
        one.places[left], other.places[right], cv2.RANSAC, ERROR, maxIters=1_000
    )
    if plane is None or not _is_sane(plane, one.places[left]):
        return 0
    # Many points on one are one: repeated patterns, letters of a watermark.
    hits = fits.ravel() == 1
    spots = np.unique(np.round(other.places[right][hits] / ERROR), axis=0)
    return min(int(hits.sum()), len(spots))


def show_the_same(one: Points, other: Points) -> bool:
    """Whether two pictures show one scene."""
    return fitting(one, other) >= LEAST_FITTING


def _matches(one: Points, other: Points) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return places in both of the points that match, each point of either once at most."""
    a, b = one.descriptions.astype(np.float32), other.descriptions.astype(np.float32)
    distance = (a * a).sum(1)[:, None] + (b * b).sum(1) - 2 * a @ b.T
    best = np.argpartition(distance, 1, axis=1)[:, :2]
    near = np.sqrt(np.maximum(np.take_along_axis(distance, best, 1), 0))
    first = near.argmin(1)
    each = np.arange(len(best))
    clear = near[each, first] < RATIO * near[each, 1 - first]
    back = distance.argmin(0)  # the best for each point of the other
    right = best[each, first]
    left = np.flatnonzero(clear & (back[right] == each))
    return left, right[left]


def _is_sane(plane: NDArray[np.float64], places: NDArray[np.float32]) -> bool:
    """Whether a plane neither turns a picture inside out nor shrinks it to a line."""
    weight = places.astype(np.float64) @ plane[2, :2] + plane[2, 2]
    if (weight <= 0).any():
        return False
    area = float(np.linalg.det(plane[:2, :2])) / float(weight.mean()) ** 2
    return 1 / MOST_STRETCH < area < MOST_STRETCH
