"""From totals to a label and a vector: what is not clear stays open, and nothing is lost."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carsets.catalog.rows import CountRow
from carsets.counting.body_counts import MIN_MARGIN, agreement, model_key, weigh, weigh_all

WORDS = ("car", "suv", "truck", "van")


def test_a_clear_winner_is_the_label():
    mustang = weigh((8_100_000, 500_000, 900_000, 200_000), WORDS, make="Ford", model="Mustang")
    assert (mustang.label, mustang.largest, mustang.ambiguous) == ("car", "car", False)
    assert mustang.margin == pytest.approx((8_100_000 - 900_000) / 9_700_000)
    assert mustang.shares == pytest.approx((0.8351, 0.0515, 0.0928, 0.0206), abs=1e-4)


def test_an_el_camino_stays_ambiguous_and_keeps_its_vector():
    camino = weigh((512_000, 64_000, 498_000, 51_000), WORDS, model="El Camino")
    assert camino.ambiguous
    assert camino.label == ""
    assert camino.largest == "car"
    assert 0 < camino.margin < MIN_MARGIN
    assert sum(camino.shares) == pytest.approx(1)
    assert camino.shares[0] == pytest.approx(camino.shares[2], abs=0.02)
    facts = camino.as_json()
    assert (facts["ambiguous"], facts["label"]) == (True, "")
    assert facts["totals"] == [512_000, 64_000, 498_000, 51_000]


def test_the_margin_decides():
    totals = (512_000, 64_000, 498_000, 51_000)
    assert weigh(totals, WORDS, 0.01).label == "car"
    assert weigh((700, 0, 300, 0), WORDS, 0.4).label == "car"
    assert weigh((700, 0, 300, 0), WORDS, 0.41).label == ""
    assert weigh((5, 5), ("car", "van"), 0.0).ambiguous, "a tie is no lead, whatever is asked"


@pytest.mark.parametrize(
    "totals", [(5, None, 3, 1), (None,) * 4, (0, 0, 0, 0)], ids=["one missing", "none", "zeros"]
)
def test_what_cannot_be_compared_is_not_labelled(totals):
    unknown = weigh(totals, WORDS)
    assert unknown.ambiguous
    assert (unknown.shares, unknown.log_shares, unknown.largest) == ((), (), "")
    assert unknown.totals == totals, "missing stays missing, and 0 stays 0"


def test_one_word_alone_cannot_be_compared():
    assert weigh((5,), ("car",)).ambiguous


def test_labels_are_body_styles_where_the_word_means_one():
    assert weigh((1, 9), ("car", "estate car")).label == "wagon"
    assert weigh((1, 9), ("car", "spaceship")).label == "spaceship"


@given(st.lists(st.integers(0, 10**12), min_size=2, max_size=6))
def test_vectors_are_shares_in_the_order_of_the_totals(totals):
    words = [f"word{place}" for place in range(len(totals))]
    weighed = weigh(totals, words)
    if not sum(totals):
        assert weighed.ambiguous
        return
    for vector in (weighed.shares, weighed.log_shares):
        assert sum(vector) == pytest.approx(1)
        assert all(0 <= share <= 1 for share in vector)
        order = sorted(range(len(totals)), key=lambda place: totals[place])
        assert all(vector[a] <= vector[b] + 1e-12 for a, b in pairwise(order))
    assert totals[words.index(weighed.largest)] == max(totals)
    assert 0 <= weighed.margin <= 1


@given(
    st.lists(st.integers(0, 10**6), min_size=2, max_size=5),
    st.integers(2, 1000),
)
def test_an_engine_that_counts_more_of_everything_gives_the_same_label(totals, factor):
    words = [f"word{place}" for place in range(len(totals))]
    bigger = weigh([total * factor for total in totals], words)
    assert weigh(totals, words).margin == pytest.approx(bigger.margin)


def row(word, total, model="Mustang", make="Ford", engine="flickr", **more):
    facts = {"labels": {"make": make, "model": model}, "counted_at": "2026-01-02T00:00:00+00:00"}
    facts |= more
    return CountRow(
        source=engine, query_id=f"{model}{word}", text="", total=total, word=word, **facts
    )


def test_rows_of_a_model_become_one_vector():
    rows = [row("car", 90), row("van", 10), row("car", 5, "Ka"), row("van", None, "Ka")]
    rows += [row("car", 50, engine="bing", counted_at="2025-12-31"), row("van", 50, engine="bing")]
    mustang, ka, other = weigh_all(rows)
    assert (mustang.words, mustang.totals, mustang.label) == (("car", "van"), (90, 10), "car")
    assert (ka.totals, ka.ambiguous) == ((5, None), True)
    assert (other.engine, other.ambiguous, other.counted_at) == ("bing", True, "2025-12-31")


def test_a_make_has_one_name():
    [one] = weigh_all([row("car", 9, "Golf", "VW"), row("van", 1, "golf", "Volkswagen")])
    assert (one.totals, one.label) == ((9, 1), "car")
    assert model_key({"make": "vw", "model": "GOLF"}) == model_key(
        {"make": "Volkswagen", "model": "Golf"}
    )
    assert model_key({"make": "VW"}) == model_key({}) == ("", "")


def test_a_model_that_was_not_asked_with_every_word_has_missing_totals():
    rows = [row("car", 9), row("van", 1), row("car", 5, "Ka")]
    assert weigh_all(rows)[1].totals == (5, None)


def test_what_was_asked_more_narrowly_is_left_out():
    red = row("car", 3, labels={"make": "Ford", "model": "Mustang", "color": "red"})
    assert weigh_all([red, row("", 7), row("car", 1, labels={})]) == []


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["car", "car", "truck"], ("car", 2 / 3)),
        (["car", "truck"], ("", 0.0)),
        (["car", ""], ("car", 0.5)),
        (["", ""], ("", 0.0)),
        ([], ("", 0.0)),
    ],
)
def test_engines_agree_or_do_not(labels, expected):
    ambiguous, decided = (5, 5), (9, 1)
    models = [
        weigh(decided if label else ambiguous, (label or "car", "spaceship")) for label in labels
    ]
    assert agreement(models) == expected
