"""A small dataset to look at."""

import pytest

from tests.review.review_data import ReviewData


@pytest.fixture
def data(tmp_path):
    """Return an empty dataset."""
    made = ReviewData(tmp_path)
    yield made
    made.catalog.close()
