"""What of a small picture the networks see."""

import numpy as np
import pytest

from carsets.vision.framing import center_square, from_bytes, whole_and_middle


def columns(height: int, width: int) -> np.ndarray:
    """Return a picture whose red tells the column."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[:, :, 0] = np.arange(width) * 255 // width
    return picture


@pytest.mark.parametrize("shape", [(256, 384, 3), (256, 256, 3), (384, 256, 3)])
def test_the_middle_224_pixels_of_256_are_taken_as_they_are(shape):
    picture = np.random.default_rng(1).integers(0, 256, shape, np.uint8)
    cut = center_square(picture, 224)
    top, left = (shape[0] - 224) // 2, (shape[1] - 224) // 2
    assert np.array_equal(cut, picture[top : top + 224, left : left + 224])


@pytest.mark.parametrize("shape", [(20, 300, 3), (1, 1, 3), (300, 20, 3), (256, 256, 3)])
@pytest.mark.parametrize("side", [224, 299])
def test_other_sizes_are_brought_to_it(shape, side):
    assert center_square(np.full(shape, 7, np.uint8), side).shape == (side, side, 3)
    assert center_square(np.full(shape, 7, np.uint8), side).max() == 7


def test_the_built_in_network_sees_all_of_it_and_its_middle():
    whole, middle = whole_and_middle(columns(256, 384), 32)
    assert whole.shape == middle.shape == (32, 32, 3)
    assert whole[0, 0, 0] < 6
    assert whole[0, -1, 0] > 248
    assert middle[0, 0, 0] > 40
    assert middle[0, -1, 0] < 215


def test_a_tiny_picture_is_seen_as_it_is():
    picture = np.random.default_rng(1).integers(0, 256, (32, 32, 3), np.uint8)
    for look in whole_and_middle(picture, 32):
        assert np.array_equal(look, picture)


def test_bytes_of_another_size_are_refused():
    with pytest.raises(ValueError):
        from_bytes(bytes(11), (2, 2, 3))
