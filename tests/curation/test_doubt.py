import numpy as np
import pytest

from carsets.curation.doubt import WEIGHTS, combine
from carsets.curation.kinds import Kind


def scored(**scores):
    given = {Kind(name): np.array(values, np.float32) for name, values in scores.items()}
    count = len(next(iter(given.values())))
    return combine(given, np.full(count, np.nan, np.float32))


def test_reasons_add_to_each_other_and_the_heaviest_is_named():
    doubt, kind = scored(bot=[0.0, 1.0, 1.0], host_cap=[0.0, 0.0, 0.5])
    assert doubt.tolist() == pytest.approx([0.0, 0.4, 1 - 0.6 * 0.7])
    assert [list(WEIGHTS)[number] for number in kind[1:]] == [Kind.BOT, Kind.BOT]
    assert kind[0] == -1


def test_what_the_detector_is_not_sure_of_is_doubted_too():
    doubt, kind = combine({}, np.array([1.0, 0.25, np.nan], np.float32))
    assert doubt.tolist() == pytest.approx([0.0, 0.3, 0.0])
    assert kind.tolist() == [-1, -1, -1]


def test_no_flood_and_no_caption_alone_sends_an_image_to_review():
    assert max(WEIGHTS[Kind.BOT], WEIGHTS[Kind.AUTHOR_CAP]) < 0.5
