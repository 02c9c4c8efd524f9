"""Krippendorff's alpha against his own examples; the price of a batch; what a majority is."""

from collections import Counter
from decimal import Decimal

import pytest

from carsets.crowd.alpha import alpha
from carsets.crowd.majority import Answer, ballots
from carsets.crowd.price import Price
from carsets.crowd.questions import Asked


def units(rows):
    return [Counter(one for one in column if one != ".") for column in zip(*rows, strict=True)]


# K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), parts A and C: two people
# and two values, four people with gaps.
@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["0100000010", "1110010000"], 0.095),
        (["123321412...", "1233224125.3", ".3332342251.", "12332441251."], 0.743),
    ],
)
def test_his_own_examples(rows, expected):
    assert alpha(units(rows)) == pytest.approx(expected, abs=5e-4)


def test_the_ends_of_the_scale():
    assert alpha([Counter(yes=3), Counter(no=2)]) == pytest.approx(1)
    assert alpha([Counter(yes=1, no=1)] * 1000) < -0.9  # two people who never agree
    assert alpha([Counter(yes=9)] * 3) is None
    assert alpha([Counter(yes=1), Counter(no=1)]) is None


@pytest.mark.parametrize(
    ("questions", "answers", "reward", "total"),
    [
        (1000, 3, "0.03", "120.00"),  # 90 and a cent for each of 3,000
        (1000, 3, "0.10", "360.00"),  # 300 and a fifth
        (1000, 10, "0.10", "1400.00"),  # 1,000 and two fifths
        (7, 9, "0.01", "1.26"),
        (1, 1, "0", "0.01"),
    ],
)
def test_what_a_batch_costs(questions, answers, reward, total):
    price = Price(questions, answers, Decimal(reward), Decimal("0.2"), Decimal("0.01"))
    assert price.total == Decimal(total)


def winner(votes, least=2, share=0.5):
    asked = Asked("0" * 16, "car")
    said = [Answer(asked, f"w{n}", vote, n) for n, vote in enumerate(votes)]
    [ballot] = ballots(said)
    return ballot.winner(least, share)


def test_what_a_majority_is():
    assert winner(["yes", "yes", "no"]) == "yes"
    assert winner(["yes", "no"]) == ""
    assert winner(["yes", "no", "cannot tell"]) == ""
    assert winner(["yes"]) == ""
    assert winner(["yes"], least=1) == "yes"
    assert winner(["yes", "yes", "no"], share=0.7) == ""


def test_of_one_person_the_first_answer_counts():
    asked = Asked("0" * 16, "car")
    [ballot] = ballots([Answer(asked, "w1", "yes", 1), Answer(asked, "w1", "no", 2)])
    assert ballot.votes == {"w1": "yes"}
