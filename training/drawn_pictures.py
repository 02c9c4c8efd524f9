"""Our own drawn scenes, cut to the tiny pictures that the built-in network learns from."""

from __future__ import annotations

import random

import numpy as np
from PIL import Image

from carsets.fakeweb.drawing import draw_scene
from carsets.vision.framing import whole_and_middle
from carsets.vision.labels import BUILTIN_LABELS

SIDE = 32
FIRST_SEED = 10**9  # far from the scenes of the built-in web and of the tests
SIZES = ((320, 240), (320, 213), (320, 180), (256, 256), (224, 300))
KINDS = {"vehicle": 50, "other": 34, "part": 8, "interior": 8}
# What the drawn things are called among the classes of CIFAR-10; the rest is "nothing".
SAME_THING = {"bird": "bird", "plane": "airplane", "boat": "ship", "dog": "dog", "horse": "horse"}


def label_of(kind: str, subject: str) -> int:
    """Return the class number of a drawn scene."""
    if kind == "vehicle":
        return BUILTIN_LABELS.index("truck" if subject == "truck" else "automobile")
    if kind in ("part", "interior"):
        return BUILTIN_LABELS.index("part")
    return BUILTIN_LABELS.index(SAME_THING.get(subject, "nothing"))


def close_crop(picture: np.ndarray, rng: random.Random) -> np.ndarray:
    """Return a piece from the middle of a picture of a near vehicle: a part, not a vehicle."""
    height, width = picture.shape[:2]
    edge = int(min(height, width) * rng.uniform(0.22, 0.38))
    top = int((height - edge) * rng.uniform(0.4, 0.65))
    left = int((width - edge) * rng.uniform(0.25, 0.75))
    piece = Image.fromarray(picture[top : top + edge, left : left + edge])
    return np.asarray(piece.resize((SIDE, SIDE), Image.Resampling.BILINEAR))


def draw_training_pictures(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw `count` scenes; return tiny pictures (N, 32, 32, 3) uint8 and their class numbers."""
    from carsets.fakeweb.scene import describe_scene

    rng = random.Random(seed)
    pictures: list[np.ndarray] = []
    labels: list[int] = []
    for number in range(count):
        [kind] = rng.choices(list(KINDS), list(KINDS.values()))
        facts = {
            "kind": kind,
            "size": rng.choice(SIZES),
            "distance": rng.choices(("near", "middle"), (60, 40))[0],
        }
        scene_seed = FIRST_SEED + seed * 1_000_000 + number
        subject = describe_scene(scene_seed, **facts).subject
        picture = np.asarray(draw_scene(scene_seed, **facts))
        for look in whole_and_middle(picture, SIDE):
            pictures.append(look)
            labels.append(label_of(kind, subject))
        if kind == "vehicle" and facts["distance"] == "near" and rng.random() < 0.35:
            pictures.append(close_crop(picture, rng))
            labels.append(label_of("part", ""))
    return np.stack(pictures), np.asarray(labels, np.int64)
