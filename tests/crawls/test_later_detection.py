"""Crawl here, detect there: a node without TensorFlow hands over to one that has it.

The same crawl is made twice, one image at a time so that both meet them in the same order: once
with the detector in it, and once on a machine without TensorFlow, for ``scrapy redetect``.
"""

import importlib.util
import os
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from carsets.fakeweb.drawing import draw_scene
from tests.crawls.conftest import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed"
    ),
]
ONE_BY_ONE = {"IMAGES_IN_FLIGHT": 1, "CAR_DETECTION_MAX_WAIT": 0, "PLACEHOLDER_PAGES": 3}
BUILTIN = {"CAR_DETECTION_MODEL": "builtin", "INSPECTION_WORKERS": 1}
PLAN = {"query": "blue toyota rav4", "per_query": 60}
COLUMNS = (
    "sha256, verdict, path, pixel_hash, phash, dhash, license, openness, labels, car_score, "
    "part_score, top_labels, view, model"
)


def jpeg(picture, quality=90):
    out = BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return out.getvalue()


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """Return a folder of cars and other things, with copies of both, worse, better and the same."""
    folder = tmp_path_factory.mktemp("own")
    car = draw_scene(8_100_001, kind="vehicle", body="suv", size=(800, 600))
    other = draw_scene(8_100_004, kind="other", size=(800, 600))
    files = {
        "a-car": jpeg(car),
        "b-other": jpeg(other),
        "c-smaller-car": jpeg(car.resize((400, 300), Image.Resampling.LANCZOS)),
        "d-smaller-other": jpeg(other.resize((400, 300), Image.Resampling.LANCZOS)),
        "e-larger-other": jpeg(other.resize((1200, 900), Image.Resampling.LANCZOS)),
        "f-same-other": jpeg(other),
        "g-same-other": jpeg(other),
        "h-same-other": jpeg(other),
        "i-same-other": jpeg(other),
    }
    for name, body in files.items():
        (folder / f"{name}.jpg").write_bytes(body)
    return folder


@pytest.fixture(scope="module")
def without_tensorflow(tmp_path_factory):
    """Return an environment in which neither TensorFlow nor Keras can be imported."""
    folder = tmp_path_factory.mktemp("blocked")
    for name in ("tensorflow", "keras"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("raise ImportError('not on this machine')")
    return {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}


@pytest.fixture(scope="module")
def both(scrapy, whole_web, make_crawls, make_dataset, own, without_tensorflow):
    """Return two datasets: judged in the crawl, and later."""
    at_once, later = make_dataset("at-once"), make_dataset("later")
    crawls = make_crawls(whole_web)
    for dataset, more, environment in (
        (at_once, {"CAR_DETECTION_ENABLED": True, **BUILTIN}, {}),
        (later, {}, without_tensorflow),
    ):
        whole_web.reset()
        for source, plan in (("flickr", PLAN), ("folder", {"path": own})):
            run = crawls.run(source, dataset.folder, plan, environment, **ONE_BY_ONE, **more)
            assert run.returncode == 0, run.stderr[-3000:]
    where = {"DATA_DIR": later.folder, **BUILTIN}
    refused = scrapy.run("redetect", "--pending", settings=where, environment=without_tensorflow)
    assert (refused.returncode, "TensorFlow cannot be imported" in refused.stderr) == (2, True)
    before = later.outcomes()
    done = scrapy.run("redetect", "--pending", "--drop", settings=where)
    assert done.returncode == 0, done.stderr
    return at_once, later, before


def test_every_address_ends_in_the_same_way(both):
    at_once, later, before = both
    assert later.outcomes() == at_once.outcomes()
    changed = {url for url, outcome in later.outcomes().items() if outcome != before[url]}
    assert len(changed) >= 5


def test_the_same_images_are_kept_with_the_same_rows_and_files(both):
    at_once, later, _ = both
    kept = f"SELECT {COLUMNS} FROM images WHERE verdict IN ('keep', 'review') ORDER BY sha256"
    assert later.rows(kept) == at_once.rows(kept)
    assert later.files().keys() == at_once.files().keys()
    later.assert_whole()
    features = "SELECT features FROM images WHERE verdict IN ('keep', 'review') ORDER BY sha256"
    one, other = (np.frombuffer(b"".join(d.rows(features)), "<f2") for d in (at_once, later))
    np.testing.assert_allclose(other, one, rtol=2e-3, atol=2e-3)  # batches of other sizes


def test_what_was_dropped_is_known_by_its_bytes_but_for_copies_that_were_never_stored(both):
    at_once, later, _ = both
    dropped = f"SELECT {COLUMNS} FROM images WHERE verdict = 'dropped' ORDER BY sha256"
    one, other = set(at_once.rows(dropped)), set(later.rows(dropped))
    assert len(other) >= 3
    assert other <= one
    # In the later crawl a worse copy of what turned out to be no car was never stored, and one
    # that a better copy had replaced was never judged: they have no score of their own.
    for row in one - other:
        ends = later.rows("SELECT verdict FROM images WHERE sha256 = ?", row[0])
        assert ends in ([], ["superseded"])
    note = "SELECT note FROM sightings WHERE outcome = 'not_a_car' AND note LIKE 'the same%'"
    assert len(one - other) == len(later.rows(note)) == 2


def test_a_placeholder_stays_one(both):
    ends = "SELECT url FROM sightings WHERE outcome = 'placeholder' ORDER BY url"
    at_once, later, _ = both
    assert later.rows(ends) == at_once.rows(ends) != []
