"""The decision rules on made-up probabilities."""

import numpy as np
import pytest

from carsets.vision.detection import DetectionSettingsError, Rule, best_labels, detect
from carsets.vision.labels import PRESET_2016, WORDS_2016, builtin_table, imagenet_table

PICKUP, MINIVAN, SPORTS_CAR, BULLET_TRAIN, CAR_WHEEL, SEAT_BELT, TENCH = (
    717, 656, 817, 466, 479, 785, 0,
)  # fmt: skip
SCHOOL_BUS, CARTON = 779, 478


def chances(**some: float) -> np.ndarray:
    """Return a thousand probabilities: those given by ``n<number>``, the rest spread thin."""
    found = np.full(1000, 1e-6, np.float32)
    for name, value in some.items():
        found[int(name[1:])] = value
    return found


@pytest.mark.parametrize(
    ("score", "verdict"),
    [(0.51, "keep"), (0.5, "keep"), (0.49, "review"), (0.2, "review"), (0.19, "drop")],
)
def test_the_group_rule_keeps_reviews_and_drops_by_the_car_score(score, verdict):
    probabilities = np.zeros(1000, np.float32)
    probabilities[PICKUP], probabilities[MINIVAN] = score / 2, score / 2
    found = detect(probabilities, imagenet_table(), Rule(keep=0.5, review=0.2))
    assert found.car_score == pytest.approx(score, abs=1e-4)
    assert found.verdict == verdict


def test_many_weak_vehicle_labels_add_up():
    probabilities = chances(n717=0.15, n656=0.15, n436=0.15, n511=0.15, n817=0.15)
    assert detect(probabilities, imagenet_table(), Rule()).verdict == "keep"


def test_a_train_is_no_vehicle_of_ours_and_a_carton_is_no_car():
    for number in (BULLET_TRAIN, 705, 829, CARTON, SCHOOL_BUS, 866, 575):
        found = detect(chances(**{f"n{number}": 0.9}), imagenet_table(), Rule(name="top4"))
        assert found.verdict == "drop", found.top[0]


@pytest.mark.parametrize(("place", "verdict"), [(4, "keep"), (5, "drop")])
def test_top4_asks_for_a_vehicle_among_the_four_best_labels(place, verdict):
    probabilities = np.zeros(1000, np.float32)
    probabilities[:place] = np.linspace(0.2, 0.1, place)
    probabilities[place - 1], probabilities[PICKUP] = 0, 0.05
    assert best_labels(probabilities, 9).index(PICKUP) == place - 1
    assert detect(probabilities, imagenet_table(), Rule(name="top4")).verdict == verdict


def test_the_preset_of_2016_decides_as_the_source_did_on_a_thousand_rows():
    table, rule = imagenet_table([PRESET_2016]), Rule(name="top4")
    random = np.random.default_rng(2016)
    verdicts = set()
    for _ in range(1000):
        probabilities = random.dirichlet(np.full(1000, 0.02)).astype(np.float32)
        probabilities[random.choice((TENCH, PICKUP, SPORTS_CAR, 436))] += random.random() / 4
        best = np.argsort(-probabilities, kind="stable")[:4]
        words = [table.labels[number] for number in best]
        source = "keep" if any(word in WORDS_2016 for word in words) else "drop"
        assert detect(probabilities, table, rule).verdict == source
        verdicts.add(source)
    assert verdicts == {"keep", "drop"}


@pytest.mark.parametrize(
    ("some", "view"),
    [
        ({"n717": 0.8}, "exterior"),
        ({"n479": 0.6, "n817": 0.3}, "part"),
        ({"n785": 0.5, "n479": 0.1, "n817": 0.3}, "interior"),
        ({"n685": 0.4}, "interior"),
        ({"n0": 0.9}, "unknown"),
        ({"n479": 0.15, "n817": 0.1}, "unknown"),
    ],
)
def test_the_view_comes_from_the_labels_of_parts(some, view):
    assert detect(chances(**some), imagenet_table(), Rule()).view == view


def test_a_detection_carries_the_five_best_labels_best_first():
    found = detect(chances(n817=0.5, n479=0.3, n0=0.1, n1=0.05, n2=0.02), imagenet_table(), Rule())
    assert [label for label, _ in found.top] == [
        "sports car", "car wheel", "tench", "goldfish", "great white shark",
    ]  # fmt: skip
    assert found.top[0][1] == 0.5
    assert found.part_score == pytest.approx(0.3, abs=1e-4)


def test_the_built_in_labels_are_decided_the_same_way():
    probabilities = np.zeros(12, np.float32)
    probabilities[1], probabilities[9], probabilities[10] = 0.3, 0.3, 0.4
    found = detect(probabilities, builtin_table(), Rule())
    assert (found.car_score, found.part_score, found.verdict) == (0.6, 0.4, "keep")


def test_another_number_of_probabilities_is_an_error():
    with pytest.raises(ValueError, match="1000 labels"):
        detect(np.zeros(12, np.float32), imagenet_table(), Rule())


@pytest.mark.parametrize(
    "wrong",
    [{"name": "best"}, {"keep": 0.1}, {"review": 0.0}, {"keep": 1.1}, {"keep": float("nan")}],
    ids=str,
)
def test_a_rule_that_cannot_be_meant_is_one_line(wrong):
    with pytest.raises(DetectionSettingsError, match="CAR_DETECTION_") as caught:
        Rule(**wrong)
    assert "\n" not in str(caught.value)
