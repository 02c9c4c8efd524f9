"""A small dataset with real image files, and a way to make releases of it."""

from dataclasses import dataclass, field
from hashlib import md5, sha256
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from carsets.catalog.catalog import Catalog
from carsets.catalog.rows import ImageRow, RunRow, SightingRow
from carsets.catalog.schema import reviews
from carsets.licenses import Evidence, license_table
from carsets.outcomes import Outcome
from carsets.release.options import read_options
from carsets.release.release import Surroundings, make_release


@dataclass
class Told:
    """A progress that remembers what it was told."""

    stages: list = field(default_factory=list)
    done: int = 0

    def begin(self, stage, total):
        self.stages.append((stage, total))
        self.done = 0

    def advance(self, count=1):
        self.done += count


class Dataset:
    """A catalog and its image store."""

    def __init__(self, folder: Path, url: str = "") -> None:
        self.folder = folder
        self.store = folder / "data" / "images"
        self.store.mkdir(parents=True)
        self.catalog = Catalog.open(url or f"sqlite:///{folder / 'data' / 'catalog.sqlite'}")
        self.catalog.start_run(RunRow(run_id="run1", source="flickr", started_at="2026-01-01"))
        self.count = 0

    def add(self, **changes):
        """Add one image with its file, unless told otherwise; return its sha256."""
        number = self.count = self.count + 1
        body = changes.pop("body", None) or jpeg(number)
        seen = changes.pop("seen", {})
        digest = sha256(body).hexdigest()
        code = changes.pop("license", "by-2.0")
        facts = {
            "sha256": digest,
            "md5": md5(body).hexdigest(),
            "pixel_hash": digest[16:32],
            "phash": int(digest[32:48], 16),
            "dhash": int(digest[48:64], 16),
            "verdict": "keep",
            "width": 64,
            "height": 48,
            "bytes": len(body),
            "path": f"{digest[:2]}/{digest[2:4]}/{digest}.jpg",
            "format": "JPEG",
            "mime": "image/jpeg",
            "license": code,
            "license_evidence": int(Evidence.API),
            "license_url": license_table()[code].url,
            "labels": {"make": "Ford", "model": "Focus", "color": "red"},
            "car_score": 0.9,
            "fetched_at": f"2026-01-02T03:{number // 60 % 60:02}:{number % 60:02}+00:00",
            "run_id": "run1",
        } | changes
        if facts["path"]:
            place = self.store / facts["path"]
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(body)
        sighting = SightingRow(
            **{
                "source": "flickr",
                "query_id": "q1",
                "run_id": "run1",
                "url": f"https://live.flickr.test/{number}.jpg",
                "page_url": f"https://flickr.test/photos/eve{number}/{number}",
                "title": f"Car {number}",
                "author": f"Eve {number}",
                "author_url": f"https://flickr.test/people/eve{number}",
                "outcome": Outcome.STORED,
            }
            | seen
        )
        admission = self.catalog.admit(ImageRow(**facts), sighting=sighting)
        assert admission.kind == "stored"
        return digest

    def review(self, sha256, decision, labels=None, *, undone=False):
        """Write what a person has decided."""
        with self.catalog._write() as connection:
            connection.execute(
                reviews.insert().values(
                    image_id=sha256[:16],
                    rater="ann",
                    decision=decision,
                    labels=labels,
                    undone=undone,
                    reviewed_at="2026-01-03T00:00:00+00:00",
                )
            )

    def file(self, sha256):
        """Return where the file of an image lies."""
        return self.store / sha256[:2] / sha256[2:4] / f"{sha256}.jpg"

    def options(self, format_, destination="cars", /, **given):
        """Return options as the command line would give them."""
        return read_options(format_, self.folder / destination, given)

    def surroundings(self, **changes):
        return Surroundings(**({"images_store": str(self.store), "workers": 2} | changes))

    def release(self, format_="csv", destination="cars", /, *, around=None, **given):
        """Make a release; return its report."""
        options = self.options(format_, destination, **given)
        return make_release(self.catalog, options, around or self.surroundings(), Told())


def jpeg(number, size=(64, 48)):
    """Return a small JPEG, each number another one."""
    image = Image.new("RGB", size, (number * 41 % 256, number * 97 % 256, number * 7 % 256))
    image.putpixel((0, 0), (number % 256, number // 256, 0))
    file = BytesIO()
    image.save(file, "JPEG", comment=b"%d" % number)
    return file.getvalue()


@pytest.fixture
def dataset(tmp_path):
    """Return an empty dataset."""
    made = Dataset(tmp_path)
    yield made
    made.catalog.close()


@pytest.fixture
def make_dataset():
    """Return a function that makes a dataset whose catalog is where it is told."""
    made = []

    def make(folder, url):
        made.append(Dataset(folder, url))
        return made[-1]

    yield make
    for dataset in made:
        dataset.catalog.close()


@pytest.fixture
def told():
    return Told()
