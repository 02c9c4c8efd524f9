"""FiftyOne's own importer reads what was written; no database is needed for that."""

import json
from pathlib import Path

import pytest

from carsets.exports.fiftyone import FiftyOneFormat
from tests.exports.hostile_texts import TITLES
from tests.exports.image_releases import (
    LABELS,
    ask,
    files_of,
    hand_out,
    picture,
    readers_python,
)

IMPORTER = """
import json, sys
from fiftyone.utils.data.importers import FiftyOneImageClassificationDatasetImporter
found = []
for folder in sys.argv[2:]:
    importer = FiftyOneImageClassificationDatasetImporter(
        dataset_dir=folder,
        data_path=None if sys.argv[1] == "images" else "data.json",
        compute_metadata=sys.argv[1] == "images",
    )
    with importer:
        for path, size, label in importer:
            told = {name: label[name] for name in label.field_names if name not in ("id", "logits")}
            found.append([path, [size.width, size.height] if size else None, told])
        found.append(importer.get_dataset_info()["classes"])
print(json.dumps(found))
"""


@pytest.fixture
def importer(tmp_path):
    """Return a function that reads folders with FiftyOne: path, size and label of each image."""
    python = readers_python()

    def run(what, *folders):
        home = {"HOME": str(tmp_path), "FIFTYONE_DO_NOT_TRACK": "1"}
        return json.loads(ask(IMPORTER, what, *folders, python=python, **home))

    return run


@pytest.fixture
def pairs(make_record):
    return [
        (
            make_record(
                n,
                label=label,
                split=("train", "test")[n % 5 == 0],
                title=TITLES[n % len(TITLES)],
                tags=("car", "🚗"),
            ),
            picture(n, ("JPEG", "PNG", "WEBP", "GIF")[n % 4]),
        )
        for n, label in enumerate(LABELS)
    ]


@pytest.fixture
def facts(make_facts):
    return make_facts(classes=tuple(sorted(LABELS)), splits={"train": 21, "test": 6}, total=27)


def test_fiftyone_imports_every_image_with_its_label_and_facts(folder, facts, pairs, importer):
    hand_out(FiftyOneFormat(folder, facts), pairs)

    *train, classes = importer("images", folder.path / "train")
    *test, _ = importer("images", folder.path / "test")

    assert classes == sorted(LABELS)
    assert (len(train), len(test)) == (21, 6)
    read = {Path(path).stem: (path, size, label) for path, size, label in train + test}
    for record, image in pairs:
        path, size, label = read[record.image_id]
        assert Path(path).read_bytes() == image.data
        assert size == [16, 12]
        assert (label["label"], label["confidence"], label["tags"]) == (record.label, None, [])
        assert label.get("title", "") == record.title
        assert (label["license"], label["image_tags"]) == ("by-2.0", ["car", "🚗"])


def test_without_image_files_every_image_has_its_place(folder, make_record, make_facts, importer):
    record = make_record(1, label="Ford", format="PNG")
    hand_out(FiftyOneFormat(folder, make_facts(mode="urls")), [(record, None)])

    [[path, _, label], classes] = importer("addresses", folder.path)

    place = f"data/{record.image_id[:2]}/{record.image_id}.png"
    assert path == str(folder.path / place)
    assert (label["label"], label["url"], classes) == ("Ford", record.url, ["Ford"])


def test_the_layout_is_the_documented_one(folder, make_record, make_facts):
    record = make_record(1, label="Ford")
    hand_out(FiftyOneFormat(folder, make_facts()), [(record, picture(1))])

    told = json.loads((folder.path / "labels.json").read_text("ascii"))

    assert set(told) == {"classes", "labels"}
    [[key, label]] = told["labels"].items()
    assert (folder.path / "data" / f"{key}.jpg").is_file()
    assert label["label"] == "Ford"
    assert label["attributes"]["author"] == "Eve"
    assert not {"label", "tags", "id", "confidence", "logits"} & set(label["attributes"])


def test_a_killed_pass_goes_on_and_gives_the_same_bytes(open_folder, facts, pairs):
    first = open_folder()
    half = FiftyOneFormat(first, facts)
    for record, image in pairs[:10]:
        first.put(half.image_path(record, image.extension), image.data)
        half.add(record, image)
    del half
    first.close()

    again = open_folder()
    assert again.files == 10
    hand_out(FiftyOneFormat(again, facts), pairs)

    whole = open_folder("whole")
    hand_out(FiftyOneFormat(whole, facts), pairs)
    assert files_of(again.path) == files_of(whole.path)
