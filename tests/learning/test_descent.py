import numpy as np
import pytest

from carsets.learning.descent import minimize


def test_it_finds_the_bottom_of_a_long_valley():
    spread = np.logspace(0, 3, 30)
    middle = np.linspace(-1, 1, 30)

    def slope_at(point):
        return float(spread @ (point - middle) ** 2), 2 * spread * (point - middle)

    found = minimize(slope_at, np.zeros(30), rounds=300, flat=1e-6)
    assert np.abs(found - middle).max() < 1e-4


def test_it_does_not_go_on_for_longer_than_told():
    asked = []

    def slope_at(point):
        asked.append(1)
        return float(point @ point), 2 * point

    minimize(slope_at, np.full(3, 100.0), rounds=2, flat=0.0)
    assert len(asked) < 10


def test_it_stands_still_where_there_is_no_slope():
    start = np.array([1.0, 2.0])
    assert minimize(lambda _: (0.0, np.zeros(2)), start, rounds=5, flat=1e-9) is start


def test_a_slope_that_lies_ends():
    """A function that is not what its slope says cannot hold it up for ever."""
    found = minimize(lambda x: (float(x[0]), np.array([-1.0])), np.zeros(1), rounds=50, flat=0.0)
    assert found == pytest.approx(0)
