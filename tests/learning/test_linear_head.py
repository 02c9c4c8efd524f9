"""The head against arithmetic, and against scikit-learn's."""

import io
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from carsets.learning.linear_head import LinearHead
from carsets.learning.measures import macro_f1

sklearn = pytest.importorskip("sklearn")
from sklearn.linear_model import LogisticRegression  # noqa: E402
from sklearn.metrics import f1_score  # noqa: E402

SIDE = 8  # pixels
LEARNT = 1_500


@pytest.fixture(scope="module")
def small_pictures(shared):
    """Return pixels and classes of 2,500 pictures of CIFAR-10, which nobody here has drawn."""
    with np.load(shared / "data/cifar10/cifar10_test_jpeg.npz") as packed:
        head, data = packed["header"].tobytes(), packed["data"].tobytes()
        offsets, labels = packed["offsets"], packed["labels"]
    pictures = []
    for start, end in pairwise(offsets[:2_501]):
        picture = Image.open(io.BytesIO(head + data[start:end])).resize((SIDE, SIDE))
        pictures.append(np.asarray(picture, np.float32).reshape(-1))
    pixels = np.stack(pictures)
    return (pixels - pixels.mean(0)) / pixels.std(0), labels[:2_500].astype(np.int32)


def test_on_real_pictures_it_says_what_scikit_learn_says(small_pictures):
    pixels, codes = small_pictures
    penalty = 0.03
    head = LinearHead.fit(pixels[:LEARNT], codes[:LEARNT], 10, penalty)
    other = LogisticRegression(C=1 / (penalty * LEARNT), max_iter=500, tol=1e-5)
    other.fit(pixels[:LEARNT], codes[:LEARNT])
    said, theirs = head.predict(pixels[LEARNT:]), other.predict(pixels[LEARNT:])
    truth = codes[LEARNT:]
    assert (said == theirs).mean() > 0.99
    assert abs((said == truth).mean() - (theirs == truth).mean()) < 0.005
    assert np.abs(head.chances(pixels[LEARNT:]) - other.predict_proba(pixels[LEARNT:])).max() < 0.02
    assert (said == truth).mean() > 0.3  # of ten classes
    assert macro_f1(truth, said) == pytest.approx(f1_score(truth, said, average="macro"))


def test_classes_that_are_never_said_and_never_there():
    truth, said = np.array([0, 0, 3, 3], np.int32), np.array([0, 4, 3, 0], np.int32)
    assert macro_f1(truth, said) == pytest.approx(f1_score(truth, said, average="macro"))


def test_the_slope_is_that_of_the_loss():
    rng = np.random.default_rng(1)
    vectors, codes = rng.normal(size=(50, 4)).astype(np.float32), rng.integers(0, 3, 50)
    head = LinearHead(rng.normal(size=(4, 3)).astype(np.float32), np.zeros(3, np.float32))
    loss, slope = head._loss(vectors, codes)
    assert loss == pytest.approx(head.loss(vectors, codes.astype(np.int32)), rel=1e-5)
    for row, column in ((0, 0), (3, 2), (4, 1)):
        moved = []
        for step in (0.01, -0.01):
            grid = np.vstack((head.weights, head.offsets))
            grid[row, column] += step
            moved.append(LinearHead(grid[:-1], grid[-1])._loss(vectors, codes)[0])
        assert (moved[0] - moved[1]) / 0.02 == pytest.approx(slope[row, column], abs=1e-3)


def test_blocks_change_nothing(monkeypatch):
    rng = np.random.default_rng(1)
    vectors, codes = rng.normal(size=(60, 5)).astype(np.float32), rng.integers(0, 3, 60)
    whole = LinearHead.fit(vectors, codes, 3, 0.1)
    monkeypatch.setattr("carsets.learning.linear_head.BLOCK_CELLS", 35)
    parts = LinearHead.fit(vectors, codes, 3, 0.1)
    assert np.allclose(whole.weights, parts.weights, atol=1e-3)
    assert (whole.predict(vectors) == parts.predict(vectors)).all()
