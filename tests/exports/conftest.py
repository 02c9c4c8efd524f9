"""The least that a format needs: records, the file of an image, and a folder to write into."""

from dataclasses import replace
from hashlib import md5, sha256
from io import BytesIO

import pytest
from PIL import Image

from carsets.exports.base import ReleaseFacts
from carsets.licenses import Evidence, read_license
from carsets.release.folder import ReleaseFolder
from carsets.release.record import ImageFile, Record
from tests.postgres_server import postgres_server  # noqa: F401 - a fixture

BY = "https://creativecommons.org/licenses/by/2.0/"


@pytest.fixture
def make_record():
    """Return a function that makes a record; each ``number`` is another image."""

    def make(number=1, **changes):
        body = b"image %d" % number
        digest = sha256(body).hexdigest()
        facts = {
            "image_id": digest[:16],
            "sha256": digest,
            "md5": md5(body).hexdigest(),
            "path": f"{digest[:2]}/{digest[2:4]}/{digest}.jpg",
            "width": 400,
            "height": 300,
            "bytes": len(body),
            "format": "JPEG",
            "mime": "image/jpeg",
            "labels": {"make": "Ford", "model": "Mustang", "color": "red"},
            "car_score": 0.93,
            "view": "exterior",
            "top_labels": (("sports car", 0.91), ("convertible", 0.02)),
            "license": read_license(BY, Evidence.API),
            "license_read_at": "2026-01-02T03:04:05+00:00",
            "title": f"My car {number}",
            "author": "Eve",
            "author_url": "https://flickr.test/people/eve",
            "url": f"https://live.flickr.test/{number}_o.jpg",
            "page_url": f"https://flickr.test/photos/eve/{number}",
            "thumbnail_url": f"https://live.flickr.test/{number}_s.jpg",
            "source": "flickr",
            "source_id": str(number),
            "query": "red Ford Mustang",
            "rank": number,
            "fetched_at": "2026-01-02T03:04:05+00:00",
        }
        return Record(**(facts | changes))

    return make


@pytest.fixture
def make_image():
    """Return a function that makes the file that belongs to a record: a JPEG of one color."""

    def make(number=1, *, size=(40, 30), **changes):
        file = BytesIO()
        Image.new("RGB", size, (number * 37 % 256, 80, 120)).save(file, "JPEG")
        data = file.getvalue()
        image = ImageFile(
            data=data,
            extension="jpg",
            width=size[0],
            height=size[1],
            size=len(data),
            sha256=sha256(data).hexdigest(),
            changed=False,
        )
        return replace(image, **changes)

    return make


@pytest.fixture
def make_facts():
    """Return a function that tells what is known of a release before its first record."""

    def make(**changes):
        facts = {
            "name": "cars",
            "mode": "cc",
            "label": "make",
            "classes": ("Ford",),
            "splits": {"": 1},
            "total": 1,
            "newest": "2026-01-02T03:04:05+00:00",
            "version": "1.0",
            "licenses": {"by-2.0": 1},
        }
        return ReleaseFacts(**(facts | changes))

    return make


@pytest.fixture
def open_folder(tmp_path):
    """Return a function that opens a release folder; the same plan goes on with what is there."""
    opened = []

    def open_one(name="cars", plan="plan"):
        folder = ReleaseFolder(tmp_path / name, plan)
        opened.append(folder)
        return folder

    yield open_one
    for folder in opened:
        folder.close()


@pytest.fixture
def folder(open_folder):
    """Return an open release folder; what is written lies in ``folder.path``."""
    return open_folder()
