"""The folders of Ultralytics' classify task, read back by Keras and by a reader of YAML."""

import json

import pytest
import yaml

from carsets.exports.yolo import YoloFormat
from carsets.problems import UserError
from carsets.release.labels import safe_name
from tests.exports.hostile_texts import TITLES
from tests.exports.image_releases import LABELS, ask, files_of, hand_out, picture
from tests.exports.test_imagefolder import KERAS


def write(folder, facts, pairs):
    hand_out(YoloFormat(folder, facts), pairs)
    return folder.path


@pytest.fixture
def three_splits(make_record, make_facts):
    """Return facts and pairs of a release in which every hostile label is in the first split."""
    pairs = [
        (make_record(n, label=label, split="train"), picture(n)) for n, label in enumerate(LABELS)
    ]
    pairs += [(make_record(100, label="BMW", split="validation"), picture(100, "PNG"))]
    pairs += [(make_record(101, label="Citroën", split="test"), picture(101))]
    splits = {"train": len(LABELS), "validation": 1, "test": 1}
    return make_facts(classes=tuple(sorted(LABELS)), splits=splits, total=len(pairs)), pairs


@pytest.mark.slow
def test_yaml_and_folders_number_the_classes_alike(folder, three_splits):
    facts, pairs = three_splits
    path = write(folder, facts, pairs)

    told = yaml.safe_load((path / "data.yaml").read_text("ascii"))
    read = json.loads(ask(KERAS, path, told["train"], told["val"], told["test"]))

    assert told["nc"] == len(LABELS)
    labels = [told["names"][number] for number in range(told["nc"])]
    for split in ("train", "val", "test"):
        assert read[split][0] == [safe_name(label) for label in labels]
    assert [labels[number] for number in read["val"][1]] == ["BMW"]
    assert [labels[number] for number in read["test"][1]] == ["Citroën"]
    assert {labels[number] for number in read["train"][1]} == set(LABELS)


@pytest.mark.parametrize("splits", [{"": 2}, {"train": 2}, {"train": 2, "test": 0}])
def test_it_is_refused_when_there_is_nothing_to_test_with(folder, make_facts, splits):
    with pytest.raises(UserError, match="--split"):
        YoloFormat(folder, make_facts(splits=splits))


def test_a_release_without_a_split_for_validation_has_none(folder, make_record, make_facts):
    pairs = [
        (make_record(n, label="Ford", split=split), picture(n))
        for n, split in enumerate(("train", "test"))
    ]
    path = write(folder, make_facts(splits={"train": 1, "test": 1}), pairs)
    told = yaml.safe_load((path / "data.yaml").read_text())
    assert (told["train"], told["test"], "val" in told) == ("train", "test", False)


@pytest.mark.parametrize("label", [title for title in TITLES if title])
def test_any_label_comes_back_from_yaml(folder, make_record, make_facts, label):
    facts = make_facts(classes=(label,), splits={"train": 1, "test": 1})
    path = write(folder, facts, [(make_record(1, label=label, split="train"), picture(1))])
    assert yaml.safe_load((path / "data.yaml").read_text())["names"] == {0: label}


def test_a_killed_pass_goes_on_and_gives_the_same_bytes(open_folder, three_splits):
    facts, pairs = three_splits
    first = open_folder()
    half = YoloFormat(first, facts)
    for record, image in pairs[:10]:
        first.put(half.image_path(record, image.extension), image.data)
    first.close()

    again = write(open_folder(), facts, pairs)

    assert files_of(again) == files_of(write(open_folder("whole"), facts, pairs))
