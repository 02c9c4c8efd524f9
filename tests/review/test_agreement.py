"""Cohen's kappa against published values, and against chance itself."""

from collections import Counter

import numpy as np
import pytest

from carsets.catalog.reviews import Review
from carsets.review.agreement import VERDICT, VIEW, Agreement, agreements


def between(table):
    """Return the agreement of a table: rows are the first person's answers, columns the other's."""
    answers = Counter(
        {(str(a), str(b)): count for a, row in enumerate(table) for b, count in enumerate(row)}
    )
    return Agreement(VERDICT, "ann", "bob", answers)


# J. L. Fleiss, J. Cohen, B. S. Everitt (1969): 200 patients, the shares .53 .05 .02, .11 .14 .05,
# .01 .06 .03. J. L. Fleiss, "Statistical Methods for Rates and Proportions" (1981), table 13.1:
# 100 patients. The third one is the usual textbook's: 50 proposals.
@pytest.mark.parametrize(
    ("table", "kappa"),
    [
        ([[106, 10, 4], [22, 28, 10], [2, 12, 6]], 0.429),
        ([[75, 1, 4], [5, 4, 1], [0, 0, 10]], 0.676),
        ([[20, 5], [10, 15]], 0.4),
    ],
)
def test_published_values(table, kappa):
    assert between(table).kappa == pytest.approx(kappa, abs=5e-4)


@pytest.mark.parametrize("table", [[[53, 9, 3], [11, 30, 5], [1, 6, 32]], [[80, 12], [9, 49]]])
def test_the_interval_is_as_wide_as_drawing_again_and_again_says(table):
    whole = between(table)
    counts = np.array(table)
    random = np.random.default_rng(5)
    drawn = random.multinomial(counts.sum(), (counts / counts.sum()).ravel(), 1500)
    spread = np.std([between(one.reshape(counts.shape).tolist()).kappa for one in drawn])
    low, high = whole.interval
    assert (high - low) / 2 == pytest.approx(1.96 * spread, rel=0.08)


def test_the_ends_of_the_scale():
    assert between([[10, 0], [0, 5]]).kappa == pytest.approx(1)
    assert between([[5, 5], [5, 5]]).kappa == pytest.approx(0)
    assert between([[0, 5], [5, 0]]).kappa == pytest.approx(-1)
    one_answer = between([[9, 0], [0, 0]])
    assert one_answer.kappa is None
    assert "kappa says nothing" in str(one_answer)


def said(image, rater, decision, labels=None, at="2026-01-01"):
    return Review(0, image, rater, decision, labels, "", at, False, f"{image}{rater}{at}")


def test_the_newest_word_of_each_person_counts_of_each_thing():
    reviews = [
        said("a", "ann", "drop"),
        said("a", "ann", "keep", {"make": "Ford"}, "2026-01-02"),
        said("a", "bob", "keep", {"make": "Opel", "color": "red"}),
        said("b", "ann", "view", {"view": "interior"}),
        said("b", "bob", "view", {"view": "part"}),
        said("c", "ann", "skip"),
        said("c", "bob", "drop"),
        said("d", "ann", "keep"),
    ]
    found = agreements(reviews)
    assert [(one.what, dict(one.answers)) for one in found] == [
        (VERDICT, {("keep", "keep"): 1}),
        (VIEW, {("interior", "part"): 1}),
        ("make", {("Ford", "Opel"): 1}),
    ]


def test_three_people_are_three_pairs():
    reviews = [said(image, rater, "keep") for image in "ab" for rater in ("ann", "bob", "eve")]
    assert [(one.rater_a, one.rater_b, one.images) for one in agreements(reviews)] == [
        ("ann", "bob", 2),
        ("ann", "eve", 2),
        ("bob", "eve", 2),
    ]
