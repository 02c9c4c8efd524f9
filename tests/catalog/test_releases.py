"""Which images a release holds, in few bytes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carsets.catalog.releases import ReleaseRow, pack, unpack


def release(release_id="r1", numbers=(1, 2, 3), **changes):
    facts = {
        "release_id": release_id,
        "format": "csv",
        "mode": "urls",
        "destination": f"/data/{release_id}",
        "options": {"where": ""},
        "image_numbers": pack(np.array(numbers, np.int64)),
        "image_count": len(numbers),
        "bytes": 10,
        "digest": "0" * 64,
        "made_at": "2026-01-01T00:00:00+00:00",
    }
    return ReleaseRow(**(facts | changes))


@given(st.sets(st.integers(1, 2**31)))
def test_numbers_come_back(numbers):
    array = np.array(sorted(numbers), np.int64)
    assert np.array_equal(unpack(pack(array)), array)


@pytest.mark.parametrize("numbers", [[2, 1], [1, 1], [0], [1, 2**33]])
def test_what_does_not_grow_is_refused(numbers):
    with pytest.raises(ValueError, match="grow"):
        pack(np.array(numbers, np.int64))


def test_a_million_images_take_little():
    numbers = np.flatnonzero(np.random.default_rng(1).random(1_000_000) < 0.9) + 1
    assert len(pack(numbers)) < 500_000


def test_releases_are_found_by_their_images(catalog):
    catalog.record_release(release("r1", (1, 5, 9)))
    catalog.record_release(release("r2", (2, 5), made_at="2026-01-02T00:00:00+00:00"))
    catalog.record_release(release("r3", (5,), withdrawn_at="2026-01-03T00:00:00+00:00"))
    found = catalog.releases_holding(np.array([5, 9, 100]))
    assert [(row.release_id, held.tolist()) for row, held in found] == [
        ("r1", [5, 9]),
        ("r2", [5]),
    ]
    assert catalog.releases_holding(np.array([7])) == []
    catalog.withdraw_release("r2", "2026-01-04T00:00:00+00:00")
    assert len(catalog.releases_holding(np.array([5]))) == 1
    assert [row.release_id for row in catalog.releases()] == ["r1", "r3", "r2"]


def test_a_release_that_is_made_again_replaces_itself(catalog):
    catalog.record_release(release("r1"))
    catalog.record_release(release("r1", version=2, digest="1" * 64))
    [row] = catalog.releases()
    assert (row.version, row.digest, row.options) == (2, "1" * 64, {"where": ""})
