"""A catalog with as little in it as a test of curation needs."""

from hashlib import md5, sha256

import numpy as np
import pytest

from carsets.catalog.catalog import Catalog
from carsets.catalog.rows import Batch, ImageRow, RunRow, SightingRow
from carsets.catalog.schema import images, scores
from carsets.curation.curate import Curation
from carsets.curation.options import CurateOptions
from carsets.curation.similarity import Described, build_graph
from carsets.outcomes import Outcome

WHEN = "2026-03-01T00:00:00+00:00"


class Silent:
    """A progress that says nothing."""

    def begin(self, stage, total): ...

    def advance(self, count=1): ...


class Stock:
    """A catalog, and a short way to put images into it; an image is known by its name."""

    def __init__(self, url):
        self.url = url
        self.catalog = Catalog.open(url)
        self.catalog.start_run(RunRow(run_id="run1", source="flickr", started_at="2026-01-01"))
        self.names = {}  # by image id

    def add(self, name, *, seen=(), features=None, **facts):
        """Add an image; ``seen`` are further places where it was seen. Returns its id."""
        digest = sha256(str(name).encode()).hexdigest()
        told = {
            field: facts.pop(field)
            for field in (
                *("source", "query_id", "url", "page_url", "title", "description", "tags"),
                *("taken", "uploaded", "author", "author_url", "extra"),
            )
            if field in facts
        }
        labels = facts.setdefault("labels", {"make": "Ford", "model": "Focus"})
        row = ImageRow(
            **{
                "sha256": digest,
                "md5": md5(digest.encode()).hexdigest(),
                "pixel_hash": digest[16:32],
                "phash": int(digest[32:48], 16),
                "dhash": int(digest[48:64], 16),
                "verdict": "keep",
                "width": 640,
                "height": 480,
                "bytes": 50_000,
                "fetched_at": "2026-01-02T03:04:05+00:00",
                "model": "" if features is None else "played",
                "features": None if features is None else features.astype("<f2").tobytes(),
                "run_id": "run1",
            }
            | facts
        )
        first = SightingRow(
            **{
                "source": "flickr",
                "query_id": "-".join(labels.values()),
                "run_id": "run1",
                "url": f"https://photos.test/{name}.jpg",
                "page_url": f"https://photos.test/{name}",
                "author": f"author of {name}",
                "labels": labels,
                "outcome": Outcome.STORED,
            }
            | told
        )
        image_id = self.catalog.admit(row, sighting=first).image_id
        self.names[image_id] = name
        for rank, one in enumerate(seen):
            self.see(image_id, rank, **one)
        return image_id

    def see(self, image_id, rank, **told):
        """Add an address at which a picture was seen too."""
        labels = told.pop("labels", {"make": "Ford", "model": "Focus"})
        host = told.pop("host", f"host{rank}.test")
        sighting = SightingRow(
            **{
                "source": "bing",
                "query_id": "-".join(labels.values()),
                "run_id": "run1",
                "url": f"https://{host}/{image_id}-{rank}.jpg",
                "page_url": f"https://{host}/{image_id}-{rank}",
                "labels": labels,
                "outcome": Outcome.DUPLICATE_BYTES,
                "image_id": image_id,
            }
            | told
        )
        self.catalog.write(Batch(sightings=[sighting]))

    def curate(self, check=None, **options):
        """Curate, and return what was found."""
        curation = Curation(self.catalog, CurateOptions(**options), Silent(), WHEN)
        curation.run(check)
        return curation

    def scores(self, kind):
        """Return the written scores of a kind by the names of the images."""
        return {name: score for name, (score, _) in self._scores(kind).items()}

    def reasons(self, kind):
        """Return the written reasons of a kind by the names of the images."""
        return {name: reason for name, (_, reason) in self._scores(kind).items()}

    def _scores(self, kind):
        with self.catalog._read() as connection:
            rows = connection.execute(scores.select().where(scores.c.kind == kind))
            return {self.names[row.image_id]: (row.score, row.reason) for row in rows}

    def verdicts(self):
        """Return the verdicts by the names of the images."""
        with self.catalog._read() as connection:
            rows = connection.execute(images.select())
            return {self.names[row.image_id]: row.verdict for row in rows}

    def groups(self):
        """Return the near-duplicate groups as sets of names."""
        found = {}
        for group, image_id in self.catalog.near_groups():
            found.setdefault(group, set()).add(self.names[image_id])
        return {frozenset(group) for group in found.values()}

    def everything(self):
        """Return all that curation has written, without the time of it."""
        tables = ("duplicate_groups", "scores")
        with self.catalog._read() as connection:
            written = {
                table: sorted(
                    tuple(row)[:-1]
                    for row in connection.exec_driver_sql(f"SELECT * FROM {table}").all()
                )
                for table in tables
            }
        return written | {"verdicts": self.verdicts()}


@pytest.fixture
def make_stock():
    """Return a function that makes a catalog at a URL."""
    made = []

    def make(url):
        made.append(Stock(url))
        return made[-1]

    yield make
    for stock in made:
        stock.catalog.close()


@pytest.fixture
def stock(make_stock, tmp_path):
    return make_stock(f"sqlite:///{tmp_path / 'catalog.sqlite'}")


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def graph_of(vectors):
    """Return the graph of vectors of length 1, whose mean nothing was taken from."""
    count, width = vectors.shape
    ones, middle = np.ones(count, np.float32), np.zeros(width + 1, np.float32)
    return build_graph(Described(np.arange(count), vectors, ones, middle))


def flipped(hash_, bits, rng):
    """Return a hash that differs in so many bits."""
    for bit in rng.choice(64, bits, replace=False):
        hash_ ^= 1 << int(bit)
    return hash_
