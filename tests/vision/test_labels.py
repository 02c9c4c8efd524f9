"""The label tables: matched by number, never by a piece of a name."""

import csv
import json

import pytest

from carsets.vision.detection import DetectionSettingsError
from carsets.vision.labels import (
    DEFAULT_LABELS,
    PRESET_2016,
    builtin_table,
    imagenet_classes,
    imagenet_groups,
    imagenet_table,
)


def names(labels) -> set[str]:
    table = imagenet_table(labels)
    return {table.labels[number] for number in table.vehicles}


def test_there_are_a_thousand_classes_with_distinct_ids():
    assert len(imagenet_classes()) == 1000
    assert len({wnid for wnid, _ in imagenet_classes()}) == 1000


def test_the_classes_are_those_that_keras_means(shared):
    index = json.loads((shared / "data/models/imagenet_class_index.json").read_text())
    for number, (wnid, name) in enumerate(imagenet_classes()):
        assert index[str(number)] == [wnid, name.replace(" ", "_")]


def test_every_group_row_names_its_class_rightly(shared):
    with (shared / "formats/imagenet-vehicles.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert imagenet_groups() == {int(row["index"]): row["group"] for row in rows}
    for row in rows:
        assert imagenet_classes()[int(row["index"])] == (row["wnid"], row["name"])


def test_the_default_labels_are_cars_suvs_trucks_and_vans():
    found = names(DEFAULT_LABELS)
    assert {"beach wagon", "limousine", "pickup", "minivan", "minibus", "moving van"} <= found
    assert {"trailer truck", "tow truck", "fire engine", "police van", "jeep"} <= found
    assert not found & {"school bus", "trolleybus", "passenger car", "freight car", "streetcar"}
    assert not found & {"tractor", "golfcart", "go-kart", "motor scooter", "car wheel", "carton"}


def test_the_preset_holds_the_eight_words_of_2016_that_are_labels():
    assert names([PRESET_2016]) == {
        "pickup", "minivan", "sports car", "cab", "racer", "convertible", "jeep", "ambulance",
    }  # fmt: skip


@pytest.mark.parametrize("entry", ["sports car", "sports_car", "n04285008"])
def test_a_single_label_goes_by_its_name_or_id(entry):
    assert imagenet_table([entry]).vehicles == {817}


@pytest.mark.parametrize("entry", ["van", "suv", "truck", "sports", "Car", "n00000000", ""])
def test_an_entry_that_is_no_label_is_one_line(entry):
    with pytest.raises(DetectionSettingsError, match="CAR_DETECTION_LABELS") as caught:
        imagenet_table([entry])
    assert "\n" not in str(caught.value)


def test_no_labels_at_all_is_an_error():
    with pytest.raises(DetectionSettingsError, match="nothing would be kept"):
        imagenet_table([])


def test_no_label_has_the_name_of_a_group():
    assert not set(imagenet_groups().values()) & {name for _, name in imagenet_classes()}


def test_the_built_in_network_counts_automobiles_and_trucks():
    assert builtin_table().vehicles == {1, 9}
    assert builtin_table(["car"]).vehicles == {1}
    with pytest.raises(DetectionSettingsError):
        builtin_table(["carr"])
