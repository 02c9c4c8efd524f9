import numpy as np
import pytest

from carsets.curation.texts import (
    NOTHING,
    OTHER,
    SAME,
    TextSays,
    caption_of,
    read_says,
    related_bodies,
)

FORD = {"make": "Ford", "model": "Focus", "body": "sedan", "color": "red"}


@pytest.mark.parametrize(
    ("caption", "label", "says"),
    [
        ("My Ford in town", "make", SAME),
        ("A VW Golf at dawn", "make", OTHER),
        ("Ford beside a Volkswagen", "make", SAME),
        ("A day at the seaside", "make", NOTHING),
        ("Think smart, be a star", "make", NOTHING),  # makes that are ordinary words
        ("a red one", "color", SAME),
        ("a BLUE one", "color", OTHER),
        ("red car, black road", "color", SAME),
        ("blue car, black road", "color", NOTHING),  # which of them is it?
        ("the new hatchback", "body", OTHER),
        ("a fine saloon", "body", SAME),
        ("what a car", "body", NOTHING),
    ],
)
def test_a_caption_says_the_same_another_or_nothing(caption, label, says):
    assert read_says(caption, "", FORD).of[label][0] == says


def test_the_other_value_is_named():
    assert read_says("Alfa Romeo Giulia", "", FORD).of["make"] == (OTHER, NOTHING, "Alfa Romeo")
    assert read_says("", "bmw night", FORD).of["make"] == (NOTHING, OTHER, "BMW")


def test_other_makes_are_counted_in_caption_and_tags_together():
    assert read_says("Ford Opel Fiat", "fiat bmw", FORD).other_makes == 3
    assert read_says("Ford", "ford", FORD).other_makes == 0


def test_a_style_above_another_is_no_contradiction():
    assert related_bodies("car", "sedan")
    assert not related_bodies("sedan", "hatchback")
    assert not related_bodies("my own word", "sedan")


def test_a_text_of_a_megabyte_is_read_in_part():
    assert len(caption_of("x" * 1_000_000, "")) == 2_000


def test_one_witness_for_the_label_is_enough_against_a_contradiction():
    says = TextSays(
        text=np.array([OTHER, OTHER, NOTHING, SAME], np.int8),
        tags=np.array([NOTHING, SAME, OTHER, NOTHING], np.int8),
        other=np.full(4, -1, np.int32),
    )
    assert says.contradicted().tolist() == [True, False, True, False]
    assert says.supported().tolist() == [False, True, False, True]
