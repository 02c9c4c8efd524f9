"""Whole releases in the formats that carry images: made, cut short, made again, and loaded."""

import json
from collections import Counter
from io import BytesIO

import pytest
from PIL import Image

from carsets.exports.formats import export_format
from tests.exports.image_releases import ask, files_of

FORMATS = ("imagefolder", "webdataset", "coco", "yolo", "labelstudio", "fiftyone", "dgcars")
MAKES = ("Citroën", "ŠKODA/Fabia", "..", "CON", "bmw", "BMW", "Ford")
DATASETS = """
import json, sys
import datasets
datasets.disable_progress_bars()
read = []
for how in (["imagefolder"], []):
    given = [sys.argv[1]] if not how else how
    found = datasets.load_dataset(
        *given, data_dir=sys.argv[1] if how else None, cache_dir=sys.argv[2]
    )
    read.append({split: [[row["image_id"], row["label"], row["image"].size] for row in rows]
                 for split, rows in found.items()})
print(json.dumps(read))
"""
HEAD = """
import json, sys
import keras
keras.utils.set_random_seed(1)
train = keras.utils.image_dataset_from_directory(
    f"{sys.argv[1]}/train", image_size=(8, 8), batch_size=8, seed=1, verbose=False
)
model = keras.Sequential([
    keras.layers.Rescaling(1 / 255), keras.layers.Flatten(), keras.layers.Dense(2)
])
model.compile(
    keras.optimizers.Adam(0.05),
    keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=["accuracy"],
)
model.fit(train, epochs=20, verbose=0)
print(json.dumps([train.class_names, model.evaluate(train, verbose=0)[1]]))
"""


@pytest.fixture
def cars(dataset):
    """Return a dataset of three images of each make, under licenses of two kinds."""
    for number in range(3 * len(MAKES)):
        make = MAKES[number % len(MAKES)]
        dataset.add(
            labels={"make": make, "model": f"Model {number % 2}", "color": "red"},
            license=("by-2.0", "cc0-1.0")[number % 2],
        )
    return dataset


@pytest.mark.parametrize("name", FORMATS)
def test_it_says_the_same_whenever_it_is_asked(cars, name):
    options = {"split": "60/20/20", "label": "make", "size": "32x32", "fit": "pad"}
    cars.release(name, "one/cars", **options)
    cars.release(name, "two/cars", **options)
    assert files_of(cars.folder / "one") == files_of(cars.folder / "two")


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("size", [{}, {"size": "32x32"}])
def test_a_release_that_was_cut_short_ends_as_if_it_had_not_been(cars, name, size, monkeypatch):
    options = {"split": "60/20/20", "label": "make", **size}
    cars.release(name, "whole/cars", **options)
    kind = export_format(name)
    add, count = kind.add, 0

    def stop(self, record, image):
        nonlocal count
        count += 1
        if count == 12:
            raise KeyboardInterrupt
        add(self, record, image)

    with monkeypatch.context() as patched:
        patched.setattr(kind, "add", stop)
        with pytest.raises(KeyboardInterrupt):
            cars.release(name, "again/cars", **options)
    assert (cars.folder / "again/cars.partial").is_dir()
    cars.release(name, "again/cars", **options)

    assert files_of(cars.folder / "again") == files_of(cars.folder / "whole")


@pytest.mark.parametrize("name", ["coco", "labelstudio", "fiftyone", "dgcars"])
def test_releases_without_pixels_hold_none(cars, name):
    cars.release(name, mode="urls")
    files = files_of(cars.folder / "cars")
    assert not [file for file in files if file.endswith(".jpg")]
    assert any(b"https://live.flickr.test/1.jpg" in data for data in files.values())


def test_one_fifth_of_every_model_is_for_testing(dataset):
    for number in range(40):
        dataset.add(labels={"make": "Ford", "model": ("Focus", "Fiesta")[number % 2]})
    dataset.release("dgcars", split="dgcars")

    lists = {
        name: [
            json.loads(line) for line in (dataset.folder / "cars" / name).read_text().splitlines()
        ]
        for name in ("allFiles", "training", "testing")
    }

    assert Counter(one["model"] for one in lists["testing"]) == {"Focus": 4, "Fiesta": 4}
    assert Counter(one["model"] for one in lists["training"]) == {"Focus": 16, "Fiesta": 16}
    names = {name: {one["filename"] for one in images} for name, images in lists.items()}
    assert names["training"] | names["testing"] == names["allFiles"]
    assert not names["training"] & names["testing"]


@pytest.mark.slow
def test_hugging_face_loads_a_whole_release(cars, tmp_path):
    cars.release("imagefolder", split="60/20/20", size="32x32")

    by_name, by_folder = json.loads(
        ask(DATASETS, tmp_path / "cars", tmp_path / "cache", HF_HOME=str(tmp_path / "home"))
    )

    assert by_name == by_folder
    rows = [row for split in by_name.values() for row in split]
    assert len({row[0] for row in rows}) == 3 * len(MAKES)
    assert {row[1] for row in rows} == set(MAKES)
    assert {tuple(row[2]) for row in rows} == {(32, 32)}
    lines = (tmp_path / "cars/splits.csv").read_text().splitlines()[1:]
    assert {tuple(line.split(",")) for line in lines} == {
        (row[0], split) for split, rows in by_name.items() for row in rows
    }


@pytest.mark.slow
def test_a_linear_head_learns_from_a_release(dataset):
    for number in range(16):
        shade = 250 - number if number % 2 else number
        file = BytesIO()
        Image.new("RGB", (64, 48), (shade, shade, shade)).save(file, "JPEG")
        dataset.add(body=file.getvalue(), labels={"make": ("Fiat", "Ford")[number % 2]})
    dataset.release("imagefolder")

    names, accuracy = json.loads(ask(HEAD, dataset.folder / "cars"))

    assert (names, accuracy) == (["Fiat", "Ford"], 1.0)
