"""Catalogs of images that are nothing but features, labels and owners."""

from dataclasses import dataclass, field
from hashlib import sha256

import numpy as np

from carsets.catalog.schema import images, reviews, sightings
from carsets.catalog.unsigned import to_sql, url_hash

WIDTH = 32


@dataclass
class Image:
    """One image; what is not said is nobody's."""

    vector: np.ndarray
    labels: dict = field(default_factory=dict)
    author: str = ""
    verdict: str = "keep"
    model: str = "builtin"


def image_id(number):
    """Return the id of the image with a number, from 1."""
    return sha256(b"featured %d" % number).hexdigest()[:16]


def fill(catalog, made):
    """Write images, numbered from 1 in their order."""
    rows, seen = [], []
    for number, image in enumerate(made, 1):
        digest = sha256(b"featured %d" % number).hexdigest()
        url = f"https://photos.test/{number}.jpg"
        rows.append(
            {
                "image_id": digest[:16],
                "sha256": digest,
                "md5": digest[:32],
                "pixel_hash": digest[:16],
                "phash": to_sql(int(digest[16:32], 16)),
                "dhash": to_sql(int(digest[32:48], 16)),
                "width": 320,
                "height": 240,
                "labels": image.labels,
                "model": image.model,
                "features": image.vector.astype("<f2").tobytes() if len(image.vector) else None,
                "verdict": image.verdict,
            }
        )
        seen.append(
            {
                "source": "flickr",
                "query_id": "q",
                "url": url,
                "url_hash": to_sql(url_hash(url)),
                "page_url": f"https://photos.test/{number}",
                "author": image.author,
                "labels": image.labels,
                "outcome": "stored",
                "finality": 2,
                "image_id": digest[:16],
            }
        )
    with catalog._write() as connection:
        connection.execute(images.insert(), rows)
        connection.execute(sightings.insert(), seen)


def say(catalog, number, decision, labels=None):
    """Write what a person decides about an image."""
    with catalog._write() as connection:
        row = {"image_id": image_id(number), "rater": "ann", "decision": decision}
        connection.execute(reviews.insert().values(**row, labels=labels, undone=False))


def blobs(count, classes=4, spread=0.5, seed=1, label="make"):
    """Return images around a center for each class, one class after another."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(classes, WIDTH)) / np.sqrt(WIDTH)
    return [
        Image(
            centers[number % classes] + rng.normal(size=WIDTH) * spread / np.sqrt(WIDTH),
            {label: f"class {number % classes}"},
        )
        for number in range(count)
    ]
