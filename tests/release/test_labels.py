"""Names that stand for labels, in any file system."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from carsets.queries.vehicles import builtin_vehicles
from carsets.release.folder import check_name
from carsets.release.labels import is_known, label_value, original_name, safe_name

NAMES = {
    "Ford": "Ford",
    "BMW": "BMW",
    "bmw": "bmw~0",
    "Alfa Romeo": "Alfa_Romeo",
    "Citroën": "Citro%C3%ABn",
    "ŠKODA/Fabia": "%C5%A0KODA%2FFabia~5e",
    "red": "red",
    "Red": "Red~1",
    "..": "%2E%2E",
    ".": "%2E",
    "": "~",
    "Con": "%43on",
    "Lpt1.jpg": "%4Cpt1.jpg",
    "-rf": "%2Drf",
    "a~b": "a%7Eb~0",
    "\0": "%00",
}


@pytest.mark.parametrize(("label", "name"), NAMES.items())
def test_names_are_readable(label, name):
    assert safe_name(label) == name
    assert original_name(name) == label


hostile = st.text(max_size=60) | st.text("ABCabc ._~%-/", max_size=8)


@given(hostile)
@example("CON")
@example("com9.txt")
@example("\ud800")
def test_a_label_can_be_read_back(label):
    name = safe_name(label)
    check_name(name)
    assert name.isascii()
    assert " " not in name
    assert name[-1] not in ". "
    if "~~" not in name:
        assert original_name(name) == label


@given(st.lists(hostile, min_size=2, max_size=2, unique=True))
@example(["BMW", "bmw"])
@example(["a", "A"])
@example(["é", "É"])
def test_two_labels_never_share_a_name_even_where_case_does_not_count(labels):
    one, other = map(safe_name, labels)
    assert one.lower() != other.lower()


def test_long_labels_are_cut_and_stay_apart():
    one, other = safe_name("x" * 10_000), safe_name("x" * 10_001)
    assert one != other
    assert max(len(one), len(other)) <= 200
    with pytest.raises(ValueError, match="too long"):
        original_name(one)


def test_the_declared_values_keep_their_spelling():
    for vehicle in builtin_vehicles():
        assert "~" not in safe_name(vehicle.make)


def test_labels_together():
    labels = {"make": "Ford", "model": "Mustang"}
    assert label_value(labels, ("make", "model")) == "Ford Mustang"
    assert label_value(labels, ("make", "year")) == ""


@pytest.mark.parametrize(
    ("label", "value", "known"),
    [
        ("make", "Ford", True),
        ("make", "Frod", False),
        ("color", "red", True),
        ("color", "rouge", False),
        ("body", "sedan", True),
        ("year", "2010", True),
        ("year", "soon", False),
        ("weather", "sunny", True),
    ],
)
def test_values_are_checked_against_the_declared_ones(label, value, known):
    assert is_known(label, value) is known
