import numpy as np
import pytest

from carsets.curation.placeholders import placeholder_scores


@pytest.mark.parametrize(
    ("owners", "classes", "found"),
    [
        (8, 3, True),
        (7, 3, False),  # reposts below k
        (19, 2, False),  # a press photo of one car
        (20, 1, True),
        (0, 0, False),
    ],
)
def test_many_owners_and_many_classes_make_a_placeholder(owners, classes, found):
    score = placeholder_scores(np.array([owners]), np.array([classes]), 8, 20)
    assert (score[0] >= 0.5) == found
    assert (score[0] > 0) == found


def test_the_score_grows_with_the_owners():
    score = placeholder_scores(np.array([8, 16, 24, 1_000]), np.full(4, 5), 8, 20)
    assert score.tolist() == [0.5, 0.75, 1.0, 1.0]
