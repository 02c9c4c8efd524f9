"""Regions of a map, and the setting that says what becomes of it."""

import numpy as np
import pytest

from carsets.vision.detection import DetectionSettingsError
from carsets.vision.detector_settings import read_settings
from carsets.vision.pooling import regions


@pytest.mark.parametrize(("rows", "columns"), [(7, 7), (4, 4), (7, 10), (12, 7), (1, 1)])
def test_regions_lie_inside_the_map_and_cover_it_at_every_size(rows, columns):
    squares = regions(rows, columns)
    assert len(set(squares)) == len(squares)
    for side in {side for _, _, side in squares}:
        seen = np.zeros((rows, columns), int)
        for top, left, _ in (one for one in squares if one[2] == side):
            assert top + side <= rows
            assert left + side <= columns
            seen[top : top + side, left : left + side] += 1
        assert seen.min() >= 1


def test_a_square_map_has_one_four_and_nine_regions():
    sides = [side for _, _, side in regions(7, 7)]
    assert [sides.count(side) for side in (7, 4, 3)] == [1, 4, 9]


def test_a_pooling_that_is_not_known_is_told_with_those_that_are():
    assert read_settings({"CAR_DETECTION_POOLING": "gem"})[0].pooling == "gem"
    assert read_settings({})[0].pooling == "average"
    with pytest.raises(DetectionSettingsError, match="expected average, gem, rmac"):
        read_settings({"CAR_DETECTION_POOLING": "max"})
