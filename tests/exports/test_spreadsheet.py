"""Formulas: disarmed wherever a spreadsheet could see one, and nothing lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carsets.exports.spreadsheet import defused, exact
from tests.exports.hostile_texts import TITLES

# Everything that the rules look at, often enough to meet.
TRICKY = st.text(st.sampled_from("=+-@'\t\r\n;,＝ a"), max_size=12)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd", "'+cmd"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-2", "'-2"),
        ("\t=1", "'\t'=1"),
        ("\r", "'\r"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("a;=1+1;b", "a;'=1+1;b"),
        ("a\n@SUM(A1)", "a\n'@SUM(A1)"),
        ("'67 Mustang", "'67 Mustang"),
        ("Ford - 2 = x", "Ford - 2 = x"),
        ("a@b.test", "a@b.test"),
        ("", ""),
    ],
)
def test_what_would_be_a_formula_has_an_apostrophe(text, safe):
    assert defused(text) == safe
    assert exact(safe) == text


@given(TRICKY | st.text())
def test_nothing_begins_like_a_formula_whatever_separates_the_cells(text):
    for separator in ("\0", ";", "\t", "\n", "\r"):
        for cell in defused(text).split(separator):
            assert cell[:1] not in set("=+-@＝＋－＠")
    assert defused(text)[:1] not in set("\t\r\n")


@given(TRICKY | st.text() | st.sampled_from(TITLES))
def test_the_text_can_be_had_back(text):
    assert exact(defused(text)) == text
