"""What counts of labels say: which are trainable, how uneven they are, what helps."""

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carsets.report.label_stats import DatasetStats, Imbalance, LabelStats, Thresholds


def stats_of(counts, **more):
    return LabelStats("make", {name: {"train": count} for name, count in counts.items()}, 0, **more)


@pytest.mark.parametrize(
    ("train", "validation", "is_trainable"),
    [(20, 50, True), (19, 50, False), (20, 49, False), (1_000, 0, False), (0, 1_000, False)],
)
def test_a_label_is_trainable_from_20_and_50_images(train, validation, is_trainable):
    stats = LabelStats("make", {"Ford": {"train": train, "validation": validation, "test": 9}}, 0)
    assert stats.trainable == (["Ford"] if is_trainable else [])


def test_thresholds_and_the_split_that_validates_can_be_chosen():
    thresholds = Thresholds(train=3, validation=1, held_out="test")
    splits = {"Ford": {"train": 3, "test": 1}, "Kia": {"train": 3, "test": 0}, "VW": {"train": 2}}
    assert LabelStats("make", splits, 0, thresholds).trainable == ["Ford"]


def test_values_of_one_size_are_not_uneven():
    even = Imbalance.of([7, 7, 7])
    assert (even.ratio, even.gini) == (1.0, 0.0)
    assert even.effective == pytest.approx(3)
    assert stats_of({"a": 7, "b": 7}).cap() is None
    assert stats_of({"a": 7, "b": 7}).repeats() == {}
    assert stats_of({"a": 100, "b": 99, "c": 98}).cap() is None


def test_one_value_has_nearly_everything():
    uneven = Imbalance.of([1] * 99 + [10**9])
    assert uneven.ratio == 10**9
    assert uneven.gini == pytest.approx(0.99, abs=1e-4)
    assert uneven.effective == pytest.approx(1, abs=1e-4)


@settings(deadline=None)
@given(st.lists(st.integers(1, 10**6), min_size=1, max_size=50))
def test_gini_is_the_mean_difference_of_all_pairs(counts):
    found = np.array(counts, float)
    expected = np.abs(found[:, None] - found).mean() / (2 * found.mean())
    assert Imbalance.of(counts).gini == pytest.approx(expected, abs=1e-9)
    assert 1 - 1e-9 <= Imbalance.of(counts).effective <= len(counts) + 1e-9


def test_a_cap_brings_large_values_to_the_median_and_repeats_the_small_ones():
    stats = stats_of({"a": 1_000, "b": 100, "c": 30, "d": 7})
    cap = stats.cap()
    assert (cap.limit, cap.kept, cap.total) == (30, 97, 1137)
    assert cap.ratio == pytest.approx(30 / 7)
    assert stats.repeats() == {"d": 4}


@settings(deadline=None)
@given(st.dictionaries(st.text(), st.integers(1, 10**6), max_size=30))
def test_advice_does_what_it_says(counts):
    stats = stats_of(counts)
    cap = stats.cap()
    if cap is not None:
        capped = [min(count, cap.limit) for count in counts.values()]
        assert cap.kept == sum(capped) < cap.total
        assert cap.ratio == max(capped) / min(capped)
        for value, times in stats.repeats().items():
            assert times > 1
            assert abs(times * counts[value] - cap.limit) <= counts[value] / 2


def test_no_images_are_no_fault():
    stats = DatasetStats(0, {}, [LabelStats("make", {}, 0)], {}, {})
    assert stats.unique_words == "100.0 % unique"
    assert stats.as_json()["labels"]["make"]["imbalance"]["ratio"] == 0
    assert stats.unequal() == []


def test_the_unique_share_is_told_as_its_source_tells_it():
    assert DatasetStats(
        983, {}, [], {}, {"near_duplicate": 10, "duplicate_bytes": 7}
    ).unique_words == ("98.3 % unique")


def test_sums_that_differ_are_named():
    kind = LabelStats("make", {"Ford": {"train": 2}}, 1)
    stats = DatasetStats(3, {"train": 3}, [kind], {"host": {"a": 2}, "source": {"b": 3}}, {})
    assert stats.unequal() == ["host"]


def test_the_order_of_the_counts_does_not_matter():
    counts = {str(number): number % 5 + 1 for number in range(30)}
    shuffled = list(counts.items())
    random.Random(1).shuffle(shuffled)
    assert stats_of(counts).as_json() == stats_of(dict(shuffled)).as_json()
