"""Whether two pictures are copies of one, by points that fit each other.

SIFT finds points and describes them; a point matches another when the second best is clearly worse
(the ratio test); RANSAC looks for the one plane on which most matches fit, and what fits it counts.
Then one picture is laid onto the other by that plane, and most pixels have to agree.
Needs OpenCV, which is not among carsets' requirements.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np

from carsets.vision.opencv import load_opencv

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

INSTALL = "to look at files of likely copies OpenCV is needed: pip install opencv-python-headless"
MOST_POINTS = 300  # of a picture, the strongest
RATIO = 0.75  # of the best distance to the second best, at most
ERROR = 3.0  # pixels by which a match may miss the plane
LEAST_MATCHES = 8
LEAST_FITTING = 12  # matches on one plane; of 2,415 unrelated pairs of photos none has more than 5
REDUCED = 4  # times smaller is the picture that is laid onto another
LEAST_OVERLAP = 200  # of its pixels
SHADES = 24  # of gray, of 256, by which two pixels that are alike may differ
# Share of the edges that have to agree: of drawn scenes with crops and mirrored copies it is 0.95
# and more; of 528 likely pairs that are no copies 3 have more than 0.9, and none has more than 38
# points that fit. Letters on a picture are edges that do not agree; then 160 points and more fit.
AGREEING, WATERMARKED = 0.9, 0.3
MANY_FITTING = 40
TELLING = 100  # points that both pictures need for that they do not fit to mean anything
MOST_STRETCH = 8.0  # times an area may grow or shrink: more is a plane seen edge-on, or nonsense


class Look(IntEnum):
    """What the files of two images say."""

    DIFFERENT = -1
    CANNOT_TELL = 0  # too few points, or a file that cannot be read
    SAME = 1


@dataclass(frozen=True, slots=True)
class Points:
    """The points of a picture: places (n, 2) in pixels and descriptions (n, 128).

    ``gray`` is the picture itself, REDUCED times smaller.
    """

    places: NDArray[np.float32]
    descriptions: NDArray[np.uint8]  # SIFT's are whole numbers to 255
    gray: Pixels

    def __len__(self) -> int:
        return len(self.places)

    def mirrored(self) -> Points:
        """Return the points of the mirrored picture, as SIFT would find them.

        SIFT describes a point by 4 x 4 fields of 8 directions each, seen along the point's own
        direction: in a mirror the fields of one axis are read backwards, and turns go the other
        way. OpenCV finds the same numbers when it is given the mirrored picture.
        """
        fields = self.descriptions.reshape(-1, 4, 4, 8)[:, ::-1]
        turned = fields[:, :, :, -np.arange(8) % 8].reshape(-1, 128)
        places = self.places * np.array((-1, 1), np.float32)
        places[:, 0] += REDUCED * self.gray.shape[1] - 1
        return Points(places, turned, np.ascontiguousarray(self.gray[:, ::-1]))


def points_of(pixels: Pixels) -> Points:
    """Return the points of a picture, gray (height, width) or RGB (height, width, 3)."""
    cv2 = load_opencv(INSTALL)
    gray = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    rows, columns = gray.shape[0] // REDUCED, gray.shape[1] // REDUCED
    small = cv2.resize(gray, (max(columns, 1), max(rows, 1)), interpolation=cv2.INTER_AREA)
    found, descriptions = cv2.SIFT_create(nfeatures=MOST_POINTS).detectAndCompute(gray, None)
    if descriptions is None:
        return Points(np.empty((0, 2), np.float32), np.empty((0, 128), np.uint8), small)
    places = np.array([point.pt for point in found], np.float32).reshape(-1, 2)
    return Points(places, descriptions.astype(np.uint8), small)


def fitting(one: Points, other: Points) -> int:
    """Return how many points of one picture lie where a plane of the other has the same ones."""
    return fit(one, other)[0]


def fit(one: Points, other: Points) -> tuple[int, NDArray[np.float64] | None]:
    """Return how many points fit, and the plane (3, 3) that takes one picture to the other."""
    cv2 = load_opencv(INSTALL)
    if min(len(one), len(other)) < LEAST_MATCHES:
        return 0, None
    left, right = _matches(one, other)
    if len(left) < LEAST_MATCHES:
        return 0, None
    cv2.setRNGSeed(1)  # the same pictures, the same answer
    plane, fits = cv2.findHomography(
        one.places[left], other.places[right], cv2.RANSAC, ERROR, maxIters=1_000
    )
    if plane is None or not _is_sane(plane, one.places[left]):
        return 0, None
    # Many points on one are one: repeated patterns, letters of a watermark.
    hits = fits.ravel() == 1
    spots = np.unique(np.round(other.places[right][hits] / ERROR), axis=0)
    return min(int(hits.sum()), len(spots)), plane


def agreement(one: Points, other: Points, plane: NDArray[np.float64]) -> float:
    """Return the share of what two pictures both show, one laid onto the other, that is alike.

    Counted are the pixels where either has an edge near: an empty sky is every picture's.
    Brightness and contrast may differ. 0 where they overlap too little to tell.
    """
    cv2 = load_opencv(INSTALL)
    scale = np.diag((1 / REDUCED, 1 / REDUCED, 1.0))
    onto = scale @ plane @ np.linalg.inv(scale)
    size = other.gray.shape[1], other.gray.shape[0]
    laid = cv2.warpPerspective(one.gray, onto, size)
    there = cv2.warpPerspective(np.full_like(one.gray, 255), onto, size) == 255
    square = np.ones((3, 3), np.uint8)
    steps = [cv2.morphologyEx(gray, cv2.MORPH_GRADIENT, square) for gray in (laid, other.gray)]
    inside = cv2.erode(there.astype(np.uint8), square) == 1
    there = inside & (np.maximum(*steps) >= SHADES)
    if there.sum() < LEAST_OVERLAP:
        return 0.0
    a, b = laid[there].astype(np.float32), other.gray[there].astype(np.float32)
    a, b = a - np.median(a), b - np.median(b)
    contrast = float(np.clip(np.abs(b).mean() / max(float(np.abs(a).mean()), 1.0), 0.5, 2))
    return float((np.abs(a * contrast - b) <= SHADES).mean())


def show_the_same(one: Points, other: Points) -> bool:
    """Whether two pictures are one: points fit, and so do the pictures when laid on each other.

    Points alone are not enough: two cars of one model, drawn or rendered alike, share many.
    """
    fits, plane = fit(one, other)
    if plane is None or fits < LEAST_FITTING:
        return False
    return agreement(one, other, plane) >= (WATERMARKED if fits >= MANY_FITTING else AGREEING)


def compare(one: Points, other: Points) -> Look:
    """Return what the points of two pictures say, one of them mirrored or not."""
    if show_the_same(one, other) or show_the_same(one, other.mirrored()):
        return Look.SAME
    return Look.DIFFERENT if min(len(one), len(other)) >= TELLING else Look.CANNOT_TELL


def _matches(one: Points, other: Points) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return places in both of the points that match, each point of either once at most."""
    a, b = one.descriptions.astype(np.float32), other.descriptions.astype(np.float32)
    distance = a @ b.T
    distance *= -2
    distance += (a * a).sum(1)[:, None]
    distance += (b * b).sum(1)
    each, right = np.arange(len(a)), distance.argmin(1)
    back = distance.argmin(0)  # the best for each point of the other
    nearest = distance[each, right]
    distance[each, right] = np.inf
    clear = nearest < RATIO**2 * distance.min(1)
    left = np.flatnonzero(clear & (back[right] == each))
    return left, right[left]


def _is_sane(plane: NDArray[np.float64], places: NDArray[np.float32]) -> bool:
    """Whether a plane neither turns a picture inside out nor shrinks it to a line."""
    weight = places.astype(np.float64) @ plane[2, :2] + plane[2, 2]
    if (weight <= 0).any():
        return False
    area = float(np.linalg.det(plane[:2, :2])) / float(weight.mean()) ** 2
    return 1 / MOST_STRETCH < area < MOST_STRETCH
