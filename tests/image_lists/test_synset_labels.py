"""ImageNet trees: labels from WordNet ids."""

import pytest

from carsets.image_lists.synset_labels import FIRST_SYNSET, SynsetLabels, order_note, synset_of
from carsets.problems import UserError
from carsets.settings import CAR_DETECTION_LABELS
from carsets.vision.labels import imagenet_classes


@pytest.mark.parametrize(
    ("name", "synset"),
    [
        ("n02701002/n02701002_1.JPEG", "n02701002"),
        ("train/n02701002/images/x.jpg", "n02701002"),
        ("n02701002.tar/n02701002_1.JPEG", "n02701002"),
        ("train/n02701002.tar/anything", "n02701002"),
        ("n02701002_77.JPEG", "n02701002"),
        ("n02701002/n04285008/x.jpg", "n04285008"),
        ("photos/x.jpg", ""),
        ("n0270100/x.jpg", ""),
        ("n02701002", ""),
    ],
)
def test_the_id_is_that_of_the_nearest_folder_tar_file_or_the_file_itself(name, synset):
    assert synset_of(name) == synset


def test_without_a_choice_the_vehicles_of_the_detector_are_taken():
    labels = SynsetLabels(CAR_DETECTION_LABELS)
    assert labels.read("n02701002/1.JPEG") == {"label": "ambulance", "body": "ambulance"}
    assert labels.read("n02814533/1.JPEG") == {"label": "beach wagon", "body": "wagon"}
    assert labels.read("n03594945/1.JPEG") == {"label": "jeep", "body": "suv"}
    assert labels.read("n01440764/1.JPEG") == {}  # a tench
    assert labels.read("n04146614/1.JPEG") == {}  # a school bus
    assert labels.read("readme.txt") == {}


def test_classes_are_groups_names_or_ids_and_ids_may_be_of_the_large_imagenet():
    labels = SynsetLabels(["sports car", "n02958343"])
    assert labels.read("n04285008/1.JPEG") == {"label": "sports car", "body": "sports_car"}
    assert labels.read("n02958343/1.JPEG") == {"label": "n02958343"}
    assert labels.read("n02701002/1.JPEG") == {}
    with pytest.raises(UserError, match="classes: 'spaceship'"):
        SynsetLabels(["spaceship"])


def test_a_tree_in_another_order_than_the_thousand_classes_is_told():
    whole = [wnid for wnid, _ in imagenet_classes()]
    assert whole[0] == FIRST_SYNSET
    assert order_note(whole) == order_note([]) == order_note(["photos", "README"]) == ""
    assert "2 synsets, the first of which is n02701002" in order_note(
        ["n02814533.tar", "n02701002.tar"]
    )
    assert order_note([*whole[1:], "n99999999"])
