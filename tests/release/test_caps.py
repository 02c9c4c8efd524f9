"""Limits keep the images that chance draws first, whoever came first."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from carsets.release.caps import within_cap

groups_and_draws = st.lists(st.tuples(st.integers(-3, 3), st.integers(0, 2**64 - 1)), max_size=60)


@given(groups_and_draws, st.integers(1, 5))
def test_it_is_the_plain_rule(pairs, most):
    groups = np.array([group for group, _ in pairs], np.int64)
    draws = np.array([draw for _, draw in pairs], np.uint64)
    kept = within_cap(groups, draws, most)
    for group in set(groups.tolist()):
        mine = groups == group
        assert kept[mine].sum() == min(most, mine.sum())
        if kept[mine].all():
            continue
        assert draws[mine & kept].max() <= draws[mine & ~kept].min()
